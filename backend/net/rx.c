// SPDX-License-Identifier: MIT
#include "backend/net/rx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common/base/container.h"

#define PAGE_BYTES 4096U
/* The largest IP packet, with Ethernet's header and a VLAN tag; status, which tells a length, has 15 bits for a part. */
#define MAX_FRAME_BYTES (65535U + 18U)
#define STRIDE_BYTES    (17U * PAGE_BYTES)
#define ARENA_BYTES     ((size_t)NET_RX_BURST * STRIDE_BYTES)
#define FIRST_BURST     4

int net_rx_init(struct net_rx *rx, struct queue *queue, int tap_fd, const struct net_rx_limits *limits,
		struct net_direction *counters)
{
	*rx = (struct net_rx){
		.queue = queue,
		.tap_fd = tap_fd,
		.limits = *limits,
		.counters = counters,
		.burst = FIRST_BURST,
		.read_flags = RWF_NOWAIT,
	};
	rx->frames = calloc(NET_RX_BURST, sizeof(*rx->frames));
	rx->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!rx->frames || rx->arena == MAP_FAILED) {
		net_rx_fini(rx);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < NET_RX_BURST; i++) {
		rx->frames[i].rx = rx;
		rx->frames[i].memory = rx->arena + i * STRIDE_BYTES;
	}
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

void net_rx_trim(struct net_rx *rx)
{
	if (rx->nr_reading == 0 && rx->nr_frames == 0)
		madvise(rx->arena, ARENA_BYTES, MADV_DONTNEED);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void tell_if_stopped(struct net_rx *rx)
{
	if (rx->is_stopping && rx->is_unwatched && rx->nr_reading == 0)
		rx->stopped(rx);
}

static uint32_t len_bytes(const struct net_rx_frame *frame)
{
	return frame->result - sizeof(struct virtio_net_hdr);
}

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

/* Once: it may complete the frame's checksum. */
static void look_at(const struct net_rx *rx, struct net_rx_frame *frame)
{
	frame->rejected = why_not(rx, frame);
}

/*
 * A read that finds nothing must say so: were it left waiting, others of its burst could overtake it. RWF_NOWAIT says so
 * to a kernel whose taps know it; to others the descriptor does, which is O_NONBLOCK.
 */
static bool knows_nowait(struct net_rx *rx)
{
	if (rx->frames[0].result != -EOPNOTSUPP || !rx->read_flags)
		return true;
	rx->read_flags = 0;
	rx->may_have_more = true;
	return false;
}

/* A burst that came back full asks for a longer one; one that did not has emptied the tap's queue. */
static void burst_is_read(struct net_rx *rx)
{
	unsigned int nr_asked = rx->burst;

	if (!knows_nowait(rx)) {
		queue_kick(rx->queue);
		return;
	}
	for (; rx->nr_frames < nr_asked && rx->frames[rx->nr_frames].result > 0; rx->nr_frames++)
		look_at(rx, &rx->frames[rx->nr_frames]);
	if (rx->nr_frames < nr_asked) {
		rx->burst = rx->nr_frames < FIRST_BURST ? FIRST_BURST : rx->nr_frames;
	} else {
		rx->may_have_more = true;
		rx->burst = 2 * nr_asked < NET_RX_BURST ? 2 * nr_asked : NET_RX_BURST;
	}
	queue_kick(rx->queue);
}

static void frame_read(struct loop_op *op, int result, uint32_t flags)
{
	struct net_rx_frame *frame = container_of(op, struct net_rx_frame, op);
	struct net_rx *rx = frame->rx;

	frame->result = result;
	if (--rx->nr_reading > 0)
		return;
	if (rx->is_stopping)
		tell_if_stopped(rx);
	else
		burst_is_read(rx);
}

static void read_burst(struct net_rx *rx)
{
	struct net_rx_frame *frame;
	struct io_uring_sqe *sqe;

	rx->may_have_more = false;
	rx->nr_reading = rx->burst;
	for (unsigned int i = 0; i < rx->burst; i++) {
		frame = &rx->frames[i];
		frame->op.done = frame_read;
		sqe = loop_sqe(&rx->queue->worker->loop);
		io_uring_prep_read(sqe, rx->tap_fd, frame->memory, STRIDE_BYTES, 0);
		sqe->rw_flags = rx->read_flags;
		io_uring_sqe_set_data(sqe, &frame->op);
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

void net_rx_flush(struct net_rx *rx)
{
	if (rx->is_stopping || rx->nr_reading > 0)
		return;
	deliver_all(rx);
	if (rx->nr_frames == 0 && rx->may_have_more && queue_has_requests(rx->queue, 1))
		read_burst(rx);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void net_rx_start(struct net_rx *rx)
{
	rx->may_have_more = true;
	loop_fd_add(&rx->queue->worker->loop, &rx->readable, rx->tap_fd, tap_is_readable);
	queue_kick(rx->queue);
}

static void unwatched(struct loop_fd *lfd)
{
	struct net_rx *rx = container_of(lfd, struct net_rx, readable);

	rx->is_unwatched = true;
	tell_if_stopped(rx);
}

void net_rx_stop(struct net_rx *rx, void (*stopped)(struct net_rx *rx))
{
	rx->is_stopping = true;
	rx->stopped = stopped;
	loop_fd_remove(&rx->readable, unwatched);
}
