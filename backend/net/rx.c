// SPDX-License-Identifier: MIT
#include "backend/net/rx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/net/tap.h"
#include "common/base/container.h"

#define PAGE_BYTES 4096U
/* The largest IP packet, with Ethernet's header and a VLAN tag. */
#define MAX_FRAME_BYTES (65535U + 18U)
#define STRIDE_BYTES    (18U * PAGE_BYTES)
#define READ_BYTES      (sizeof(struct virtio_net_hdr) + 17U * PAGE_BYTES)
#define MAX_STALE_FRAMES 10000 /* more than any interface queues */
#define ARENA_BYTES     ((size_t)NET_RX_BURST * STRIDE_BYTES)

int net_rx_init(struct net_rx *rx, struct queue *queue, int tap_fd, const struct net_rx_limits *limits,
		struct net_direction *counters)
{
	*rx = (struct net_rx){
		.queue = queue,
		.tap_fd = tap_fd,
		.limits = *limits,
		.counters = counters,
	};
	rx->frames = calloc(NET_RX_BURST, sizeof(*rx->frames));
	rx->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!rx->frames || rx->arena == MAP_FAILED) {
		net_rx_fini(rx);
		return -ENOMEM;
	}
	/* A frame begins with a page: grants are copied page by page, so each of its buffers is filled by one copy. */
	for (unsigned int i = 0; i < NET_RX_BURST; i++)
		rx->frames[i].memory = rx->arena + i * STRIDE_BYTES + PAGE_BYTES - sizeof(struct virtio_net_hdr);
	return 0;
}

void net_rx_fini(struct net_rx *rx)
{
	free(rx->frames);
	if (rx->arena && rx->arena != MAP_FAILED)
		munmap(rx->arena, ARENA_BYTES);
	rx->frames = NULL;
	rx->arena = NULL;
}

bool net_rx_trim(struct net_rx *rx)
{
	if (rx->nr_frames > 0)
		return false;
	madvise(rx->arena, ARENA_BYTES, MADV_DONTNEED);
	return true;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static uint32_t len_bytes(const struct net_rx_frame *frame)
{
	return frame->result - sizeof(struct virtio_net_hdr);
}

/* Once for each frame: it may complete its checksum. */
static const char *why_not(const struct net_rx *rx, struct net_rx_frame *frame)
{
	struct virtio_net_hdr hdr;

	if (frame->result < (int)sizeof(hdr) || len_bytes(frame) > MAX_FRAME_BYTES)
		return "of no size that a frame has";
	if (!rx->limits.has_sg && len_bytes(frame) > PAGE_BYTES)
		return "longer than a page, and the guest takes no more at once";
	memcpy(&hdr, frame->memory, sizeof(hdr));
	return net_offload_to_guest(&hdr, frame->memory + sizeof(hdr), len_bytes(frame), &rx->limits.offloads,
				    &frame->offload);
}

/*
 * A system call for each frame. Through io_uring a read that finds none waits in the kernel, though the descriptor does
 * not block (the taps of Linux 6.1 do not know RWF_NOWAIT): of several that wait later ones overtake earlier ones, and
 * none gives its buffer back before a frame comes.
 */
static const char *read_burst(struct net_rx *rx)
{
	int result = 1;

	while (rx->nr_frames < NET_RX_BURST) {
		struct net_rx_frame *frame = &rx->frames[rx->nr_frames];

		result = read(rx->tap_fd, frame->memory, READ_BYTES);
		if (result <= 0)
			break;
		frame->result = result;
		frame->rejected = why_not(rx, frame);
		rx->nr_frames++;
	}
	rx->may_have_more = result > 0;
	return result < 0 && errno == EBADFD ? TAP_IS_GONE : NULL;
}

/* What was sent to the guest's earlier connection, or to none. */
static void drain_tap(struct net_rx *rx)
{
	for (unsigned int i = 0; i < MAX_STALE_FRAMES; i++) {
		if (read(rx->tap_fd, rx->frames[0].memory, READ_BYTES) <= 0)
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

static unsigned int parts_needed(const struct net_rx_frame *frame)
{
	return (len_bytes(frame) + PAGE_BYTES - 1) / PAGE_BYTES + (frame->offload.gso_type ? 1 : 0);
}

/* The extra comes right behind the first buffer; its own is only given back. */
static bool is_extra(const struct net_rx_frame *frame, unsigned int part)
{
	return part == 1 && frame->offload.gso_type;
}

static void copy_failed(void *context, uint32_t owner, int rc)
{
	struct net_rx *rx = context;

	rx->frames[owner].has_failed = true;
}

static void fill_parts(struct net_rx *rx, struct net_rx_frame *frame)
{
	struct grants *grants = &rx->queue->grants;
	uint8_t *from = frame->memory + sizeof(struct virtio_net_hdr);
	uint32_t left = len_bytes(frame);
	struct grants_segment segment;

	if (grants_copy_room(grants) < frame->nr_parts)
		grants_copy_run(grants, copy_failed, rx);
	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		struct net_rx_part *part = &frame->parts[i];

		part->len_bytes = is_extra(frame, i) ? 0 : left < PAGE_BYTES ? left : PAGE_BYTES;
		if (part->len_bytes == 0)
			continue;
		segment = (struct grants_segment){ part->gref, 0, part->len_bytes, from };
		grants_copy(grants, GRANTS_TO_GUEST, &segment, frame - rx->frames);
		from += part->len_bytes;
		left -= part->len_bytes;
	}
}

static void take_parts(struct net_rx *rx, struct net_rx_frame *frame, unsigned int nr_parts)
{
	netif_rx_request_t request;
	const void *bytes;

	frame->has_failed = false;
	for (frame->nr_parts = 0; frame->nr_parts < nr_parts; frame->nr_parts++) {
		struct net_rx_part *part = &frame->parts[frame->nr_parts];

		bytes = queue_take(rx->queue, &part->slot);
		if (!bytes) /* not after queue_has_requests() */
			break;
		memcpy(&request, bytes, sizeof(request));
		part->id = request.id;
		part->gref = request.gref;
	}
}

static uint16_t flags_of(const struct net_rx_frame *frame, unsigned int part)
{
	bool is_last = part + 1 == frame->nr_parts || (part == 0 && frame->nr_parts == 2 && frame->offload.gso_type);
	uint16_t flags = is_last ? 0 : NETRXF_more_data;

	if (part > 0)
		return flags;
	if (frame->offload.csum_blank)
		flags |= NETRXF_csum_blank;
	if (frame->offload.data_validated)
		flags |= NETRXF_data_validated;
	if (frame->offload.gso_type)
		flags |= NETRXF_extra_info;
	return flags;
}

static void answer_extra(struct net_rx *rx, const struct net_rx_frame *frame, uint32_t slot)
{
	netif_extra_info_t extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = frame->offload.gso_bytes, .type = frame->offload.gso_type },
	};

	queue_respond(rx->queue, slot, &extra);
}

static void answer(struct net_rx *rx, const struct net_rx_frame *frame)
{
	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		const struct net_rx_part *part = &frame->parts[i];
		netif_rx_response_t response = { .id = part->id, .flags = flags_of(frame, i) };

		response.status = frame->has_failed ? NETIF_RSP_ERROR : part->len_bytes;
		if (is_extra(frame, i))
			answer_extra(rx, frame, part->slot);
		else
			queue_respond(rx->queue, part->slot, &response);
	}
	if (frame->has_failed) {
		reasons_count(&rx->counters->drops, "the guest's memory cannot be written", 1);
		return;
	}
	counter_add(&rx->counters->nr_frames, 1);
	counter_add(&rx->counters->nr_bytes, len_bytes(frame));
}

/* Is there room for the next frame in what the guest has posted? If not, the queue runs when there is. */
static bool deliver(struct net_rx *rx, struct net_rx_frame *frame)
{
	unsigned int nr_parts;

	frame->nr_parts = 0;
	if (frame->rejected) {
		reasons_count(&rx->counters->drops, frame->rejected, 1);
		return true;
	}
	nr_parts = parts_needed(frame);
	if (!queue_has_requests(rx->queue, nr_parts))
		return false;
	take_parts(rx, frame, nr_parts);
	fill_parts(rx, frame);
	return true;
}

static void deliver_all(struct net_rx *rx)
{
	unsigned int first = rx->next;

	while (rx->next < rx->nr_frames && deliver(rx, &rx->frames[rx->next]))
		rx->next++;
	grants_copy_run(&rx->queue->grants, copy_failed, rx);
	for (unsigned int i = first; i < rx->next; i++) {
		if (rx->frames[i].nr_parts)
			answer(rx, &rx->frames[i]);
	}
	if (rx->next == rx->nr_frames)
		rx->next = rx->nr_frames = 0;
}

/* ---- a guest that posts nothing -------------------------------------------------------------------------------- */

static void stalled_long(struct loop_timer *timer);

/* For as long as frames wait, and no longer: an idle vif has no timer. */
static void watch_stall(struct net_rx *rx)
{
	if (rx->nr_frames == 0 || rx->stall.is_armed)
		return;
	rx->nr_taken_at_stall = rx->queue->nr_taken;
	loop_timer_start(&rx->queue->worker->loop, &rx->stall, NET_RX_STALL_NS, stalled_long);
}

static void stalled_long(struct loop_timer *timer)
{
	struct net_rx *rx = container_of(timer, struct net_rx, stall);

	if (rx->is_stopping)
		return;
	if (rx->queue->nr_taken == rx->nr_taken_at_stall && rx->nr_frames > 0) {
		reasons_count(&rx->counters->drops, "the guest has posted no buffers", rx->nr_frames - rx->next);
		rx->next = rx->nr_frames = 0;
		rx->may_have_more = true;
		queue_kick(rx->queue);
	}
	watch_stall(rx);
}

const char *net_rx_flush(struct net_rx *rx)
{
	const char *why;

	if (rx->is_stopping)
		return NULL;
	deliver_all(rx);
	watch_stall(rx);
	if (rx->nr_frames > 0 || !rx->may_have_more || !queue_has_requests(rx->queue, 1))
		return NULL;
	why = read_burst(rx);
	deliver_all(rx);
	watch_stall(rx);
	if (rx->may_have_more) /* others of this worker first */
		queue_kick(rx->queue);
	return why;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void net_rx_start(struct net_rx *rx, bool is_resumed)
{
	if (!is_resumed)
		drain_tap(rx);
	rx->may_have_more = true;
	loop_fd_add(&rx->queue->worker->loop, &rx->readable, rx->tap_fd, tap_is_readable);
	queue_kick(rx->queue);
}

static void stall_gone(struct loop_timer *timer)
{
	struct net_rx *rx = container_of(timer, struct net_rx, stall);

	rx->stopped(rx);
}

static void unwatched(struct loop_fd *lfd)
{
	struct net_rx *rx = container_of(lfd, struct net_rx, readable);

	if (rx->stall.is_armed)
		loop_timer_cancel(&rx->queue->worker->loop, &rx->stall, stall_gone);
	else
		rx->stopped(rx);
}

void net_rx_stop(struct net_rx *rx, void (*stopped)(struct net_rx *rx))
{
	rx->is_stopping = true;
	rx->stopped = stopped;
	loop_fd_remove(&rx->readable, unwatched);
}
