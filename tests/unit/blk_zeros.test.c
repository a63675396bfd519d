// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/zeros.h"

#define PART_BYTES 512

static uint8_t data[2 * PART_BYTES];

static enum blk_zeros find(unsigned int nr_parts, enum blk_zeros how)
{
	struct iovec iov[2] = { { data, PART_BYTES }, { data + PART_BYTES, PART_BYTES } };
	struct blk_op op = { .kind = BLK_OP_WRITE, .iov = iov, .nr_iov = nr_parts };

	return zeros_find(&op, how);
}

static void only_what_is_zeros_to_its_last_byte_is(void **state)
{
	static const struct {
		const char *name;
		int at; /* of the one byte that is none; -1: there is none */
		unsigned int nr_parts;
		bool is_of_zeros;
	} rows[] = {
		{ "nothing else", -1, 2, true },
		{ "one part of nothing else", -1, 1, true },
		{ "the first byte", 0, 2, false },
		{ "the second byte", 1, 2, false },
		{ "in the middle", 300, 2, false },
		{ "the last of a part", 511, 2, false },
		{ "the first of the next", 512, 2, false },
		{ "the very last", 1023, 2, false },
		{ "behind what is written", 512, 1, true },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name);
		memset(data, 0, sizeof(data));
		if (rows[i].at >= 0)
			data[rows[i].at] = 1 << i % 8;
		for (enum blk_zeros how = BLK_ZEROS_AS_RANGE; how < BLK_NR_ZEROS; how++)
			assert_int_equal(find(rows[i].nr_parts, how), rows[i].is_of_zeros ? how : BLK_ZEROS_AS_DATA);
	}
}

static void what_is_alike_is_not_therefore_zeros(void **state)
{
	memset(data, 0xff, sizeof(data));
	assert_int_equal(find(2, BLK_ZEROS_AS_HOLE), BLK_ZEROS_AS_DATA);
}

static void nothing_is_looked_at_where_nobody_asked(void **state)
{
	struct iovec nowhere = { NULL, PART_BYTES };
	struct blk_op op = { .kind = BLK_OP_WRITE, .iov = &nowhere, .nr_iov = 1 };

	assert_int_equal(zeros_find(&op, BLK_ZEROS_AS_DATA), BLK_ZEROS_AS_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_zeros_to_its_last_byte_is),
		cmocka_unit_test(what_is_alike_is_not_therefore_zeros),
		cmocka_unit_test(nothing_is_looked_at_where_nobody_asked),
	};

	return cmocka_run_group_tests_name("backend/blk/zeros", tests, NULL, NULL);
}
