// SPDX-License-Identifier: MIT
#include "backend/net/lane.h"

#include <string.h>
#include <sys/mman.h>

#include "common/base/container.h"

#define PAGE_BYTES 4096U
#define ALIGNMENT  64U /* of a frame's bytes */
#define HEAD_BYTES sizeof(struct virtio_net_hdr) /* in front of them */

/* The frames' bytes are a ring: each begins behind the one before it, and an empty one begins anew. */
struct net_lane_memory {
	struct net_lane_place {
		struct net_rx_frame frame;
		size_t begin_bytes;
	} places[NET_LANE_FRAMES];
	_Alignas(PAGE_BYTES) uint8_t bytes[NET_LANE_BYTES];
};

static void bell_rings(struct loop_msg *msg)
{
	struct net_lane *lane = container_of(msg, struct net_lane, bell);

	/* Pairs with net_lane_ring(): what is put after this rings again. */
	(void)__atomic_exchange_n(&lane->is_rung, false, __ATOMIC_ACQ_REL);
	lane->arrived(lane);
}

static void tell_closed(struct loop_msg *msg)
{
	struct net_lane *lane = container_of(msg, struct net_lane, ended);

	lane->closed(lane);
}

/* It comes behind the last bell. */
static void answer_end(struct loop_msg *msg)
{
	struct net_lane *lane = container_of(msg, struct net_lane, end);

	loop_post(lane->from, &lane->ended);
}

void net_lane_init(struct net_lane *lane, struct loop *from, struct loop *to)
{
	memset(lane, 0, sizeof(*lane));
	lane->from = from;
	lane->to = to;
	lane->bell.run = bell_rings;
	lane->end.run = answer_end;
	lane->ended.run = tell_closed;
}

void net_lane_fini(struct net_lane *lane)
{
	if (lane->memory)
		munmap(lane->memory, sizeof(*lane->memory));
	lane->memory = NULL;
}

void net_lanes_init(struct net_lanes *lanes, unsigned int nr_queues, struct loop *const *loops)
{
	lanes->nr_queues = nr_queues;
	for (unsigned int from = 0; from < nr_queues; from++) {
		for (unsigned int to = 0; to < nr_queues; to++)
			net_lane_init(&lanes->lane[from][to], loops[from], loops[to]);
	}
}

void net_lanes_fini(struct net_lanes *lanes)
{
	for (unsigned int from = 0; from < lanes->nr_queues; from++) {
		for (unsigned int to = 0; to < lanes->nr_queues; to++)
			net_lane_fini(&lanes->lane[from][to]);
	}
}

/* ---- the sender ------------------------------------------------------------------------------------------------ */

/* Once in the life of a lane, and most vifs never use one. */
static bool get_memory(struct net_lane *lane)
{
	void *area = mmap(NULL, sizeof(*lane->memory), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return false;
	lane->memory = area;
	return true;
}

static bool is_empty(const struct net_lane *lane)
{
	return lane->nr_put == __atomic_load_n(&lane->nr_took, __ATOMIC_ACQUIRE);
}

static struct net_lane_place *place_at(const struct net_lane *lane, uint32_t index)
{
	return &lane->memory->places[index % NET_LANE_FRAMES];
}

/* Grants are copied page by page: a small frame lies in one, and a large one begins with one as its buffers do. */
static size_t begin_behind(size_t end_bytes, uint32_t len_bytes)
{
	size_t begin = (end_bytes + HEAD_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	if (begin % PAGE_BYTES + len_bytes <= PAGE_BYTES)
		return begin;
	return (begin + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* false: what is under way leaves no room. */
static bool find_room(const struct net_lane *lane, uint32_t nr_took, uint32_t len_bytes, size_t *begin)
{
	size_t oldest = place_at(lane, nr_took)->begin_bytes;

	if (lane->nr_put == nr_took)
		return *begin = begin_behind(0, len_bytes), true;
	if (lane->nr_put - nr_took == NET_LANE_FRAMES)
		return false;
	*begin = begin_behind(lane->end_bytes, len_bytes);
	if (oldest < lane->end_bytes && *begin + len_bytes <= NET_LANE_BYTES)
		return true;
	if (oldest < lane->end_bytes)
		*begin = begin_behind(0, len_bytes);
	return *begin + len_bytes + HEAD_BYTES <= oldest;
}

struct net_rx_frame *net_lane_room(struct net_lane *lane, uint32_t len_bytes)
{
	struct net_lane_place *place;
	size_t begin;

	if (!lane->memory && !get_memory(lane))
		return NULL;
	if (!find_room(lane, __atomic_load_n(&lane->nr_took, __ATOMIC_ACQUIRE), len_bytes, &begin))
		return NULL;
	place = place_at(lane, lane->nr_put);
	place->begin_bytes = begin;
	place->frame.memory = lane->memory->bytes + begin - HEAD_BYTES;
	lane->end_bytes = begin + len_bytes;
	return &place->frame;
}

void net_lane_put(struct net_lane *lane)
{
	/* Pairs with net_lane_frame(): who sees it sees the frame. */
	__atomic_store_n(&lane->nr_put, lane->nr_put + 1, __ATOMIC_RELEASE);
}

void net_lane_ring(struct net_lane *lane)
{
	if (lane->nr_rung == lane->nr_put)
		return;
	lane->nr_rung = lane->nr_put;
	if (lane->from == lane->to)
		lane->arrived(lane);
	else if (!__atomic_exchange_n(&lane->is_rung, true, __ATOMIC_ACQ_REL))
		loop_post(lane->to, &lane->bell);
}

void net_lane_close(struct net_lane *lane)
{
	if (lane->memory)
		loop_post(lane->to, &lane->end);
	else
		lane->closed(lane);
}

void net_lane_trim(struct net_lane *lane)
{
	if (lane->memory && is_empty(lane))
		madvise(lane->memory, sizeof(*lane->memory), MADV_DONTNEED);
}

/* ---- the receiver ---------------------------------------------------------------------------------------------- */

struct net_rx_frame *net_lane_frame(const struct net_lane *lane, uint32_t index)
{
	uint32_t nr_there = __atomic_load_n(&lane->nr_put, __ATOMIC_ACQUIRE) - lane->nr_took;

	return index < nr_there ? &place_at(lane, lane->nr_took + index)->frame : NULL;
}

void net_lane_took(struct net_lane *lane, uint32_t nr)
{
	/* Pairs with net_lane_room(): what was read of the frames was read before they are filled anew. */
	__atomic_store_n(&lane->nr_took, lane->nr_took + nr, __ATOMIC_RELEASE);
}
