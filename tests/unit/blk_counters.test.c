// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/counters.h"

static json_int_t status_of(const struct blk_counters *counters, const char *object, const char *name)
{
	json_t *status = json_object(), *part = status;
	json_int_t value;

	blk_counters_status(counters, status);
	if (object)
		part = json_object_get(status, object);
	value = json_integer_value(json_object_get(part, name));
	json_decref(status);
	return value;
}

static void what_was_taken_and_not_answered_is_in_flight(void **state)
{
	struct blk_counters queue = { .nr_taken = 7, .nr_answered = 4 }, sum = { .nr_taken = 0 };

	blk_counters_add(&sum, &queue);
	assert_int_equal(status_of(&sum, NULL, "in_flight"), 3);
}

static void what_a_closed_connection_left_unanswered_is_in_flight_no_more(void **state)
{
	struct blk_counters first = { .nr_taken = 7, .nr_answered = 4 }, second = { .nr_taken = 2, .nr_answered = 1 };
	struct blk_counters sum = { .nr_taken = 0 };

	first.requests[BLK_IO_WRITE] = 4;
	first.nr_zeroed_writes = 3;
	blk_counters_add(&sum, &first);
	blk_counters_close(&sum);
	assert_int_equal(status_of(&sum, NULL, "in_flight"), 0);
	blk_counters_add(&sum, &second);
	assert_int_equal(status_of(&sum, NULL, "in_flight"), 1);
	assert_int_equal(status_of(&sum, "requests", "write"), 4); /* what it did answer stays */
	assert_int_equal(status_of(&sum, NULL, "zeroed_writes"), 3);
}

static void errors_are_counted_by_their_reason(void **state)
{
	static const char *const reasons[] = { "one", "two" };
	struct blk_counters a = { .nr_taken = 0 }, b = { .nr_taken = 0 }, sum = { .nr_taken = 0 };

	reasons_count(&a.errors, reasons[0], 1);
	reasons_count(&a.errors, reasons[1], 1);
	reasons_count(&a.errors, reasons[0], 1);
	reasons_count(&b.errors, reasons[1], 5);
	blk_counters_add(&sum, &a);
	blk_counters_add(&sum, &b);
	assert_int_equal(status_of(&sum, "errors", "one"), 2);
	assert_int_equal(status_of(&sum, "errors", "two"), 6);
}

static void more_reasons_than_there_is_room_for_harm_nothing(void **state)
{
	static const char names[REASONS_MAX + 1][4] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
							    "j", "k", "l", "m", "n", "o", "p", "q" };
	struct blk_counters counters = { .nr_taken = 0 };

	for (int i = 0; i <= REASONS_MAX; i++)
		reasons_count(&counters.errors, names[i], 1);
	assert_int_equal(status_of(&counters, "errors", "p"), 1);
	assert_int_equal(status_of(&counters, "errors", "q"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_and_not_answered_is_in_flight),
		cmocka_unit_test(what_a_closed_connection_left_unanswered_is_in_flight_no_more),
		cmocka_unit_test(errors_are_counted_by_their_reason),
		cmocka_unit_test(more_reasons_than_there_is_room_for_harm_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
