// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/core/busy_poll.h"

#define WINDOW_NS 100

static struct busy_poll begin(uint64_t window_ns)
{
	struct busy_poll poll;

	busy_poll_init(&poll, window_ns);
	busy_poll_took(&poll, 1000000);
	assert_false(busy_poll_goes_on(&poll, 1000000)); /* nothing is known of this guest yet */
	return poll;
}

static void a_quick_guest_is_looked_for(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_answered(&poll, 1000010);
	busy_poll_took(&poll, 1000060);
	assert_true(busy_poll_goes_on(&poll, 1000060 + WINDOW_NS - 1));
	assert_false(busy_poll_goes_on(&poll, 1000060 + WINDOW_NS));
}

static void the_time_counts_from_the_last_answer(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	busy_poll_answered(&poll, 1005000); /* however long that took */
	assert_true(busy_poll_goes_on(&poll, 1005000 + WINDOW_NS - 1));
	assert_false(busy_poll_goes_on(&poll, 1005000 + WINDOW_NS));
}

static void a_guest_that_was_quick_but_for_our_wake_up_is_quick(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000000 + 2 * WINDOW_NS - 1);
	assert_true(busy_poll_goes_on(&poll, 1000000 + 2 * WINDOW_NS));
}

/* Requests come so long after each other; how many of n are looked for in vain? */
static unsigned int nr_vain_looks(struct busy_poll *poll, uint64_t wait_ns, unsigned int n)
{
	uint64_t now = poll->worked_ns;
	unsigned int nr = 0;

	while (n--) {
		nr += poll->looks && wait_ns >= poll->window_ns;
		now += wait_ns;
		busy_poll_took(poll, now);
	}
	return nr;
}

static void a_slow_guest_is_not_looked_for(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	assert_int_equal(nr_vain_looks(&poll, 2 * WINDOW_NS, 10000), 1);
}

/* With the wake-up it takes less than two windows, which looking does not change: it is never found. */
static void a_guest_just_too_slow_is_looked_for_ever_more_rarely(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	assert_in_range(nr_vain_looks(&poll, 3 * WINDOW_NS / 2, 10000), 1, 100);
}

static void a_guest_that_is_late_now_and_then_is_looked_for_all_the_same(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	for (int i = 0; i < 1000; i++) {
		nr_vain_looks(&poll, WINDOW_NS / 2, 2);
		assert_int_equal(nr_vain_looks(&poll, 3 * WINDOW_NS / 2, 1), 1);
	}
}

static void a_guest_that_is_quick_again_is_looked_for_again(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	nr_vain_looks(&poll, 3 * WINDOW_NS / 2, 10000);
	nr_vain_looks(&poll, WINDOW_NS / 2, 200);
	assert_true(busy_poll_goes_on(&poll, poll.worked_ns + 1));
	assert_int_equal(poll.nr_doublings, 0);
}

static void without_a_window_nobody_is_looked_for(void **state)
{
	struct busy_poll poll = begin(0);

	busy_poll_took(&poll, 1000000);
	assert_false(busy_poll_goes_on(&poll, 1000000));
}

static void the_measured_window_is_neither_nothing_nor_long(void **state)
{
	assert_in_range(busy_poll_measure_ns(), 1, BUSY_POLL_MAX_WINDOW_NS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quick_guest_is_looked_for),
		cmocka_unit_test(the_time_counts_from_the_last_answer),
		cmocka_unit_test(a_guest_that_was_quick_but_for_our_wake_up_is_quick),
		cmocka_unit_test(a_slow_guest_is_not_looked_for),
		cmocka_unit_test(a_guest_just_too_slow_is_looked_for_ever_more_rarely),
		cmocka_unit_test(a_guest_that_is_late_now_and_then_is_looked_for_all_the_same),
		cmocka_unit_test(a_guest_that_is_quick_again_is_looked_for_again),
		cmocka_unit_test(without_a_window_nobody_is_looked_for),
		cmocka_unit_test(the_measured_window_is_neither_nothing_nor_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
