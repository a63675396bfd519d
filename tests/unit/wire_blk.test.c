// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "common/wire/blk.h"

/* Every octet of a 64-bit guest's slots, written down by hand from the specification. */
static const struct blk_request request = {
	.operation = 1,
	.nr_segments = 2,
	.id = 0x1122334455667788,
	.sector = 0x0102030405060708,
	.segment = { { .gref = 0xa1a2a3a4, .first_sect = 3, .last_sect = 7 },
		     { .gref = 0xb1b2b3b4, .first_sect = 0, .last_sect = 1 } },
};
static const unsigned char request_octets[112] = {
	[0] = 1,     [1] = 2,					/* operation, nr_segments; handle and padding are 0 */
	[8] = 0x88,  0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,	/* id */
	[16] = 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,	/* sector_number */
	[24] = 0xa4, 0xa3, 0xa2, 0xa1, 3,    7,			/* seg[0] */
	[32] = 0xb4, 0xb3, 0xb2, 0xb1, 0,    1,			/* seg[1] */
};
static const struct blk_response response = { .id = 0x1122334455667788, .operation = 6, .status = -2 };
static const unsigned char response_octets[16] = {
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 6, [10] = 0xfe, 0xff,
};

static void slots_have_the_sizes_of_the_specification(void **state)
{
	assert_int_equal(blk_request_bytes(BLK_ABI_NATIVE), sizeof(request_octets));
	assert_int_equal(blk_response_bytes(BLK_ABI_NATIVE), sizeof(response_octets));
	assert_true(blk_request_bytes(BLK_ABI_NATIVE) <= BLK_MAX_REQUEST_BYTES);
	assert_true(blk_response_bytes(BLK_ABI_NATIVE) <= BLK_MAX_RESPONSE_BYTES);
}

static void a_request_is_written_octet_by_octet(void **state)
{
	unsigned char slot[112];

	memset(slot, 0xee, sizeof(slot));
	blk_request_encode(BLK_ABI_NATIVE, &request, slot);
	assert_memory_equal(slot, request_octets, sizeof(slot));
}

static void a_request_is_read_octet_by_octet(void **state)
{
	struct blk_request got;

	memset(&got, 0xee, sizeof(got));
	blk_request_decode(BLK_ABI_NATIVE, request_octets, &got);
	assert_int_equal(got.operation, request.operation);
	assert_int_equal(got.nr_segments, request.nr_segments);
	assert_int_equal(got.id, request.id);
	assert_int_equal(got.sector, request.sector);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++) {
		assert_int_equal(got.segment[i].gref, request.segment[i].gref);
		assert_int_equal(got.segment[i].first_sect, request.segment[i].first_sect);
		assert_int_equal(got.segment[i].last_sect, request.segment[i].last_sect);
	}
}

/* Nothing of what the slot or our stack held reaches the guest. */
static void a_response_has_no_byte_of_anything_else(void **state)
{
	unsigned char slot[16];

	memset(slot, 0xee, sizeof(slot));
	blk_response_encode(BLK_ABI_NATIVE, &response, slot);
	assert_memory_equal(slot, response_octets, sizeof(slot));
}

static void a_response_is_read_octet_by_octet(void **state)
{
	struct blk_response got;

	blk_response_decode(BLK_ABI_NATIVE, response_octets, &got);
	assert_int_equal(got.id, response.id);
	assert_int_equal(got.operation, response.operation);
	assert_int_equal(got.status, response.status);
}

static void what_is_encoded_is_decoded(void **state)
{
	struct blk_request in, out;
	unsigned char slot[112], again[112];

	for (unsigned int seed = 0; seed < 200; seed++) {
		memset(&in, 0, sizeof(in));
		in.operation = seed;
		in.nr_segments = seed * 7;
		in.id = seed * 0x9e3779b97f4a7c15ULL;
		in.sector = ~in.id;
		for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
			in.segment[i] = (struct blk_segment){ in.id >> i, in.id >> (2 * i), in.sector >> i };
		blk_request_encode(BLK_ABI_NATIVE, &in, slot);
		blk_request_decode(BLK_ABI_NATIVE, slot, &out);
		blk_request_encode(BLK_ABI_NATIVE, &out, again);
		assert_int_equal(out.sector, in.sector);
		assert_memory_equal(again, slot, sizeof(slot));
	}
}

/* The number of segments is judged elsewhere: here it neither limits nor extends what is read. */
static void an_impossible_segment_count_is_only_passed_on(void **state)
{
	unsigned char slot[112];
	struct blk_request got;

	memcpy(slot, request_octets, sizeof(slot));
	slot[1] = 255;
	blk_request_decode(BLK_ABI_NATIVE, slot, &got);
	assert_int_equal(got.nr_segments, 255);
	assert_int_equal(got.segment[1].gref, 0xb1b2b3b4);
}

static const struct {
	const char *protocol;
	int rc;
} protocols[] = {
	{ NULL, 0 }, { "x86_64-abi", 0 }, { "x86_64-ab", -EINVAL }, { "X86_64-ABI", -EINVAL }, { "", -EINVAL },
	{ "junk", -EINVAL },
};

static void only_names_we_serve_are_taken(void **state)
{
	enum blk_abi abi;

	for (unsigned int i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		print_message("# %s\n", protocols[i].protocol ? protocols[i].protocol : "(none)");
		assert_int_equal(blk_abi_parse(protocols[i].protocol, &abi), protocols[i].rc);
		if (protocols[i].rc == 0)
			assert_string_equal(blk_abi_name(abi), "x86_64-abi");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_have_the_sizes_of_the_specification),
		cmocka_unit_test(a_request_is_written_octet_by_octet),
		cmocka_unit_test(a_request_is_read_octet_by_octet),
		cmocka_unit_test(a_response_has_no_byte_of_anything_else),
		cmocka_unit_test(a_response_is_read_octet_by_octet),
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(an_impossible_segment_count_is_only_passed_on),
		cmocka_unit_test(only_names_we_serve_are_taken),
	};

	return cmocka_run_group_tests_name("common/wire/blk", tests, NULL, NULL);
}
