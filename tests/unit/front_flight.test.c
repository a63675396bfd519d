// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>

#include "frontend/user/flight.h"

#define NR 4

static const struct {
	const char *name;
	uint64_t add; /* to the id of the request that is out */
	uint8_t operation;
	const char *want; /* NULL: fine */
} rows[] = {
	{ "its own answer", 0, 1, NULL },
	{ "an index beyond the table", NR, 1, "a response to an id that was never used" },
	{ "an index far beyond the table", 0xfffffff0, 1, "a response to an id that was never used" },
	{ "a generation to come", 1ULL << 32, 1, "a response to an id that is not in use" },
	{ "the generation before", -(1ULL << 32), 1, "a response to an id that is not in use" },
	{ "a slot that was never out", 1, 1, "a response to an id that is not in use" },
	{ "another operation", 0, 0, "a response with another operation than its request" },
};

static void only_the_answer_to_what_is_out_is_believed(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flight table[NR] = { 0 };
		struct blk_response rsp;
		uint32_t slot = 99;
		const char *why;

		print_message("# %s\n", rows[i].name);
		rsp.id = flight_start(table, 2, 1) + rows[i].add;
		rsp.operation = rows[i].operation;
		rsp.status = 0;
		why = flight_land(table, NR, &rsp, &slot);
		if (rows[i].want) {
			assert_string_equal(why, rows[i].want);
			assert_int_equal(slot, 99);
			assert_true(table[2].is_out);
		} else {
			assert_null(why);
			assert_int_equal(slot, 2);
			assert_false(table[2].is_out);
		}
	}
}

static void an_answer_is_good_once(void **state)
{
	struct flight table[NR] = { 0 };
	struct blk_response rsp = { .operation = 1 };
	uint32_t slot;
	uint64_t next;

	rsp.id = flight_start(table, 0, 1);
	assert_null(flight_land(table, NR, &rsp, &slot));
	assert_string_equal(flight_land(table, NR, &rsp, &slot), "a second response to one request");
	next = flight_start(table, 0, 1);
	assert_true(next != rsp.id);
	assert_string_equal(flight_land(table, NR, &rsp, &slot), "a response to an id that is not in use");
	rsp.id = next;
	assert_null(flight_land(table, NR, &rsp, &slot));
}

static void every_status_has_an_errno(void **state)
{
	assert_int_equal(flight_status(0), 0);
	assert_int_equal(flight_status(-1), -EIO);
	assert_int_equal(flight_status(-2), -EOPNOTSUPP);
	assert_int_equal(flight_status(1), -EIO);
	assert_int_equal(flight_status(INT16_MIN), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_answer_to_what_is_out_is_believed),
		cmocka_unit_test(an_answer_is_good_once),
		cmocka_unit_test(every_status_has_an_errno),
	};

	return cmocka_run_group_tests_name("front_flight", tests, NULL, NULL);
}
