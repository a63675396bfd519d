// SPDX-License-Identifier: MIT
#include "backend/net/rx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/net/tap.h"
#include "common/base/container.h"

#define PAGE_BYTES  4096U
#define READ_BYTES  (sizeof(struct virtio_net_hdr) + 17U * PAGE_BYTES)
#define MAX_STALE_FRAMES 10000 /* more than any interface queues */

static void lane_has_some(struct net_lane *lane);
static void lane_is_closed(struct net_lane *lane);

/* Each end of a lane says who it is, before any queue of the vif starts. */
static void join_lanes(struct net_rx *rx)
{
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		struct net_lane *out = &rx->lanes->lane[rx->number][i], *in = &rx->lanes->lane[i][rx->number];

		out->sender = in->receiver = rx;
		out->closed = lane_is_closed;
		in->arrived = lane_has_some;
	}
}

int net_rx_init(struct net_rx *rx, const struct net_rx_params *params)
{
	*rx = (struct net_rx){
		.queue = params->queue,
		.null = params->null,
		.tap_fd = params->tap_fd,
		.read_bytes = params->null ? sizeof(struct virtio_net_hdr) + params->null->frame_bytes : READ_BYTES,
		.limits = params->limits,
		.policy = params->policy,
		.counters = params->counters,
		.scratch = params->scratch,
		.delivery = { .queue = params->queue, .counters = params->counters, .number = params->number },
		.lanes = params->lanes,
		.number = params->number,
	};
	join_lanes(rx);
	net_steer_init(&rx->steer, params->state, params->number, params->lanes->nr_queues);
	rx->frames = calloc(NET_RX_BURST, sizeof(*rx->frames));
	rx->kept_memory = mmap(NULL, NET_RX_STRIDE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!rx->frames || rx->kept_memory == MAP_FAILED) {
		net_rx_fini(rx);
		return -ENOMEM;
	}
	rx->kept.memory = rx->kept_memory + NET_RX_HEAD_BYTES;
	return 0;
}

void net_rx_fini(struct net_rx *rx)
{
	capture_put(&rx->delivery.capture);
	free(rx->frames);
	if (rx->kept_memory && rx->kept_memory != MAP_FAILED)
		munmap(rx->kept_memory, NET_RX_STRIDE_BYTES);
	rx->frames = NULL;
	rx->kept_memory = NULL;
}

/* NULL: there is none of that number, or it is our own. */
static struct net_lane *lane_to(struct net_rx *rx, unsigned int number)
{
	bool is_one = number < rx->lanes->nr_queues && number != rx->number;

	return is_one ? &rx->lanes->lane[rx->number][number] : NULL;
}

static struct net_lane *lane_from(struct net_rx *rx, unsigned int number)
{
	return number == rx->number ? NULL : &rx->lanes->lane[number][rx->number];
}

bool net_rx_trim(struct net_rx *rx)
{
	if (rx->is_keeping)
		return false;
	madvise(rx->kept_memory, NET_RX_STRIDE_BYTES, MADV_DONTNEED);
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		if (lane_to(rx, i))
			net_lane_trim(lane_to(rx, i));
	}
	return true;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Once for each frame: it may complete its checksum. */
static const char *why_not(const struct net_rx *rx, struct net_rx_frame *frame, int result)
{
	struct virtio_net_hdr hdr;
	const char *why;

	if (result < (int)sizeof(hdr) || frame->len_bytes > NET_RX_MAX_BYTES)
		return "of no size that a frame has";
	if (net_policy_filters_multicast(rx->policy) &&
	    !net_multicast_wants(&rx->steer.view.settings.multicast, net_rx_frame_bytes(frame)))
		return "of a multicast group that the guest has not asked for";
	why = net_rx_frame_check_size(frame, &rx->limits);
	if (why)
		return why;
	memcpy(&hdr, frame->memory, sizeof(hdr));
	return vnet_to_netif(&hdr, net_rx_frame_bytes(frame), frame->len_bytes, &rx->limits.takes, &frame->meta);
}

static void hand_over(struct net_rx *rx, struct net_rx_frame *frame, struct net_lane *lane)
{
	struct net_rx_frame *there = net_lane_room(lane, frame->len_bytes);

	if (!there) {
		net_delivery_drop(&rx->delivery, frame, "the ring that it is for is behind");
		return;
	}
	net_rx_frame_copy(there, frame);
	net_lane_put(lane);
}

/* It stays with us, or goes to another ring, or is dropped when its turn has come. Gives how many buffers it takes. */
static unsigned int take_in(struct net_rx *rx, int result)
{
	struct net_rx_frame *frame = &rx->frames[rx->nr_frames];
	struct net_lane *lane = NULL;

	frame->len_bytes = result < (int)sizeof(struct virtio_net_hdr) ? 0 : result - sizeof(struct virtio_net_hdr);
	frame->nr_parts = 0;
	frame->headroom_bytes = rx->steer.view.settings.xdp_headroom_bytes;
	frame->rejected = why_not(rx, frame, result);
	if (!frame->rejected)
		lane = lane_to(rx, net_steer_frame(&rx->steer, frame));
	if (lane) {
		hand_over(rx, frame, lane);
		return 0;
	}
	rx->nr_frames++;
	return frame->rejected ? 0 : net_rx_frame_parts_needed(frame);
}

static void ring_lanes(struct net_rx *rx)
{
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		if (lane_to(rx, i))
			net_lane_ring(lane_to(rx, i));
	}
}

/* So that its bytes begin with a page. NULL: not after what has been read so far. */
static uint8_t *place_for_next(const struct net_rx *rx)
{
	const struct net_rx_frame *last = rx->nr_frames ? &rx->frames[rx->nr_frames - 1] : NULL;
	size_t used_bytes = last ? net_rx_frame_bytes(last) + last->len_bytes - rx->scratch->memory : 0;
	size_t at = used_bytes + sizeof(struct virtio_net_hdr);

	at += -at % PAGE_BYTES;
	at -= sizeof(struct virtio_net_hdr);
	return at + READ_BYTES <= rx->scratch->turn_bytes ? rx->scratch->memory + at : NULL;
}

/* There is a buffer for a frame more than was read. */
static bool may_read(struct net_rx *rx, unsigned int nr_parts)
{
	if (rx->nr_frames == NET_RX_BURST || !queue_has_requests(rx->queue, nr_parts + 1))
		return false;
	rx->frames[rx->nr_frames].memory = place_for_next(rx);
	return rx->frames[rx->nr_frames].memory;
}

/*
 * A system call for each frame. Through io_uring a read that finds none waits in the kernel, though the descriptor does
 * not block (the taps of Linux 6.1 do not know RWF_NOWAIT): of several that wait later ones overtake earlier ones, and
 * none gives its buffer back before a frame comes.
 */
static const char *read_burst(struct net_rx *rx)
{
	unsigned int nr_parts = 0;
	int result = 1;

	net_steer_refresh(&rx->steer);
	for (unsigned int i = 0; i < NET_RX_BURST && may_read(rx, nr_parts); i++) {
		result = read(rx->tap_fd, rx->frames[rx->nr_frames].memory, rx->read_bytes);
		if (result <= 0)
			break;
		nr_parts += take_in(rx, result);
	}
	rx->may_have_more = result > 0;
	ring_lanes(rx);
	return result < 0 && errno == EBADFD ? TAP_IS_GONE : NULL;
}

/* What was sent to the guest's earlier connection, or to none. */
static void drain_tap(struct net_rx *rx)
{
	for (unsigned int i = 0; i < MAX_STALE_FRAMES; i++) {
		if (read(rx->tap_fd, rx->scratch->memory, rx->read_bytes) <= 0)
			break;
	}
}

static void tap_is_readable(struct loop_fd *lfd)
{
	struct net_rx *rx = container_of(lfd, struct net_rx, readable);

	rx->may_have_more = true;
	queue_kick(rx->queue);
}

/* ---- delivering ------------------------------------------------------------------------------------------------ */

/* false: some wait for room. */
static bool deliver_lane(struct net_rx *rx, struct net_lane *lane)
{
	struct net_rx_frame *frame;
	uint32_t nr = 0;

	while ((frame = net_lane_frame(lane, nr)) && net_delivery_add(&rx->delivery, frame))
		nr++;
	net_delivery_run(&rx->delivery);
	net_lane_took(lane, nr);
	return !frame;
}

static bool deliver_kept(struct net_rx *rx)
{
	if (rx->is_keeping && net_delivery_add(&rx->delivery, &rx->kept))
		rx->is_keeping = false;
	net_delivery_run(&rx->delivery);
	return !rx->is_keeping;
}

/* More than one does not fit only if the guest takes back what it had posted. */
static void deliver_burst(struct net_rx *rx)
{
	for (unsigned int i = 0; i < rx->nr_frames; i++) {
		if (rx->is_keeping) {
			net_delivery_drop(&rx->delivery, &rx->frames[i], "the guest has posted no buffers");
		} else if (!net_delivery_add(&rx->delivery, &rx->frames[i])) {
			net_rx_frame_copy(&rx->kept, &rx->frames[i]);
			rx->is_keeping = true;
		}
	}
	net_delivery_run(&rx->delivery);
	rx->nr_frames = 0;
}

/* What others have sent comes first, and if there is no room for it nothing overtakes it. */
static bool deliver_all(struct net_rx *rx)
{
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		struct net_lane *lane = lane_from(rx, i);

		if (lane && !deliver_lane(rx, lane))
			return false;
	}
	return deliver_kept(rx);
}

/* ---- a guest that posts nothing -------------------------------------------------------------------------------- */

static void stalled_long(struct loop_timer *timer);

/* For as long as frames wait, and no longer: an idle vif has no timer. */
static void watch_stall(struct net_rx *rx)
{
	if (rx->stall.is_armed)
		return;
	rx->nr_taken_at_stall = rx->queue->nr_taken;
	loop_timer_start(&rx->queue->worker->loop, &rx->stall, NET_RX_STALL_NS, stalled_long);
}

/* false: there was nothing. */
static bool drop_all(struct net_rx *rx, const char *why)
{
	bool has_dropped = rx->is_keeping;

	if (rx->is_keeping)
		net_delivery_drop(&rx->delivery, &rx->kept, why);
	rx->is_keeping = false;
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		struct net_lane *lane = lane_from(rx, i);
		struct net_rx_frame *frame;
		uint32_t nr = 0;

		while (lane && (frame = net_lane_frame(lane, nr))) {
			net_delivery_drop(&rx->delivery, frame, why);
			nr++;
		}
		if (nr)
			net_lane_took(lane, nr);
		has_dropped |= nr > 0;
	}
	return has_dropped;
}

static void stalled_long(struct loop_timer *timer)
{
	struct net_rx *rx = container_of(timer, struct net_rx, stall);

	if (!rx->is_running)
		return;
	if (rx->queue->nr_taken == rx->nr_taken_at_stall && drop_all(rx, "the guest has posted no buffers"))
		rx->may_have_more = true;
	queue_kick(rx->queue);
}

const char *net_rx_flush(struct net_rx *rx)
{
	uint64_t nr_taken = rx->queue->nr_taken;
	const char *why;

	if (!rx->is_running)
		return NULL;
	if (!deliver_all(rx)) {
		watch_stall(rx);
		return NULL;
	}
	if (!rx->may_have_more || !queue_has_requests(rx->queue, 1))
		return NULL;
	why = read_burst(rx);
	deliver_burst(rx);
	if (rx->is_keeping)
		watch_stall(rx);
	/* Others of this worker first; and a source that never ends goes on only while the guest takes of it. */
	if (rx->may_have_more && (!rx->null || rx->queue->nr_taken != nr_taken))
		queue_kick(rx->queue);
	return why;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void lane_has_some(struct net_lane *lane)
{
	struct net_rx *rx = lane->receiver;

	if (rx->is_running)
		queue_kick(rx->queue);
}

static void start_tap(struct net_rx *rx, bool is_resumed)
{
	if (!is_resumed)
		drain_tap(rx);
	rx->may_have_more = true;
	loop_fd_add(&rx->queue->worker->loop, &rx->readable, rx->tap_fd, tap_is_readable);
}

void net_rx_start(struct net_rx *rx, bool is_resumed)
{
	rx->is_running = true;
	if (rx->null)
		rx->may_have_more = rx->null->frame_bytes > 0;
	else
		start_tap(rx, is_resumed);
	queue_kick(rx->queue);
}

static void one_is_closed(struct net_rx *rx)
{
	if (--rx->nr_lanes_open == 0)
		rx->stopped(rx);
}

static void lane_is_closed(struct net_lane *lane)
{
	one_is_closed(lane->sender);
}

/* What they hold is of no use any more, but their messages point to them. */
static void close_lanes(struct net_rx *rx)
{
	rx->nr_lanes_open = rx->lanes->nr_queues;
	for (unsigned int i = 0; i < rx->lanes->nr_queues; i++) {
		if (lane_to(rx, i))
			net_lane_close(lane_to(rx, i));
	}
	one_is_closed(rx); /* in place of the one to ourselves */
}

static void stall_gone(struct loop_timer *timer)
{
	close_lanes(container_of(timer, struct net_rx, stall));
}

static void unwatched(struct loop_fd *lfd)
{
	struct net_rx *rx = container_of(lfd, struct net_rx, readable);

	if (rx->stall.is_armed)
		loop_timer_cancel(&rx->queue->worker->loop, &rx->stall, stall_gone);
	else
		close_lanes(rx);
}

void net_rx_stop(struct net_rx *rx, void (*stopped)(struct net_rx *rx))
{
	rx->is_running = false;
	rx->stopped = stopped;
	if (rx->null)
		unwatched(&rx->readable);
	else
		loop_fd_remove(&rx->readable, unwatched);
}
