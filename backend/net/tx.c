// SPDX-License-Identifier: MIT
#include "backend/net/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/net/tap.h"
#include "backend/net/tx_slots.h"
#include "common/base/container.h"
#include "common/wire/vnet.h"

#define PAGE_BYTES       4096U
#define MAX_FRAME_BYTES  XEN_NETIF_MAX_TX_SIZE
/* Of a frame: what stands before it, and at most a page less a byte to begin where it is to (take_memory()). */
#define OVERHEAD_BYTES   (sizeof(struct virtio_net_hdr) + PAGE_BYTES)

/* What all slots can hold at once, and what is left at the end for want of room for the next frame. */
static size_t arena_bytes(uint32_t nr_slots)
{
	size_t bytes = nr_slots * (PAGE_BYTES + OVERHEAD_BYTES) + MAX_FRAME_BYTES + OVERHEAD_BYTES;

	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

int net_tx_init(struct net_tx *tx, const struct net_tx_params *params)
{
	*tx = (struct net_tx){
		.queue = params->queue,
		.tap_fd = params->tap_fd,
		.policy = params->policy,
		.state = params->state,
		.counters = params->counters,
		.credit = { .rate = &params->policy->rate, .queue = params->queue },
		.number = params->number,
		.nr_jobs = params->nr_slots,
	};
	tx->jobs = calloc(tx->nr_jobs, sizeof(*tx->jobs));
	tx->arena_bytes = arena_bytes(tx->nr_jobs);
	tx->arena = mmap(NULL, tx->arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tx->jobs && tx->arena != MAP_FAILED)
		return 0;
	net_tx_fini(tx);
	return -ENOMEM;
}

void net_tx_fini(struct net_tx *tx)
{
	capture_put(&tx->capture);
	free(tx->jobs);
	if (tx->arena && tx->arena != MAP_FAILED)
		munmap(tx->arena, tx->arena_bytes);
	tx->jobs = NULL;
	tx->arena = NULL;
}

void net_tx_trim(struct net_tx *tx)
{
	madvise(tx->arena, tx->arena_bytes, MADV_DONTNEED);
}

static struct net_tx_job *job_at(struct net_tx *tx, uint32_t index)
{
	return &tx->jobs[index % tx->nr_jobs];
}

/* ---- gathering ------------------------------------------------------------------------------------------------- */

static size_t place_after(size_t used_bytes, const struct net_tx_frame *frame)
{
	return net_tx_slots_place(frame, used_bytes + sizeof(struct virtio_net_hdr)) - sizeof(struct virtio_net_hdr);
}

/* Never over memory in use: see arena_bytes(). While nothing is, the same again, which the caches still have. */
static uint8_t *take_own_memory(struct net_tx *tx, const struct net_tx_job *job)
{
	bool is_empty = tx->nr_answered == tx->nr_gathered;
	size_t at = place_after(is_empty ? 0 : tx->arena_used, &job->frame);

	if (at + job->size_bytes > tx->arena_bytes)
		at = place_after(0, &job->frame);
	tx->arena_used = at + job->size_bytes;
	return tx->arena + at;
}

static void take_memory(struct net_tx *tx, struct net_tx_job *job)
{
	struct scratch *scratch = &tx->queue->worker->scratch;

	job->memory = NULL;
	if (!net_rate_limits(&tx->policy->rate))
		job->memory = scratch_take(scratch, place_after(scratch->taken_bytes, &job->frame), job->size_bytes);
	job->is_in_scratch = job->memory;
	if (!job->memory)
		job->memory = take_own_memory(tx, job);
}

/* Its bytes stay where they are until another frame is gathered. */
static void end_job(struct net_tx_job *job)
{
	if (job->is_in_scratch)
		scratch_give(&job->tx->queue->worker->scratch);
	job->is_in_scratch = false;
	job->is_done = true;
}

static void drop(struct net_tx *tx, struct net_tx_job *job, const char *why)
{
	reasons_count(&tx->counters->drops, why, 1);
	job->dropped = why;
	end_job(job);
}

static void copy_failed(void *context, uint32_t owner, int rc)
{
	struct net_tx *tx = context;
	struct net_tx_job *job = job_at(tx, owner);

	if (!job->dropped)
		drop(tx, job, "its memory cannot be read");
}

static void start_copies(struct net_tx *tx, struct net_tx_job *job)
{
	struct grants *grants = &tx->queue->grants;

	if (grants_copy_room(grants) < job->frame.nr_data_slots)
		grants_copy_run(grants, copy_failed, tx);
	net_tx_slots_copy(&job->frame, grants, job->memory + sizeof(struct virtio_net_hdr), tx->nr_gathered);
}

static void change_group(struct net_tx *tx, struct net_tx_job *job)
{
	struct net_multicast *multicast = &net_state_edit(tx->state)->multicast;
	bool is_replay = queue_is_replay(tx->queue, job->frame.slots[0].slot); /* and may have been done */

	if (job->frame.group_change == XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
		net_multicast_del(multicast, job->frame.group);
	else if (!(is_replay && net_multicast_wants(multicast, job->frame.group)) &&
		 !net_multicast_add(multicast, job->frame.group))
		job->dropped = "there is no room for another multicast group";
	net_state_commit(tx->state);
	job->is_done = true;
}

static void gathered(struct net_tx *tx, struct net_tx_job *job)
{
	tx->is_gathering = false;
	job->size_bytes = sizeof(struct virtio_net_hdr) + job->frame.len_bytes;
	if (job->frame.rejected) {
		drop(tx, job, job->frame.rejected);
	} else if (job->frame.group_change) {
		change_group(tx, job);
	} else {
		take_memory(tx, job);
		start_copies(tx, job);
	}
	tx->nr_gathered++;
}

/* What there is of the frame counts as one, so that its slots are answered. */
static const char *break_off(struct net_tx *tx, const char *why)
{
	struct net_tx_job *job = job_at(tx, tx->nr_gathered);

	job->frame.rejected = why;
	gathered(tx, job);
	return why;
}

const char *net_tx_request(struct net_tx *tx, uint32_t slot, const void *request)
{
	struct net_tx_job *job = job_at(tx, tx->nr_gathered);

	if (!tx->is_gathering) {
		job->tx = tx;
		job->dropped = NULL;
		job->is_done = job->is_in_scratch = false;
		net_tx_frame_begin(&job->frame);
		tx->is_gathering = true;
	}
	switch (net_tx_frame_add(&job->frame, slot, request)) {
	case NET_TX_MORE:
		return NULL;
	case NET_TX_LAST:
		gathered(tx, job);
		return NULL;
	default:
		return break_off(tx, job->frame.rejected);
	}
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static void written(struct loop_op *op, int result, uint32_t flags)
{
	struct net_tx_job *job = container_of(op, struct net_tx_job, op);
	struct net_tx *tx = job->tx;

	end_job(job);
	if (result == (int)job->size_bytes) {
		counter_add(&tx->counters->nr_frames, 1);
		counter_add(&tx->counters->nr_bytes, job->frame.len_bytes);
	} else {
		tx->is_gone |= result == -EBADFD;
		reasons_count(&tx->counters->drops,
			      result == -EIO ? "the interface is down" : "the interface does not take it", 1);
	}
	queue_kick(tx->queue);
}

/* Says to the tap what the guest says of it; what cannot be said is dropped. */
static void translate(struct net_tx *tx, struct net_tx_job *job)
{
	const struct net_meta meta = net_tx_slots_meta(&job->frame);
	struct virtio_net_hdr hdr;
	const char *why;

	why = net_policy_check_from_guest(tx->policy, job->memory + sizeof(hdr), job->frame.len_bytes);
	if (!why)
		why = vnet_from_netif(&meta, job->memory + sizeof(hdr), job->frame.len_bytes, &hdr);
	if (why)
		drop(tx, job, why);
	else
		memcpy(job->memory, &hdr, sizeof(hdr));
}

static void send_job(struct net_tx *tx, struct net_tx_job *job)
{
	const struct net_meta meta = net_tx_slots_meta(&job->frame);
	struct io_uring_sqe *sqe;

	vnet_blank_large(&meta, job->memory + sizeof(struct virtio_net_hdr), job->frame.len_bytes);
	job->op.done = written;
	sqe = loop_sqe(&tx->queue->worker->loop);
	io_uring_prep_write(sqe, tx->tap_fd, job->memory, job->size_bytes, 0);
	io_uring_sqe_set_data(sqe, &job->op);
}

/* Once its turn has come. false: it has to wait, and so have those behind it. */
static bool may_go(struct net_tx *tx, struct net_tx_job *job, uint64_t now_ns)
{
	bool has_credit = net_credit_take(&tx->credit, job->frame.len_bytes, now_ns);

	if (!has_credit && tx->is_stopping && tx->is_left_behind)
		drop(tx, job, "the connection ended before the rate let it go");
	return has_credit || tx->is_stopping;
}

static void finish_job(struct net_tx *tx, struct net_tx_job *job, bool has_come)
{
	if (!job->is_done)
		translate(tx, job);
	if (tx->capture)
		net_tx_slots_capture(&job->frame, tx->queue, &tx->capture, tx->number, job->dropped,
				     has_come ? job->memory + sizeof(struct virtio_net_hdr) : NULL);
	if (!job->is_done)
		send_job(tx, job);
}

static void send_gathered(struct net_tx *tx)
{
	uint64_t now_ns = net_credit_now_ns(&tx->credit);

	for (; tx->nr_sent != tx->nr_gathered; tx->nr_sent++) {
		struct net_tx_job *job = job_at(tx, tx->nr_sent);
		bool has_come = !job->is_done;

		if (has_come && !may_go(tx, job, now_ns)) {
			net_credit_wait(&tx->credit, now_ns);
			return;
		}
		finish_job(tx, job, has_come);
	}
	net_credit_done(&tx->credit);
}

const char *net_tx_flush(struct net_tx *tx)
{
	const char *why = tx->is_gathering ? break_off(tx, "a frame is published in parts") : NULL;
	struct net_tx_job *job;

	grants_copy_run(&tx->queue->grants, copy_failed, tx);
	send_gathered(tx);
	while (tx->nr_answered != tx->nr_gathered && (job = job_at(tx, tx->nr_answered))->is_done) {
		net_tx_slots_answer(&job->frame, tx->queue, job->dropped);
		tx->nr_answered++;
	}
	return tx->is_gone ? TAP_IS_GONE : why;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static void credit_stopped(struct net_credit *credit)
{
	struct net_tx *tx = container_of(credit, struct net_tx, credit);

	tx->stopped(tx);
}

void net_tx_stop(struct net_tx *tx, enum queue_stop how, void (*stopped)(struct net_tx *tx))
{
	tx->is_stopping = true;
	tx->is_left_behind = how == QUEUE_CLOSE;
	tx->stopped = stopped;
	net_credit_stop(&tx->credit, credit_stopped);
}
