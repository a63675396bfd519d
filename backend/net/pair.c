// SPDX-License-Identifier: MIT
#include "backend/net/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/net/hold.h"
#include "backend/net/tx_slots.h"
#include "common/base/container.h"

#define MAX_JOBS NET_DELIVERY_FRAMES /* so that a batch is one call of each kind */

static const char cannot_be_used[] = "its memory, or the other guest's, cannot be used";

struct net_pair_job {
	struct net_tx_frame frame;
	struct net_rx_frame out;
	struct net_hold hold; /* where we hold it */
	const char *dropped;  /* a constant; NULL: it is, or goes, to the other guest */
	bool has_credit;      /* the rate has let it go */
};

static struct net_pair_job *job_at(struct net_pair_end *end, uint32_t index)
{
	return &end->jobs[index % MAX_JOBS];
}

int net_pair_end_init(struct net_pair_end *end, const struct net_pair_params *params)
{
	*end = (struct net_pair_end){
		.params = *params,
		.delivery = { .queue = params->rx, .counters = &params->counters->rx },
		.credit = { .rate = params->rate, .queue = params->tx },
	};
	end->jobs = calloc(MAX_JOBS, sizeof(*end->jobs));
	return end->jobs ? 0 : -ENOMEM;
}

void net_pair_end_fini(struct net_pair_end *end)
{
	capture_put(&end->capture);
	capture_put(&end->delivery.capture);
	net_hold_free(end->area);
	free(end->jobs);
	end->area = NULL;
	end->jobs = NULL;
}

bool net_pair_end_trim(struct net_pair_end *end)
{
	if (end->nr_handed != end->nr_gathered)
		return false;
	net_hold_free(end->area);
	end->area = NULL;
	return true;
}

/* ---- gathering ------------------------------------------------------------------------------------------------- */

static void gathered(struct net_pair_end *end, struct net_pair_job *job)
{
	job->dropped = job->frame.group_change ? "a multicast group is changed, and there is no list of them" :
						 job->frame.rejected;
	job->has_credit = false;
	end->is_gathering = false;
	end->nr_gathered++;
}

/* What there is of the frame counts as one, so that its slots are answered. */
static const char *break_off(struct net_pair_end *end, const char *why)
{
	struct net_pair_job *job = job_at(end, end->nr_gathered);

	job->frame.rejected = why;
	gathered(end, job);
	return why;
}

static const char *take_slot(struct net_pair_end *end, uint32_t slot, const void *request)
{
	struct net_pair_job *job = job_at(end, end->nr_gathered);

	if (!end->is_gathering) {
		memset(&job->hold, 0, sizeof(job->hold));
		net_tx_frame_begin(&job->frame);
		end->is_gathering = true;
	}
	switch (net_tx_frame_add(&job->frame, slot, request)) {
	case NET_TX_MORE:
		return NULL;
	case NET_TX_LAST:
		gathered(end, job);
		return NULL;
	default:
		return break_off(end, job->frame.rejected);
	}
}

static const char *gather(struct net_pair_end *end)
{
	const char *why = NULL;
	const void *request;
	uint32_t slot;

	while (!why && end->nr_gathered - end->nr_handed < MAX_JOBS && (request = queue_take(end->params.tx, &slot)))
		why = take_slot(end, slot, request);
	if (!why && end->is_gathering)
		why = break_off(end, "a frame is published in parts");
	return why;
}

static void capture(struct net_pair_end *end, const struct net_pair_job *job, const void *bytes)
{
	net_tx_slots_capture(&job->frame, end->params.tx, &end->capture, 0, job->dropped, bytes);
}

/* ---- to the other guest ---------------------------------------------------------------------------------------- */

/* As it is: with what it leaves to be done? Of which IP it is, only its header says. */
static bool takes_it(const struct net_takes *takes, const struct net_meta *meta)
{
	if (meta->gso_type != XEN_NETIF_GSO_TYPE_NONE)
		return meta->is_csum_blank && vnet_takes_large(takes, meta->gso_type);
	return !meta->is_csum_blank || (takes->csum_ipv4 && takes->csum_ipv6);
}

static bool hand_over_lent(struct net_pair_end *from, struct net_pair_job *job, const struct net_meta *meta)
{
	job->out = (struct net_rx_frame){
		.lent = &job->frame,
		.lender = from->params.tx->grants.domid,
		.len_bytes = job->frame.len_bytes,
		.meta = *meta,
	};
	job->dropped = job->out.rejected = net_rx_frame_check_size(&job->out, &from->other->params.limits);
	return net_delivery_add(&from->other->delivery, &job->out);
}

static void fetch(struct net_pair_end *from, struct net_pair_job *job, const struct net_meta *meta)
{
	if (!from->area)
		from->area = net_hold_alloc();
	if (!from->area) {
		job->dropped = "no memory";
		return;
	}
	job->dropped = net_hold_fetch(&job->hold, from->area, &job->frame, &from->params.tx->grants, meta);
	if (from->capture)
		capture(from, job, net_hold_bytes(&job->hold));
}

/* One frame at a time has the memory, so each is delivered before the next is asked for. */
static bool hand_over_held(struct net_pair_end *from, struct net_pair_job *job, const struct net_meta *meta)
{
	struct net_pair_end *to = from->other;
	struct net_hold *hold = &job->hold;

	if (!hold->is_fetched)
		fetch(from, job, meta);
	while (!job->dropped && net_hold_next(hold, &to->params.limits, &job->out)) {
		if (!net_delivery_add(&to->delivery, &job->out))
			return false;
		net_delivery_run(&to->delivery);
		net_hold_took(hold);
		/* What is cut from it shares its fate: one that is not given has taken no place that would bound us. */
		if (job->out.rejected || job->out.has_failed)
			job->dropped = job->out.rejected ? job->out.rejected : cannot_be_used;
	}
	return true;
}

/* Then its bytes must have been here. */
static bool is_captured(const struct net_pair_end *from)
{
	return from->capture || from->other->delivery.capture;
}

/* false: there is no room for it yet, or nobody. */
static bool hand_over(struct net_pair_end *from, struct net_pair_job *job)
{
	struct net_meta meta = net_tx_slots_meta(&job->frame);

	if (!job->dropped && !from->other && from->is_other_expected)
		return false;
	if (!job->dropped && !from->other)
		job->dropped = "there is nobody at the other end";
	if (job->dropped)
		return true;
	meta.is_data_validated |= meta.is_csum_blank;
	if (!is_captured(from) && takes_it(&from->other->params.limits.takes, &meta))
		return hand_over_lent(from, job, &meta);
	net_delivery_run(&from->other->delivery); /* those before it */
	return hand_over_held(from, job, &meta);
}

/* false: it has to wait for its rate, and so have those behind it. */
static bool may_go(struct net_pair_end *from, struct net_pair_job *job, uint64_t now_ns)
{
	if (job->dropped || job->has_credit)
		return true;
	job->has_credit = net_credit_take(&from->credit, job->frame.len_bytes, now_ns);
	if (job->has_credit)
		net_credit_done(&from->credit);
	else
		net_credit_wait(&from->credit, now_ns);
	return job->has_credit;
}

static void hand_over_gathered(struct net_pair_end *end)
{
	uint64_t now_ns = net_credit_now_ns(&end->credit);

	while (end->nr_handed != end->nr_gathered) {
		struct net_pair_job *job = job_at(end, end->nr_handed);

		if (!may_go(end, job, now_ns) || !hand_over(end, job))
			return;
		end->nr_handed++;
	}
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static void count(struct net_direction *sent, struct net_pair_job *job)
{
	if (!job->dropped && job->out.has_failed)
		job->dropped = cannot_be_used;
	if (job->dropped) {
		reasons_count(&sent->drops, job->dropped, 1);
		return;
	}
	counter_add(&sent->nr_frames, 1);
	counter_add(&sent->nr_bytes, job->frame.len_bytes);
}

static void answer_all(struct net_pair_end *end, uint32_t from)
{
	for (uint32_t i = from; i != end->nr_handed; i++) {
		struct net_pair_job *job = job_at(end, i);

		count(&end->params.counters->tx, job);
		if (end->capture && !job->hold.is_fetched)
			capture(end, job, NULL);
		net_tx_slots_answer(&job->frame, end->params.tx, job->dropped);
	}
}

static void drop_all(struct net_pair_end *end, const char *why)
{
	uint32_t from = end->nr_handed;

	for (; end->nr_handed != end->nr_gathered; end->nr_handed++) {
		struct net_pair_job *job = job_at(end, end->nr_handed);

		if (!job->dropped)
			job->dropped = why;
	}
	answer_all(end, from);
}

/* The newest first, as they were taken last. Not one that was given in part: it would be given twice. */
static void give_back_all(struct net_pair_end *end)
{
	uint32_t first = end->nr_handed;

	if (first != end->nr_gathered && job_at(end, first)->hold.nr_given > 0)
		first++;
	while (end->nr_gathered != first)
		net_tx_slots_give_back(&job_at(end, --end->nr_gathered)->frame, end->params.tx);
}

/* ---- a guest that posts nothing -------------------------------------------------------------------------------- */

static void stalled_long(struct loop_timer *timer);

/* Who waits for credit waits for nobody. */
static void watch_stall(struct net_pair_end *end)
{
	bool waits = end->nr_handed != end->nr_gathered && job_at(end, end->nr_handed)->has_credit;

	if (!waits || end->stall.is_armed)
		return;
	end->nr_handed_at_stall = end->nr_handed;
	loop_timer_start(&end->params.tx->worker->loop, &end->stall, NET_RX_STALL_NS, stalled_long);
}

static void stalled_long(struct loop_timer *timer)
{
	struct net_pair_end *end = container_of(timer, struct net_pair_end, stall);

	if (!end->is_running)
		return;
	if (end->nr_handed == end->nr_handed_at_stall) {
		drop_all(end, end->other ? "the other guest has posted no buffers" : "the other end has not come back");
		end->is_other_expected = false;
	}
	queue_kick(end->params.tx);
	watch_stall(end);
}

const char *net_pair_end_flush(struct net_pair_end *end)
{
	uint32_t from = end->nr_handed;
	const char *why;

	if (!end->is_running)
		return NULL;
	why = gather(end);
	hand_over_gathered(end);
	if (end->other)
		net_delivery_run(&end->other->delivery);
	if (end->other && end->other->params.rx->nr_answered > 0)
		queue_kick(end->other->params.rx); /* shows it, also the first of what is cut from one frame */
	answer_all(end, from);
	watch_stall(end);
	if (end->nr_handed == end->nr_gathered && queue_has_requests(end->params.tx, 1))
		queue_kick(end->params.tx);
	return why;
}

void net_pair_end_posted(struct net_pair_end *end)
{
	if (end->other && end->other->nr_handed != end->other->nr_gathered)
		queue_kick(end->other->params.tx);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void net_pair_end_start(struct net_pair_end *end, bool is_resumed)
{
	struct net_pair *pair = end->params.pair;
	unsigned int i = pair->end[0] ? 1 : 0;

	pair->end[i] = end;
	end->other = pair->end[!i];
	if (end->other)
		end->other->other = end;
	end->is_other_expected = is_resumed;
	end->is_running = true;
	queue_kick(end->params.tx);
}

static void leave(struct net_pair_end *end, bool is_handed_over)
{
	struct net_pair *pair = end->params.pair;

	pair->end[pair->end[0] == end ? 0 : 1] = NULL;
	if (!end->other)
		return;
	end->other->other = NULL;
	end->other->is_other_expected = is_handed_over;
	queue_kick(end->other->params.tx);
	end->other = NULL;
}

static void credit_stopped(struct net_credit *credit)
{
	struct net_pair_end *end = container_of(credit, struct net_pair_end, credit);

	end->stopped(end);
}

static void stall_gone(struct loop_timer *timer)
{
	net_credit_stop(&container_of(timer, struct net_pair_end, stall)->credit, credit_stopped);
}

void net_pair_end_stop(struct net_pair_end *end, enum queue_stop how, void (*stopped)(struct net_pair_end *end))
{
	end->is_running = false;
	end->stopped = stopped;
	leave(end, how == QUEUE_HAND_OVER);
	if (how == QUEUE_HAND_OVER)
		give_back_all(end);
	drop_all(end, "the connection ends");
	if (end->stall.is_armed)
		loop_timer_cancel(&end->params.tx->worker->loop, &end->stall, stall_gone);
	else
		stall_gone(&end->stall);
}
