// SPDX-License-Identifier: MIT
/* The queue on a ring in plain memory: the functions below take the place of libxengnttab's and libxenevtchn's. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/core/queue.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/ring/front.h"

#define REQUEST_BYTES  112
#define RESPONSE_BYTES 16
#define NR_SLOTS       32 /* what fits a page */
#define LOCAL_PORT     70 /* more than the worker's first table has */

/* ---- the hypervisor -------------------------------------------------------------------------------------------- */

static struct {
	void *page;
	int open_errno, map_errno, bind_errno; /* not 0: it fails */
	int nr_handles, nr_maps, nr_binds;     /* held now */
	unsigned int nr_opened, nr_notified, nr_unmasked;
	bool is_masked;
} xen;

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	if (xen.open_errno) {
		errno = xen.open_errno;
		return NULL;
	}
	xen.nr_handles++;
	xen.nr_opened++;
	return (xengnttab_handle *)&xen;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	assert_int_equal(xen.nr_maps, 0);
	xen.nr_handles--;
	return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	assert_int_equal(count, 1);
	assert_int_equal(domid, 5);
	assert_int_equal(refs[0], 8);
	if (xen.map_errno) {
		errno = xen.map_errno;
		return NULL;
	}
	xen.nr_maps++;
	return xen.page;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	assert_ptr_equal(start_address, xen.page);
	assert_int_equal(count, 1);
	xen.nr_maps--;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	assert_int_equal(domid, 5);
	assert_int_equal(remote_port, 9);
	if (xen.bind_errno) {
		errno = xen.bind_errno;
		return -1;
	}
	xen.nr_binds++;
	xen.is_masked = false;
	return LOCAL_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	assert_int_equal(port, LOCAL_PORT);
	xen.nr_binds--;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	assert_int_equal(port, LOCAL_PORT);
	assert_true(xen.nr_binds > 0);
	xen.nr_unmasked++;
	xen.is_masked = false;
	return 0;
}

static void check_at_notify(void);

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	assert_int_equal(port, LOCAL_PORT);
	assert_true(xen.nr_binds > 0);
	xen.nr_notified++;
	check_at_notify();
	return 0;
}

/* ---- the class ------------------------------------------------------------------------------------------------- */

static struct worker worker;
static struct journal journal;
static struct journal_identity identity;
static char journal_path[64];
static struct errbuf err;

static struct queue *queue; /* freed when it is released, as a class may */
static enum { ANSWER_AT_ONCE, ANSWER_IN_FLUSH, HOLD } mode;
static uint32_t held[NR_SLOTS], nr_held;
static unsigned int nr_requests, nr_quiet, nr_broken, nr_refused, nr_stopped, nr_released;
static uint32_t nr_orphans;

static void answer_one(uint32_t slot)
{
	uint8_t response[RESPONSE_BYTES] = { 0 };

	memcpy(response, journal.file->entry[slot].request, 8); /* its id */
	queue_respond(queue, slot, response);
}

static void on_request(struct queue *q, uint32_t slot, const void *bytes)
{
	const struct journal_entry *entry = &journal.file->entry[slot];
	uint64_t id;

	memcpy(&id, bytes, sizeof(id));
	assert_ptr_equal(bytes, entry->request); /* so it is in the journal before it is served */
	assert_int_equal(entry->state, JOURNAL_ENTRY_TAKEN);
	assert_int_equal(entry->request_index, (uint32_t)id);
	if (entry->nr_replays == 0)
		assert_int_equal(journal.file->req_cons, (uint32_t)(id + 1));
	nr_requests++;
	if (mode == ANSWER_AT_ONCE)
		answer_one(slot);
	else
		held[nr_held++] = slot;
}

static void answer_held(void)
{
	while (nr_held)
		answer_one(held[--nr_held]);
}

static void on_flush(struct queue *q)
{
	if (mode == ANSWER_IN_FLUSH)
		answer_held();
}

static bool on_quiet(struct queue *q)
{
	nr_quiet++;
	return true;
}

static void on_broken(struct queue *q)
{
	nr_broken++;
}

static void on_refuse(struct queue *q, uint32_t slot, const void *bytes)
{
	nr_refused++;
	answer_one(slot);
}

static void on_stopped(struct queue *q, uint32_t orphans)
{
	assert_int_equal(xen.nr_maps, 0);
	assert_int_equal(xen.nr_binds, 0);
	nr_stopped++;
	nr_orphans = orphans;
}

static void on_released(struct queue *q)
{
	assert_false(q->deadline.is_armed || q->unmask_later.is_armed || q->quiet_look.is_armed || q->task.is_deferred);
	assert_int_equal(xen.nr_handles, 0);
	nr_released++;
	free(q);
	queue = NULL;
}

static const struct queue_ops ops = {
	.request = on_request,
	.flush = on_flush,
	.quiet = on_quiet,
	.broken = on_broken,
	.refuse = on_refuse,
	.stopped = on_stopped,
	.released = on_released,
};

static struct queue_ops class_ops; /* of the test: ops, or a little else */

/* ---- driving it ------------------------------------------------------------------------------------------------ */

/* Runs the loop until done(), looked at after each batch. */
static struct {
	struct loop_task task;
	bool (*done)(void);
	unsigned int nr_batches;
} until;

static void look(struct loop_task *task)
{
	until.nr_batches++;
	if (until.done())
		loop_stop(&worker.loop);
	else
		loop_defer(&worker.loop, task);
}

static void run_until(bool (*done)(void))
{
	until.task.run = look;
	until.done = done;
	until.nr_batches = 0;
	worker.loop.is_stopping = false;
	loop_defer(&worker.loop, &until.task);
	loop_run(&worker.loop);
}

static bool some_batches_ran(void)
{
	return until.nr_batches >= 8;
}

/* Long enough for everything but timers. */
static void settle(void)
{
	run_until(some_batches_ran);
}

static bool looked_if_quiet(void)
{
	return !queue->quiet_look.is_armed || queue->quiet_look.ts.tv_sec;
}

static bool is_released(void)
{
	return nr_released > 0;
}

static bool is_unmasked(void)
{
	return !xen.is_masked;
}

static bool is_stopped(void)
{
	return nr_stopped > 0;
}

static void send_event(void)
{
	assert_false(xen.is_masked);
	xen.is_masked = true;
	worker.by_port[LOCAL_PORT]->event(worker.by_port[LOCAL_PORT]);
}

/* ---- the guest ------------------------------------------------------------------------------------------------- */

static struct ring_front front;
static struct ring_shared *shared;

/* Requests carry their own index as id. */
static void put_requests(unsigned int n)
{
	uint8_t request[REQUEST_BYTES] = { 0 };

	while (n--) {
		uint64_t id = front.req_prod;

		memcpy(request, &id, sizeof(id));
		assert_true(ring_front_put(&front, request));
	}
	ring_front_push(&front);
}

static unsigned int take_responses(void)
{
	uint8_t response[RESPONSE_BYTES];
	unsigned int n = 0;
	enum ring_pop got;

	do {
		while ((got = ring_front_pop(&front, response)) == RING_GOT)
			n++;
	} while (got == RING_EMPTY && ring_front_final_check(&front));
	assert_int_equal(got, RING_EMPTY);
	return n;
}

/* What is answered is published and its entry free before the guest is told. */
static void check_at_notify(void)
{
	for (uint32_t i = 0; i < NR_SLOTS; i++) {
		const struct journal_entry *entry = &journal.file->entry[i];

		assert_int_not_equal(entry->state, JOURNAL_ENTRY_ANSWERING);
	}
	assert_int_equal(ring_shared_rsp_prod(shared), queue->ring.rsp_prod);
}

/* ---- fixture --------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	struct ring_layout layout;
	int fd;

	memset(&xen, 0, sizeof(xen));
	xen.page = aligned_alloc(4096, 4096);
	memset(xen.page, 0, 4096);
	shared = xen.page;
	assert_true(ring_layout_init(&layout, 4096, REQUEST_BYTES, RESPONSE_BYTES));
	assert_int_equal(layout.nr_slots, NR_SLOTS);
	ring_front_init(&front, xen.page, &layout);
	identity = (struct journal_identity){
		.kind = "vbd",
		.domid = 5,
		.remote_port = 9,
		.nr_refs = 1,
		.ref = { 8 },
		.nr_slots = NR_SLOTS,
		.request_bytes = REQUEST_BYTES,
		.response_bytes = RESPONSE_BYTES,
	};
	strcpy(journal_path, "/tmp/pvring-queue-XXXXXX");
	fd = mkstemp(journal_path);
	close(fd);
	journal_init(&journal);
	memset(&worker, 0, sizeof(worker));
	worker.xce = (xenevtchn_handle *)&xen;
	queue = NULL;
	class_ops = ops;
	mode = ANSWER_AT_ONCE;
	nr_held = nr_requests = nr_quiet = nr_broken = nr_refused = nr_stopped = nr_released = nr_orphans = 0;
	return journal_open(&journal, journal_path, &err) || loop_init(&worker.loop, 64);
}

static int teardown(void **state)
{
	assert_int_equal(xen.nr_handles, 0);
	assert_int_equal(xen.nr_maps, 0);
	assert_int_equal(xen.nr_binds, 0);
	loop_fini(&worker.loop);
	free(worker.by_port);
	journal_remove(&journal);
	free(xen.page);
	free(queue);
	return 0;
}

static int try_open(bool is_resumed)
{
	const struct queue_params params = { .identity = &identity, .is_resumed = is_resumed };

	queue = calloc(1, sizeof(*queue));
	queue_init(queue, &class_ops, &journal);
	err.text[0] = '\0';
	return queue_open(queue, &worker, &params, &err);
}

static void open_queue(void)
{
	assert_int_equal(try_open(false), 0);
	send_event(); /* a port is pending when it is bound */
	settle();
}

static void stop(enum queue_stop how)
{
	queue_stop(queue, how);
	run_until(is_released);
	assert_int_equal(nr_stopped, 1);
	assert_int_equal(nr_released, 1);
}

/* The deadline is in the kernel only when the loop runs: until then it can be brought forward. */
static void hasten_deadline(void)
{
	uint64_t deadline_ns = queue->stop_how == QUEUE_CLOSE ? QUEUE_CLOSE_DEADLINE_NS : QUEUE_HAND_OVER_DEADLINE_NS;

	assert_int_equal(queue->deadline.ts.tv_sec, deadline_ns / 1000000000);
	queue->deadline.ts = (struct __kernel_timespec){ .tv_nsec = 1 };
}

static unsigned int nr_entries_in(enum journal_entry_state state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < NR_SLOTS; i++)
		n += journal.file->entry[i].state == state;
	return n;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static void a_request_is_taken_answered_and_published(void **state)
{
	open_queue();
	put_requests(1);
	send_event();
	settle();
	assert_int_equal(nr_requests, 1);
	assert_int_equal(xen.nr_notified, 1);
	assert_int_equal(take_responses(), 1);
	assert_false(xen.is_masked);
	stop(QUEUE_CLOSE);
}

static void what_is_in_the_ring_when_it_opens_needs_no_event(void **state)
{
	put_requests(3);
	assert_int_equal(try_open(false), 0);
	settle();
	assert_int_equal(take_responses(), 3);
	assert_int_equal(xen.nr_notified, 1);
	stop(QUEUE_CLOSE);
}

static void the_journal_knows_each_step(void **state)
{
	struct journal_entry *entry;

	mode = HOLD;
	open_queue();
	put_requests(2);
	send_event();
	settle();
	assert_int_equal(nr_entries_in(JOURNAL_ENTRY_TAKEN), 2);
	entry = &journal.file->entry[held[1]];
	assert_int_equal(entry->request_index, 1);
	answer_one(held[1]); /* the second one first */
	assert_int_equal(entry->state, JOURNAL_ENTRY_ANSWERING);
	assert_int_equal(entry->response_index, 0);
	assert_true(journal_entry_is_unanswered(entry, ring_shared_rsp_prod(shared)));
	assert_int_equal(take_responses(), 0); /* not until the end of the batch */
	queue_kick(queue);
	settle();
	assert_int_equal(entry->state, JOURNAL_ENTRY_FREE);
	assert_int_equal(nr_entries_in(JOURNAL_ENTRY_TAKEN), 1);
	assert_int_equal(take_responses(), 1);
	nr_held = 1;
	answer_held();
	queue_kick(queue);
	settle();
	assert_int_equal(nr_entries_in(JOURNAL_ENTRY_FREE), NR_SLOTS);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	stop(QUEUE_CLOSE);
	assert_int_equal(journal.file->state, JOURNAL_UNUSED);
}

static void a_batch_is_answered_with_one_notification(void **state)
{
	mode = ANSWER_IN_FLUSH;
	open_queue();
	put_requests(NR_SLOTS);
	send_event();
	settle();
	assert_int_equal(take_responses(), NR_SLOTS);
	assert_int_equal(xen.nr_notified, 1);
	stop(QUEUE_CLOSE);
}

static void as_many_requests_are_held_as_the_ring_has_slots(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(NR_SLOTS);
	send_event();
	settle();
	assert_int_equal(nr_held, NR_SLOTS);
	assert_int_equal(queue_nr_busy(queue), NR_SLOTS);
	assert_int_equal(ring_front_free_slots(&front), 0);
	answer_one(held[--nr_held]);
	queue_kick(queue);
	settle();
	assert_int_equal(take_responses(), 1);
	put_requests(1); /* in the one slot that is free */
	send_event();
	settle();
	assert_int_equal(nr_held, NR_SLOTS);
	answer_held();
	queue_kick(queue);
	settle();
	assert_int_equal(take_responses(), NR_SLOTS);
	stop(QUEUE_CLOSE);
}

static void slots_are_used_again_without_end(void **state)
{
	open_queue();
	for (unsigned int i = 0; i < 1000; i++) {
		put_requests(1 + i % NR_SLOTS);
		send_event();
		settle();
		assert_int_equal(take_responses(), 1 + i % NR_SLOTS);
	}
	assert_int_equal(queue_nr_busy(queue), 0);
	stop(QUEUE_CLOSE);
}

/* ---- looking before sleeping ----------------------------------------------------------------------------------- */

#define EVER_NS (UINT64_MAX / 4)

static bool asks_for_event(void)
{
	return shared->req_event == front.req_prod + 1;
}

static void a_quick_guest_need_not_send_events(void **state)
{
	worker.params.busy_poll_ns = EVER_NS;
	open_queue();
	for (unsigned int i = 1; i <= 5; i++) {
		put_requests(1);
		if (i == 1)
			send_event();
		settle();
		assert_int_equal(take_responses(), 1);
		assert_false(asks_for_event());
	}
	assert_int_equal(xen.nr_unmasked, 2); /* of the bind, and of the first request */
	stop(QUEUE_CLOSE);
}

static void a_guest_that_stops_being_quick_is_asked_for_an_event(void **state)
{
	worker.params.busy_poll_ns = EVER_NS;
	open_queue();
	put_requests(1);
	send_event();
	settle();
	put_requests(1);
	settle();
	assert_false(asks_for_event());
	queue->busy_poll.window_ns = 1; /* it is over */
	run_until(asks_for_event);
	settle();
	assert_false(queue->task.is_deferred);
	assert_int_equal(take_responses(), 2);
	stop(QUEUE_CLOSE);
}

static void what_is_in_flight_leaves_the_cpu_to_others(void **state)
{
	worker.params.busy_poll_ns = EVER_NS;
	mode = HOLD;
	open_queue();
	put_requests(1);
	send_event();
	settle();
	assert_true(queue->busy_poll.looks);
	assert_true(asks_for_event());
	assert_false(queue->task.is_deferred);
	answer_held();
	queue_kick(queue);
	settle();
	assert_true(queue->task.is_deferred); /* now the guest's next request is near */
	stop(QUEUE_CLOSE);
}

static void a_full_ring_is_quick_too(void **state)
{
	worker.params.busy_poll_ns = EVER_NS;
	mode = ANSWER_IN_FLUSH;
	open_queue();
	put_requests(NR_SLOTS);
	send_event();
	settle();
	assert_int_equal(take_responses(), NR_SLOTS);
	assert_false(asks_for_event());
	put_requests(NR_SLOTS);
	settle();
	assert_int_equal(take_responses(), NR_SLOTS);
	stop(QUEUE_CLOSE);
}

/* ---- a hostile guest ------------------------------------------------------------------------------------------- */

static void an_impossible_index_breaks_the_queue_once(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(2);
	send_event();
	settle();
	shared->req_prod += NR_SLOTS; /* two are not answered yet */
	send_event();
	settle();
	assert_int_equal(nr_broken, 1);
	shared->req_prod = 3; /* a good one now: too late */
	for (int i = 0; i < 3; i++) {
		send_event();
		settle();
	}
	assert_int_equal(nr_broken, 1);
	assert_int_equal(nr_requests, 2);
	answer_held(); /* what was taken is answered all the same */
	queue_kick(queue);
	settle();
	assert_int_equal(take_responses(), 2);
	stop(QUEUE_CLOSE);
	assert_int_equal(nr_broken, 1);
}

static void an_index_that_goes_back_breaks_the_queue(void **state)
{
	open_queue();
	put_requests(2);
	send_event();
	settle();
	shared->req_prod = 1;
	send_event();
	settle();
	assert_int_equal(nr_broken, 1);
	stop(QUEUE_CLOSE);
}

static const uint64_t waits_ns[] = { 0,      0,      0,       0,       20000,   40000,    80000,
				     160000, 320000, 640000,  1280000, 2560000, 5120000,  10000000,
				     10000000, 10000000 };

static void a_storm_of_events_is_slowed_down(void **state)
{
	open_queue(); /* its first event is for nothing, too */
	for (size_t i = 1; i < sizeof(waits_ns) / sizeof(waits_ns[0]); i++) {
		send_event();
		run_until(is_unmasked);
		assert_int_equal(queue->unmask_later.ts.tv_nsec, waits_ns[i]);
	}
	assert_int_equal(queue->nr_spurious_events, sizeof(waits_ns) / sizeof(waits_ns[0]));
	/* one request, and all is forgiven: this event does not wait, nor do the next empty ones */
	put_requests(1);
	send_event();
	settle();
	assert_false(xen.is_masked);
	assert_false(queue->unmask_later.is_armed);
	assert_int_equal(queue->nr_empty_events, 0);
	queue->unmask_later.ts.tv_nsec = 0;
	for (int i = 0; i < 4; i++) {
		send_event();
		settle();
		assert_false(xen.is_masked);
	}
	assert_int_equal(queue->unmask_later.ts.tv_nsec, 0);
	stop(QUEUE_CLOSE);
}

static void a_guest_that_works_never_waits(void **state)
{
	open_queue();
	for (int i = 0; i < 1000; i++) {
		put_requests(1);
		send_event();
		settle();
		assert_false(xen.is_masked);
		take_responses();
	}
	assert_int_equal(queue->unmask_later.ts.tv_nsec, 0); /* never armed */
	assert_int_equal(queue->nr_spurious_events, 1);     /* the one at bind */
	stop(QUEUE_CLOSE);
}

static void a_delayed_unmask_does_not_outlive_the_queue(void **state)
{
	open_queue();
	for (int i = 0; i < 12; i++) {
		send_event();
		run_until(is_unmasked);
	}
	send_event();
	queue_kick(queue);
	settle();
	stop(QUEUE_CLOSE); /* on_released() looks that no timer is left */
}

/* ---- quiet ----------------------------------------------------------------------------------------------------- */

/* As hasten_deadline(): the requests must have been taken by hand. */
static void let_it_be_quiet(void)
{
	assert_true(queue->quiet_look.is_armed);
	assert_int_equal(queue->quiet_look.ts.tv_sec, QUEUE_QUIET_NS / 1000000000);
	queue->quiet_look.ts = (struct __kernel_timespec){ .tv_nsec = 1 };
	run_until(looked_if_quiet);
}

/* Without a run of the loop. */
static void take_by_hand(void)
{
	queue->task.run(&queue->task);
}

static void a_queue_is_quiet_once_until_the_next_request(void **state)
{
	open_queue();
	assert_false(queue->quiet_look.is_armed);
	for (unsigned int i = 0; i < 3; i++) {
		put_requests(2);
		take_by_hand();
		let_it_be_quiet();
		assert_int_equal(nr_quiet, i + 1);
		assert_false(queue->quiet_look.is_armed); /* an idle queue costs nothing */
		send_event();
		settle();
		assert_false(queue->quiet_look.is_armed);
	}
	stop(QUEUE_CLOSE);
}

static void a_queue_that_is_asked_is_not_quiet(void **state)
{
	open_queue();
	put_requests(1);
	take_by_hand();
	put_requests(1);
	take_by_hand();
	let_it_be_quiet();
	assert_int_equal(nr_quiet, 0);
	assert_true(queue->quiet_look.is_armed);
	stop(QUEUE_CLOSE); /* on_released() looks that no timer is left */
}

static void a_queue_with_a_request_in_flight_is_not_quiet(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(1);
	take_by_hand();
	let_it_be_quiet();
	assert_int_equal(nr_quiet, 0);
	assert_true(queue->quiet_look.is_armed);
	answer_held();
	queue_kick(queue);
	stop(QUEUE_CLOSE);
}

/* ---- stop ------------------------------------------------------------------------------------------------------ */

static void an_idle_queue_stops_at_once(void **state)
{
	open_queue();
	stop(QUEUE_CLOSE);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(journal.file->state, JOURNAL_UNUSED);
}

static void a_queue_can_stop_before_its_first_batch(void **state)
{
	put_requests(2);
	assert_int_equal(try_open(false), 0);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(nr_requests, 0);
	assert_int_equal(journal.file->state, JOURNAL_CLEAN);
}

static void what_is_in_flight_is_answered_before_the_queue_stops(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(3);
	send_event();
	settle();
	queue_stop(queue, QUEUE_CLOSE);
	put_requests(1); /* too late to be taken */
	send_event();
	settle();
	assert_int_equal(nr_stopped, 0);
	assert_int_equal(nr_requests, 3);
	answer_held();
	queue_kick(queue);
	run_until(is_released);
	assert_int_equal(nr_stopped, 1);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(take_responses(), 3);
}

static void what_does_not_come_back_in_time_is_orphaned(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(2);
	send_event();
	settle();
	queue_stop(queue, QUEUE_HAND_OVER);
	hasten_deadline();
	run_until(is_stopped);
	assert_int_equal(nr_orphans, 2);
	assert_int_equal(journal.file->state, JOURNAL_LIVE); /* nobody may go on with it */
	settle();
	assert_int_equal(nr_released, 0);
	assert_int_equal(xen.nr_handles, 1); /* their pages may still be mapped */
	answer_one(held[--nr_held]);
	queue_kick(queue);
	settle();
	assert_int_equal(nr_released, 0);
	answer_held();
	queue_kick(queue);
	run_until(is_released);
	assert_int_equal(nr_stopped, 1);
	assert_int_equal(take_responses(), 0); /* the ring is no longer ours to write */
}

static void a_request_that_comes_back_at_the_deadline_is_no_orphan(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(1);
	send_event();
	settle();
	queue_stop(queue, QUEUE_CLOSE);
	answer_held();
	queue->deadline.expired(&queue->deadline);
	run_until(is_released);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(take_responses(), 1);
}

static void a_broken_queue_stops_as_any_other(void **state)
{
	open_queue();
	shared->req_prod = 1000;
	send_event();
	settle();
	stop(QUEUE_CLOSE);
	assert_int_equal(nr_orphans, 0);
}

/* ---- hand-over ------------------------------------------------------------------------------------------------- */

static void a_ring_handed_over_goes_on_where_it_was(void **state)
{
	open_queue();
	put_requests(24);
	send_event();
	settle();
	take_responses();
	put_requests(20);
	send_event();
	settle();
	stop(QUEUE_HAND_OVER);
	assert_int_equal(journal.file->state, JOURNAL_CLEAN);
	assert_int_equal(journal.file->req_cons, 44);
	assert_int_equal(journal.file->rsp_prod, 44);
	assert_int_equal(journal_check(&journal, &identity, &err), 0);
	assert_int_equal(take_responses(), 20);
	put_requests(5); /* while nobody serves */

	nr_stopped = nr_released = nr_requests = 0;
	xen.nr_notified = 0;
	assert_int_equal(try_open(true), 0);
	assert_int_equal(xen.nr_notified, 1); /* the other may not have got to it */
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	settle();
	assert_int_equal(nr_requests, 5);
	assert_int_equal(take_responses(), 5);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(journal.file->rsp_prod, 49);
}

/* Its slots are free again, and the next process is given it as if it had never been taken. */
static void what_is_given_back_is_for_the_next_process(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(5);
	send_event();
	settle();
	answer_one(held[0]);
	queue_stop(queue, QUEUE_HAND_OVER);
	for (unsigned int i = 5; i > 1; i--)
		queue_give_back(queue, held[i - 1]);
	run_until(is_released);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(journal_check(&journal, &identity, &err), 0);
	assert_int_equal(take_responses(), 1);

	nr_stopped = nr_released = nr_requests = nr_held = 0;
	mode = ANSWER_AT_ONCE;
	assert_int_equal(try_open(true), 0);
	settle();
	assert_int_equal(nr_requests, 4);
	assert_int_equal(take_responses(), 4);
	stop(QUEUE_HAND_OVER);
}

static void a_ring_that_does_not_agree_with_the_journal_is_left_alone(void **state)
{
	open_queue();
	put_requests(3);
	send_event();
	settle();
	stop(QUEUE_HAND_OVER);
	shared->rsp_prod = 2;
	assert_int_equal(try_open(true), -EUCLEAN);
	assert_string_equal(err.text, "the ring's rsp_prod is 2, the journal's 3");
	assert_int_equal(journal.file->state, JOURNAL_CLEAN); /* as it was */
	shared->rsp_prod = 3;
	free(queue);
	journal.file->req_cons = 3 + NR_SLOTS + 1;
	assert_int_equal(try_open(true), -EUCLEAN);
	assert_string_equal(err.text, "33 requests are unanswered by the ring, 0 by the journal");
	assert_int_equal(xen.nr_notified, 1);
}

/* ---- death ----------------------------------------------------------------------------------------------------- */

/* The process ends, its ring and journal stay: the queue only stops to give back what a dead one has not either. */
static void die(void)
{
	static uint8_t page[4096];
	size_t size = sizeof(*journal.file) + NR_SLOTS * sizeof(struct journal_entry);
	void *file = malloc(size);

	memcpy(page, xen.page, sizeof(page));
	memcpy(file, journal.file, size);
	answer_held();
	stop(QUEUE_CLOSE);
	memcpy(xen.page, page, sizeof(page));
	memcpy(journal.file, file, size);
	free(file);
	nr_stopped = nr_released = nr_requests = nr_held = 0;
}

static void die_with(unsigned int nr_unanswered)
{
	mode = HOLD;
	open_queue();
	put_requests(nr_unanswered);
	send_event();
	settle();
	die();
}

static void go_on(void)
{
	assert_int_equal(try_open(true), 0);
	settle();
}

static void what_a_dead_process_left_is_served_in_order_and_first(void **state)
{
	mode = HOLD;
	open_queue();
	put_requests(7);
	send_event();
	settle();
	answer_one(held[3]); /* and not published */
	held[3] = held[--nr_held];
	die();
	put_requests(2);
	go_on();
	assert_int_equal(nr_requests, 9);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(journal.file->entry[held[i]].request_index, i);
	assert_int_equal(queue_nr_busy(queue), 9);
	mode = ANSWER_IN_FLUSH;
	queue_kick(queue);
	settle();
	assert_int_equal(take_responses(), 9);
	assert_int_equal(nr_entries_in(JOURNAL_ENTRY_FREE), NR_SLOTS);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(journal.file->state, JOURNAL_CLEAN);
}

static void a_full_ring_is_served_again(void **state)
{
	die_with(NR_SLOTS);
	mode = ANSWER_AT_ONCE;
	go_on();
	assert_int_equal(take_responses(), NR_SLOTS);
	put_requests(NR_SLOTS);
	send_event();
	settle();
	assert_int_equal(take_responses(), NR_SLOTS);
	stop(QUEUE_HAND_OVER);
}

/* What was not begun yet is the next one's, though nothing is clean. */
static void a_process_that_ends_at_once_leaves_it_to_the_next(void **state)
{
	die_with(5);
	assert_int_equal(try_open(true), 0);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(nr_requests, 0);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	nr_stopped = nr_released = 0;
	mode = ANSWER_AT_ONCE;
	go_on();
	assert_int_equal(take_responses(), 5);
	stop(QUEUE_HAND_OVER);
}

static void what_two_processes_died_with_is_served_alone(void **state)
{
	die_with(4);
	go_on();
	assert_int_equal(nr_requests, 4); /* together */
	die();
	put_requests(1);
	go_on();
	for (unsigned int i = 1; i <= 4; i++) {
		assert_int_equal(nr_requests, i);
		assert_int_equal(queue_nr_busy(queue), 1);
		answer_held();
		queue_kick(queue);
		settle();
	}
	assert_int_equal(nr_requests, 5);
	answer_held();
	queue_kick(queue);
	settle();
	assert_int_equal(take_responses(), 5);
	assert_int_equal(nr_refused, 0);
	stop(QUEUE_CLOSE);
}

/* Answered in flush(): nothing else would look again. */
static void one_that_is_served_alone_is_followed_by_the_next(void **state)
{
	die_with(4);
	go_on();
	die();
	mode = ANSWER_IN_FLUSH;
	go_on();
	assert_int_equal(take_responses(), 4);
	stop(QUEUE_CLOSE);
}

static void what_three_processes_died_with_is_refused(void **state)
{
	die_with(4);
	go_on();
	die();
	go_on();
	assert_int_equal(nr_requests, 1);
	die();
	go_on();
	assert_int_equal(nr_refused, 1);
	assert_int_equal(nr_requests, 0);
	assert_int_equal(take_responses(), 1);
	put_requests(1);
	send_event();
	settle();
	assert_int_equal(nr_requests, 0); /* nothing more is taken */
	stop(QUEUE_CLOSE);
}

static bool has_two_requests(void)
{
	return nr_requests == 2;
}

/* Its request may take for ever, as with a disk that hangs: that is not what daemons die of. */
static void what_is_outlived_is_no_suspect(void **state)
{
	die_with(2);
	go_on();
	die();
	go_on();
	assert_int_equal(nr_requests, 1);
	assert_int_equal(journal.file->entry[held[0]].nr_replays, 2);
	run_until(has_two_requests);
	assert_int_equal(journal.file->entry[held[0]].nr_replays, 0);
	answer_held();
	stop(QUEUE_CLOSE);
}

static void what_is_handed_over_was_outlived(void **state)
{
	die_with(1);
	go_on();
	assert_int_equal(journal.file->entry[held[0]].nr_replays, 1);
	queue_stop(queue, QUEUE_HAND_OVER);
	hasten_deadline();
	run_until(is_stopped);
	assert_int_equal(nr_orphans, 1);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	assert_int_equal(journal.file->entry[held[0]].state, JOURNAL_ENTRY_TAKEN);
	assert_int_equal(journal.file->entry[held[0]].nr_replays, 0);
	answer_held();
	queue_kick(queue);
	run_until(is_released);
}

/* A response that nobody was shown stands where the first of them was. */
static void a_replay_that_is_given_back_keeps_its_bytes(void **state)
{
	die_with(3);
	memset((uint8_t *)xen.page + 64, 0xee, RESPONSE_BYTES);
	go_on();
	queue_stop(queue, QUEUE_HAND_OVER);
	while (nr_held)
		queue_give_back(queue, held[--nr_held]);
	run_until(is_released);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	nr_stopped = nr_released = nr_requests = 0;
	mode = ANSWER_AT_ONCE;
	go_on();
	assert_int_equal(nr_requests, 3);
	assert_int_equal(take_responses(), 3);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(journal.file->state, JOURNAL_CLEAN);
}

static void parts_of_something_are_not_served_alone(void **state)
{
	class_ops.has_parts = true;
	die_with(4);
	go_on();
	die();
	go_on();
	assert_int_equal(nr_requests, 4);
	die();
	go_on();
	assert_int_equal(nr_requests, 0);
	assert_int_equal(nr_refused, 1);
	stop(QUEUE_CLOSE);
}

static void what_nothing_is_suspected_of_is_served_for_ever(void **state)
{
	class_ops.refuse = NULL;
	die_with(2);
	for (int i = 0; i < 4; i++) {
		go_on();
		assert_int_equal(nr_requests, 2);
		assert_true(queue_is_replay(queue, held[0]));
		die();
	}
	go_on();
	answer_held();
	stop(QUEUE_CLOSE);
}

static void who_takes_by_itself_gets_what_is_left_first(void **state)
{
	uint32_t slot;

	die_with(3);
	put_requests(2);
	class_ops.request = NULL;
	go_on();
	assert_true(queue_has_requests(queue, 3));
	assert_true(queue_has_requests(queue, 5));
	assert_false(queue_has_requests(queue, 6));
	for (unsigned int i = 0; i < 5; i++) {
		assert_non_null(queue_take(queue, &slot));
		assert_int_equal(journal.file->entry[slot].request_index, i);
		assert_int_equal(queue_is_replay(queue, slot), i < 3);
		answer_one(slot);
	}
	assert_null(queue_take(queue, &slot));
	stop(QUEUE_HAND_OVER);
	assert_int_equal(take_responses(), 5);
}

static void a_port_that_a_dead_process_still_has_is_asked_for_again(void **state)
{
	die_with(1);
	xen.bind_errno = EINVAL;
	assert_int_equal(try_open(true), -EAGAIN);
	free(queue);
	xen.bind_errno = 0;
	mode = ANSWER_AT_ONCE;
	go_on();
	assert_int_equal(take_responses(), 1);
	stop(QUEUE_CLOSE);
}

static void indexes_wrap(void **state)
{
	const uint32_t start = UINT32_MAX - 50;

	assert_int_equal(journal_begin(&journal, &identity, start, &err), 0);
	journal_hand_over(&journal, start, start);
	shared->req_prod = shared->rsp_prod = start;
	shared->req_event = shared->rsp_event = start + 1;
	assert_true(ring_front_attach(&front, shared, &front.layout, start, start));
	assert_int_equal(try_open(true), 0);
	settle();
	for (int i = 0; i < 20; i++) {
		put_requests(7);
		send_event();
		settle();
		assert_int_equal(take_responses(), 7);
	}
	assert_int_equal(nr_broken, 0);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(journal.file->rsp_prod, (uint32_t)(start + 140));
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int open_errno, map_errno, bind_errno;
	uint32_t nr_slots, request_bytes;
	int rc;
	const char *reason;
} failures[] = {
	{ "no grant device", EACCES, 0, 0, NR_SLOTS, REQUEST_BYTES, -EACCES, "/dev/xen/gntdev: Permission denied" },
	{ "the ring cannot be mapped", 0, EINVAL, 0, NR_SLOTS, REQUEST_BYTES, -EINVAL,
	  "cannot map the ring of 1 page(s), first grant 8 of domain 5: Invalid argument" },
	{ "no request fits the ring", 0, 0, 0, NR_SLOTS, 5000, -EINVAL, "a ring of 1 page(s) holds no request" },
	{ "the port cannot be bound", 0, 0, ENOENT, NR_SLOTS, REQUEST_BYTES, -ENOENT,
	  "cannot bind event channel 9 of domain 5: No such file or directory" },
	{ "the journal has no room", 0, 0, 0, JOURNAL_MAX_ENTRIES + 1, REQUEST_BYTES, -E2BIG, NULL },
};

static void a_queue_that_cannot_open_holds_nothing_and_says_why(void **state)
{
	const struct journal_identity good = identity;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		print_message("# %s\n", failures[i].name);
		identity = good;
		identity.nr_slots = failures[i].nr_slots;
		identity.request_bytes = failures[i].request_bytes;
		xen.open_errno = failures[i].open_errno;
		xen.map_errno = failures[i].map_errno;
		xen.bind_errno = failures[i].bind_errno;
		assert_int_equal(try_open(false), failures[i].rc);
		if (failures[i].reason)
			assert_string_equal(err.text, failures[i].reason);
		assert_int_equal(xen.nr_handles, 0);
		assert_int_equal(xen.nr_maps, 0);
		assert_int_equal(xen.nr_binds, 0);
		assert_int_not_equal(journal.file->state, JOURNAL_LIVE);
		free(queue); /* nothing points to it: */
		queue = NULL;
		settle();
	}
	xen.open_errno = xen.map_errno = xen.bind_errno = 0;
	identity = good;
	put_requests(1);
	open_queue();
	assert_int_equal(take_responses(), 1);
	stop(QUEUE_CLOSE);
	assert_int_equal(nr_released, 1);
}

/* ---- without the journal --------------------------------------------------------------------------------------- */

/* Seven requests, of which the second was answered: where the first stood there is an answer now. */
static void die_without_journal(void)
{
	mode = HOLD;
	open_queue();
	put_requests(7);
	send_event();
	settle();
	answer_one(held[1]);
	held[1] = held[--nr_held];
	queue_kick(queue);
	settle();
	die();
	memset(journal.file, 0, sizeof(*journal.file));
	journal.is_given_up = true;
	mode = ANSWER_AT_ONCE;
}

static void serve_new(unsigned int nr)
{
	nr_requests = 0;
	put_requests(nr);
	send_event();
	settle();
	assert_int_equal(nr_requests, nr);
	assert_int_equal(take_responses(), nr);
}

static void what_nobody_knows_is_never_answered_and_the_rest_is(void **state)
{
	die_without_journal();
	put_requests(2); /* nobody can tell them from the others */
	go_on();
	assert_int_equal(xen.nr_notified, 1 + 1);
	assert_int_equal(nr_requests, 0);
	assert_int_equal(take_responses(), 1);
	assert_int_equal(journal.nr_abandoned, 8);
	serve_new(NR_SLOTS - 8);
	stop(QUEUE_HAND_OVER);
	assert_int_equal(nr_orphans, 0);
	assert_int_equal(journal_check(&journal, &identity, &err), 0);

	nr_stopped = nr_released = 0;
	go_on();
	assert_int_equal(journal.nr_abandoned, 8);
	serve_new(NR_SLOTS - 8);
	mode = HOLD;
	put_requests(3);
	send_event();
	settle();
	die();
	go_on();
	assert_int_equal(nr_requests, 3);
	assert_int_equal(journal.nr_resumed, 3);
	assert_int_equal(journal.nr_abandoned, 8);
	answer_held();
	stop(QUEUE_HAND_OVER);
}

static void a_ring_without_room_is_not_taken_up_without_a_journal(void **state)
{
	die_without_journal();
	assert_int_equal(take_responses(), 1);
	put_requests(NR_SLOTS - 6);
	assert_int_equal(try_open(true), -EUCLEAN);
	assert_string_equal(err.text, "all 32 slots of the ring are of requests that nobody will answer: "
				      "there is no room for another");
	free(queue);
	shared->rsp_prod--;
	assert_int_equal(try_open(true), -EUCLEAN);
	assert_string_equal(err.text, "33 requests are unanswered by a ring of 32 slots");
	assert_int_not_equal(journal.file->state, JOURNAL_LIVE);
}

static void what_a_guest_would_hang_with_is_left_alone(void **state)
{
	die_without_journal();
	class_ops.left = QUEUE_LEFT_FORBIDS;
	assert_int_equal(try_open(true), -EUCLEAN);
	assert_string_equal(err.text, "6 requests are unanswered, and the ring does not say which: the guest would "
				      "hang with one of them that never is");
	free(queue);
	shared->rsp_prod = 7;
	go_on();
	take_responses();
	serve_new(NR_SLOTS);
	stop(QUEUE_HAND_OVER);
}

static void on_disown(struct queue *q, const void *request, void *response)
{
	nr_refused++;
	memcpy(response, request, 8);
	memset((char *)response + 8, 0xee, RESPONSE_BYTES - 8);
}

static void what_is_answered_in_order_is_disowned(void **state)
{
	uint8_t response[RESPONSE_BYTES];
	uint64_t id;

	die_without_journal();
	class_ops.left = QUEUE_LEFT_DISOWNED;
	class_ops.disown = on_disown;
	go_on();
	assert_int_equal(nr_refused, 6);
	assert_int_equal(nr_requests, 0);
	ring_front_pop(&front, response);
	for (uint64_t i = 1; i < 7; i++) {
		assert_int_equal(ring_front_pop(&front, response), RING_GOT);
		memcpy(&id, response, sizeof(id));
		assert_int_equal(id, i);
		assert_int_equal(response[8], 0xee);
	}
	assert_int_equal(nr_entries_in(JOURNAL_ENTRY_FREE), NR_SLOTS);
	take_responses();
	serve_new(NR_SLOTS);
	stop(QUEUE_HAND_OVER);
}

static void what_may_be_asked_twice_is_taken(void **state)
{
	die_without_journal();
	class_ops.left = QUEUE_LEFT_TAKEN;
	go_on();
	assert_int_equal(nr_requests, 6);
	assert_int_equal(take_responses(), 7);
	stop(QUEUE_HAND_OVER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_taken_answered_and_published),
		TEST(what_is_in_the_ring_when_it_opens_needs_no_event),
		TEST(the_journal_knows_each_step),
		TEST(a_batch_is_answered_with_one_notification),
		TEST(as_many_requests_are_held_as_the_ring_has_slots),
		TEST(slots_are_used_again_without_end),
		TEST(a_quick_guest_need_not_send_events),
		TEST(a_guest_that_stops_being_quick_is_asked_for_an_event),
		TEST(what_is_in_flight_leaves_the_cpu_to_others),
		TEST(a_full_ring_is_quick_too),
		TEST(an_impossible_index_breaks_the_queue_once),
		TEST(an_index_that_goes_back_breaks_the_queue),
		TEST(a_storm_of_events_is_slowed_down),
		TEST(a_guest_that_works_never_waits),
		TEST(a_delayed_unmask_does_not_outlive_the_queue),
		TEST(a_queue_is_quiet_once_until_the_next_request),
		TEST(a_queue_that_is_asked_is_not_quiet),
		TEST(a_queue_with_a_request_in_flight_is_not_quiet),
		TEST(an_idle_queue_stops_at_once),
		TEST(a_queue_can_stop_before_its_first_batch),
		TEST(what_is_in_flight_is_answered_before_the_queue_stops),
		TEST(what_does_not_come_back_in_time_is_orphaned),
		TEST(a_request_that_comes_back_at_the_deadline_is_no_orphan),
		TEST(a_broken_queue_stops_as_any_other),
		TEST(a_ring_handed_over_goes_on_where_it_was),
		TEST(what_is_given_back_is_for_the_next_process),
		TEST(a_ring_that_does_not_agree_with_the_journal_is_left_alone),
		TEST(what_a_dead_process_left_is_served_in_order_and_first),
		TEST(a_full_ring_is_served_again),
		TEST(a_process_that_ends_at_once_leaves_it_to_the_next),
		TEST(what_two_processes_died_with_is_served_alone),
		TEST(one_that_is_served_alone_is_followed_by_the_next),
		TEST(what_three_processes_died_with_is_refused),
		TEST(what_is_outlived_is_no_suspect),
		TEST(what_is_handed_over_was_outlived),
		TEST(a_replay_that_is_given_back_keeps_its_bytes),
		TEST(parts_of_something_are_not_served_alone),
		TEST(what_nothing_is_suspected_of_is_served_for_ever),
		TEST(who_takes_by_itself_gets_what_is_left_first),
		TEST(a_port_that_a_dead_process_still_has_is_asked_for_again),
		TEST(indexes_wrap),
		TEST(a_queue_that_cannot_open_holds_nothing_and_says_why),
		TEST(what_nobody_knows_is_never_answered_and_the_rest_is),
		TEST(a_ring_without_room_is_not_taken_up_without_a_journal),
		TEST(what_a_guest_would_hang_with_is_left_alone),
		TEST(what_is_answered_in_order_is_disowned),
		TEST(what_may_be_asked_twice_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
