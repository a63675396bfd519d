// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdio.h>

#include "backend/net/credit.h"
#include "common/base/clock.h"

#define WINDOW (50 * NSEC_PER_MSEC)
#define FRAME  1500U
#define BEGIN  (7 * NSEC_PER_SEC)

/* ---- the node -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int rc;
	uint64_t bytes, ns;
} texts[] = {
	{ "1048576,50000", 0, 1048576, 50000000 },
	{ "1,1", 0, 1, 1000 },
	{ "0,50000", 0, 0, 0 },
	{ "1000,0", 0, 0, 0 },
	{ "0,0", 0, 0, 0 },
	{ "1152921504606846976,4294967295", 0, 1ULL << 60, 4294967295000 },
	{ "1152921504606846977,1", -22, 0, 0 },
	{ "1,4294967296", -22, 0, 0 },
	{ "99999999999999999999999999,1", -22, 0, 0 },
	{ "", -22, 0, 0 },
	{ ",", -22, 0, 0 },
	{ "1000", -22, 0, 0 },
	{ "1000,", -22, 0, 0 },
	{ ",1000", -22, 0, 0 },
	{ "1000,1000,", -22, 0, 0 },
	{ "1000, 1000", -22, 0, 0 },
	{ "-1,1000", -22, 0, 0 },
	{ "0x10,1000", -22, 0, 0 },
	{ "10Mb/s", -22, 0, 0 },
};

static void a_rate_is_two_numbers(void **state)
{
	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct net_rate_terms terms = { 0 };

		print_message("'%s'\n", texts[i].text);
		assert_int_equal(net_rate_parse(texts[i].text, &terms), texts[i].rc);
		assert_int_equal(terms.window_bytes, texts[i].bytes);
		assert_int_equal(terms.window_ns, texts[i].ns);
	}
}

/* ---- one queue ------------------------------------------------------------------------------------------------- */

static struct net_rate limited(uint64_t window_bytes)
{
	const struct net_rate_terms terms = { .window_bytes = window_bytes, .window_ns = WINDOW };
	struct net_rate rate = { 0 };

	net_rate_set(&rate, &terms, BEGIN);
	return rate;
}

/* How many bytes go at this time. */
static uint64_t send_all(struct net_rate *rate, struct net_rate_queue *queue, uint32_t frame_bytes, uint64_t now_ns)
{
	uint64_t sent = 0;

	while (net_rate_take(rate, queue, frame_bytes, now_ns))
		sent += frame_bytes;
	return sent;
}

static void without_a_limit_everything_goes(void **state)
{
	struct net_rate_queue queue = { 0 };
	struct net_rate rate = { 0 };

	for (unsigned int i = 0; i < 1000; i++)
		assert_true(net_rate_take(&rate, &queue, 65535, BEGIN));
	assert_int_equal(net_rate_wait_ns(&rate, BEGIN), 0);
}

static void over_time_as_much_goes_as_was_said(void **state)
{
	static const uint32_t frames[] = { 60, FRAME, 65535 };
	static const uint64_t windows[] = { 100, FRAME, 62500, 300000 };

	for (unsigned int i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		for (unsigned int k = 0; k < sizeof(windows) / sizeof(windows[0]); k++) {
			struct net_rate rate = limited(windows[k]);
			struct net_rate_queue queue = { 0 };
			uint64_t sent = 0, nr_windows = 2000;

			print_message("frames of %u, windows of %ju\n", frames[i], (uintmax_t)windows[k]);
			for (uint64_t n = 0; n < nr_windows; n++)
				sent += send_all(&rate, &queue, frames[i], BEGIN + n * WINDOW);
			assert_in_range(sent, nr_windows * windows[k], nr_windows * windows[k] + frames[i]);
		}
	}
}

static void what_is_not_used_is_kept_up_to_a_burst(void **state)
{
	struct net_rate small = limited(1000), large = limited(1000000);
	struct net_rate_queue of_small = { 0 }, of_large = { 0 };

	assert_in_range(send_all(&small, &of_small, FRAME, BEGIN + 100000 * WINDOW), NET_RATE_MIN_BURST_BYTES,
			NET_RATE_MIN_BURST_BYTES + FRAME);
	assert_in_range(send_all(&large, &of_large, FRAME, BEGIN + 100000 * WINDOW), 1000000, 1000000 + FRAME);
}

static void a_frame_larger_than_a_window_goes_and_is_paid_for(void **state)
{
	struct net_rate rate = limited(100);
	struct net_rate_queue queue = { 0 };

	assert_true(net_rate_take(&rate, &queue, FRAME, BEGIN));
	assert_false(net_rate_take(&rate, &queue, FRAME, BEGIN + 14 * WINDOW)); /* nothing is owed, nothing is left */
	assert_true(net_rate_take(&rate, &queue, FRAME, BEGIN + 15 * WINDOW));
}

static void credit_comes_with_a_window_not_before(void **state)
{
	struct net_rate rate = limited(FRAME);
	struct net_rate_queue queue = { 0 };

	assert_true(net_rate_take(&rate, &queue, FRAME, BEGIN));
	assert_false(net_rate_take(&rate, &queue, FRAME, BEGIN + WINDOW - 1));
	assert_int_equal(net_rate_wait_ns(&rate, BEGIN + WINDOW - 1), 1);
	assert_true(net_rate_take(&rate, &queue, FRAME, BEGIN + WINDOW));
}

static void who_waits_as_long_as_told_is_let_through(void **state)
{
	struct net_rate rate = limited(20000);
	struct net_rate_queue queue = { 0 };
	uint64_t now = BEGIN;

	for (unsigned int i = 0; i < 1000; i++) {
		while (!net_rate_take(&rate, &queue, 65535, now)) {
			uint64_t wait = net_rate_wait_ns(&rate, now);

			assert_in_range(wait, 1, NET_RATE_MAX_WAIT_NS);
			now += wait;
		}
	}
	assert_in_range((now - BEGIN) / WINDOW, 999ULL * 65535 / 20000 - 1, 999ULL * 65535 / 20000 + 1);
}

static void a_clock_that_another_queue_has_seen_later_is_no_new_window(void **state)
{
	struct net_rate rate = limited(FRAME);
	struct net_rate_queue queue = { 0 };

	assert_int_equal(send_all(&rate, &queue, FRAME, BEGIN + WINDOW), 2 * FRAME);
	assert_false(net_rate_take(&rate, &queue, FRAME, BEGIN - 1));
}

/* ---- changed ----------------------------------------------------------------------------------------------------- */

static void set(struct net_rate *rate, uint64_t window_bytes, uint64_t now_ns)
{
	const struct net_rate_terms terms = { .window_bytes = window_bytes, .window_ns = window_bytes ? WINDOW : 0 };

	net_rate_set(rate, &terms, now_ns);
}

static void a_new_rate_holds_at_once(void **state)
{
	struct net_rate rate = limited(1000000);
	struct net_rate_queue queue = { 0 };

	set(&rate, 3000, BEGIN);
	assert_int_equal(send_all(&rate, &queue, FRAME, BEGIN), 3000);
	set(&rate, 30000, BEGIN);
	assert_int_equal(send_all(&rate, &queue, FRAME, BEGIN), 0);
	assert_int_equal(send_all(&rate, &queue, FRAME, BEGIN + WINDOW), 30000);
	set(&rate, 0, BEGIN + WINDOW);
	assert_true(net_rate_take(&rate, &queue, FRAME, BEGIN + WINDOW));
	set(&rate, 3000, BEGIN + 9 * WINDOW);
	assert_int_equal(send_all(&rate, &queue, FRAME, BEGIN + 9 * WINDOW), 3000);
}

/* ---- several queues ---------------------------------------------------------------------------------------------- */

#define NR_QUEUES  4
#define NR_WINDOWS 2000

/* They always come in the same order, the first one first. */
static void run_queues(struct net_rate *rate, const uint32_t *frame_bytes, uint64_t *sent, unsigned int nr_windows)
{
	struct net_rate_queue queues[NR_QUEUES] = { 0 };

	for (unsigned int n = 0; n < nr_windows; n++) {
		for (unsigned int i = 0; i < NR_QUEUES; i++) {
			if (frame_bytes[i])
				sent[i] += send_all(rate, &queues[i], frame_bytes[i], BEGIN + n * WINDOW);
		}
	}
}

static void queues_that_wait_have_equal_shares(void **state)
{
	static const struct {
		const char *name;
		uint64_t window_bytes;
		uint32_t frame_bytes[NR_QUEUES];
		unsigned int nr;
	} rows[] = {
		{ "four alike", 600000, { 1500, 1500, 1500, 1500 }, 4 },
		{ "two of four", 600000, { 0, 1500, 0, 1500 }, 2 },
		{ "large frames beside small ones", 600000, { 65535, 60, 1500, 9000 }, 4 },
		{ "the same, each larger than a window", 6000, { 65535, 8000, 30000, 9000 }, 4 },
		{ "small ones first", 6000, { 60, 65535, 0, 0 }, 2 },
		{ "one alone", 6000, { 0, 0, 1500, 0 }, 1 },
	};

	for (unsigned int r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct net_rate rate = limited(rows[r].window_bytes);
		uint64_t sent[NR_QUEUES] = { 0 }, share = rows[r].window_bytes * NR_WINDOWS / rows[r].nr;

		print_message("%s\n", rows[r].name);
		run_queues(&rate, rows[r].frame_bytes, sent, NR_WINDOWS);
		for (unsigned int i = 0; i < NR_QUEUES; i++) {
			if (rows[r].frame_bytes[i])
				assert_in_range(sent[i], share - share / 50, share + share / 50);
		}
	}
}

static void a_queue_that_is_done_leaves_its_share(void **state)
{
	struct net_rate rate = limited(60000);
	struct net_rate_queue first = { 0 }, second = { 0 };

	send_all(&rate, &first, FRAME, BEGIN);
	send_all(&rate, &second, FRAME, BEGIN);
	assert_int_equal(send_all(&rate, &first, FRAME, BEGIN + 2 * WINDOW), 30000);
	net_rate_done(&rate, &second);
	net_rate_done(&rate, &second);
	assert_int_equal(rate.nr_waiting, 1);
	assert_int_equal(send_all(&rate, &first, FRAME, BEGIN + 2 * WINDOW), 90000);
	net_rate_done(&rate, &first);
	assert_int_equal(rate.nr_waiting, 0);
}

static void the_time_matters_where_there_is_a_limit(void **state)
{
	struct net_rate rate = { 0 };
	const struct net_credit credit = { .rate = &rate };

	assert_int_equal(net_credit_now_ns(&credit), 0);
	net_rate_set(&rate, &(struct net_rate_terms){ 60000, WINDOW }, BEGIN);
	assert_true(net_credit_now_ns(&credit) > 0);
}

/* Set between the question for the time and the one for credit. */
static void a_rate_without_a_time_gives_what_it_began_with(void **state)
{
	struct net_rate rate = { 0 };
	struct net_rate_queue queue = { 0 };

	net_rate_set(&rate, &(struct net_rate_terms){ 60000, WINDOW }, BEGIN);
	assert_int_equal(send_all(&rate, &queue, FRAME, 0), 60000);
	assert_int_equal(net_rate_wait_ns(&rate, 0), NET_RATE_MAX_WAIT_NS);
}

static bool has_stopped;

static void note_stop(struct net_credit *credit)
{
	has_stopped = true;
}

static void a_connection_that_ends_as_it_waits_leaves_its_share(void **state)
{
	struct net_rate rate = { 0 };
	struct net_credit credit = { .rate = &rate };

	net_rate_set(&rate, &(struct net_rate_terms){ 60000, WINDOW }, BEGIN);
	while (net_credit_take(&credit, FRAME, BEGIN))
		;
	assert_int_equal(rate.nr_waiting, 1);
	net_credit_stop(&credit, note_stop);
	assert_true(has_stopped);
	assert_int_equal(rate.nr_waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_two_numbers),
		cmocka_unit_test(without_a_limit_everything_goes),
		cmocka_unit_test(over_time_as_much_goes_as_was_said),
		cmocka_unit_test(what_is_not_used_is_kept_up_to_a_burst),
		cmocka_unit_test(a_frame_larger_than_a_window_goes_and_is_paid_for),
		cmocka_unit_test(credit_comes_with_a_window_not_before),
		cmocka_unit_test(who_waits_as_long_as_told_is_let_through),
		cmocka_unit_test(a_clock_that_another_queue_has_seen_later_is_no_new_window),
		cmocka_unit_test(a_new_rate_holds_at_once),
		cmocka_unit_test(queues_that_wait_have_equal_shares),
		cmocka_unit_test(a_queue_that_is_done_leaves_its_share),
		cmocka_unit_test(the_time_matters_where_there_is_a_limit),
		cmocka_unit_test(a_rate_without_a_time_gives_what_it_began_with),
		cmocka_unit_test(a_connection_that_ends_as_it_waits_leaves_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
