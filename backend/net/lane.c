// SPDX-License-Identifier: MIT
#include "backend/net/lane.h"

#include <string.h>
#include <sys/mman.h>

#include "common/base/container.h"

struct net_lane_memory {
	uint8_t bytes[NET_LANE_FRAMES][NET_RX_STRIDE_BYTES];
	struct net_rx_frame frames[NET_LANE_FRAMES];
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

struct net_rx_frame *net_lane_room(struct net_lane *lane)
{
	uint32_t index = lane->nr_put % NET_LANE_FRAMES;
	struct net_rx_frame *frame;

	if (!lane->memory && !get_memory(lane))
		return NULL;
	if (lane->nr_put - __atomic_load_n(&lane->nr_took, __ATOMIC_ACQUIRE) == NET_LANE_FRAMES)
		return NULL;
	frame = &lane->memory->frames[index];
	frame->memory = lane->memory->bytes[index] + NET_RX_HEAD_BYTES;
	return frame;
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

	return index < nr_there ? &lane->memory->frames[(lane->nr_took + index) % NET_LANE_FRAMES] : NULL;
}

void net_lane_took(struct net_lane *lane, uint32_t nr)
{
	/* Pairs with net_lane_room(): what was read of the frames was read before they are filled anew. */
	__atomic_store_n(&lane->nr_took, lane->nr_took + nr, __ATOMIC_RELEASE);
}
