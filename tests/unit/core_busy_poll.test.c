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

static void a_slow_guest_is_not_looked_for_until_it_is_quick_again(void **state)
{
	struct busy_poll poll = begin(WINDOW_NS);

	busy_poll_took(&poll, 1000050);
	busy_poll_took(&poll, 1000050 + 2 * WINDOW_NS);
	assert_false(busy_poll_goes_on(&poll, 1000050 + 2 * WINDOW_NS));
	busy_poll_took(&poll, 1000100 + 2 * WINDOW_NS);
	assert_true(busy_poll_goes_on(&poll, 1000100 + 2 * WINDOW_NS));
}

static void without_a_window_nobody_is_looked_for(void **state)
{
	struct busy_poll poll = begin(0);

	busy_poll_took(&poll, 1000000);
	assert_false(busy_poll_goes_on(&poll, 1000000));
}

static void the_measured_window_is_neither_nothing_nor_long(void **state)
{
	assert_in_range(busy_poll_measure_ns(), 1, 1000000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quick_guest_is_looked_for),
		cmocka_unit_test(the_time_counts_from_the_last_answer),
		cmocka_unit_test(a_guest_that_was_quick_but_for_our_wake_up_is_quick),
		cmocka_unit_test(a_slow_guest_is_not_looked_for_until_it_is_quick_again),
		cmocka_unit_test(without_a_window_nobody_is_looked_for),
		cmocka_unit_test(the_measured_window_is_neither_nothing_nor_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
