// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "common/wire/blk.h"

/* Every octet of a guest's slots, written down by hand from the specification. */
static const struct blk_request request = {
	.operation = 1,
	.nr_segments = 2,
	.id = 0x1122334455667788,
	.sector = 0x0102030405060708,
	.segment = { { .gref = 0xa1a2a3a4, .first_sect = 3, .last_sect = 7 },
		     { .gref = 0xb1b2b3b4, .first_sect = 0, .last_sect = 1 } },
};
static const struct blk_response response = { .id = 0x1122334455667788, .operation = 6, .status = -2 };

/* operation and nr_segments; then, where each ABI has them: id, sector_number, seg[0], seg[1]; 0 everywhere else. */
#define REQUEST_OCTETS(id_at, sector_at, seg_at)                                                                       \
	{                                                                                                              \
		[0] = 1, [1] = 2,                                                                                      \
		[id_at] = 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,                                              \
		[sector_at] = 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,                                          \
		[seg_at] = 0xa4, 0xa3, 0xa2, 0xa1, 3, 7,                                                               \
		[seg_at + 8] = 0xb4, 0xb3, 0xb2, 0xb1, 0, 1,                                                           \
	}
#define RESPONSE_OCTETS { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 6, [10] = 0xfe, 0xff }

static const struct {
	const char *protocol;
	enum blk_abi abi;
	size_t request_bytes, response_bytes;
	unsigned char request[BLK_MAX_REQUEST_BYTES], response[BLK_MAX_RESPONSE_BYTES];
} abis[BLK_NR_ABIS] = {
	{ "x86_64-abi", BLK_ABI_NATIVE, 112, 16, REQUEST_OCTETS(8, 16, 24), RESPONSE_OCTETS },
	{ "x86_32-abi", BLK_ABI_X86_32, 108, 12, REQUEST_OCTETS(4, 12, 20), RESPONSE_OCTETS },
};

#define FOR_EACH_ABI(i) for (unsigned int i = 0; i < BLK_NR_ABIS && print_row(i); i++)

static bool print_row(unsigned int i)
{
	print_message("# %s\n", abis[i].protocol);
	return true;
}

static void slots_have_the_sizes_of_the_specification(void **state)
{
	FOR_EACH_ABI(i) {
		assert_int_equal(blk_request_bytes(abis[i].abi), abis[i].request_bytes);
		assert_int_equal(blk_response_bytes(abis[i].abi), abis[i].response_bytes);
	}
}

/* The slot is written to its end and no further. */
static void a_request_is_written_octet_by_octet(void **state)
{
	FOR_EACH_ABI(i) {
		unsigned char slot[BLK_MAX_REQUEST_BYTES + 1];

		memset(slot, 0xee, sizeof(slot));
		blk_request_encode(abis[i].abi, &request, slot);
		assert_memory_equal(slot, abis[i].request, abis[i].request_bytes);
		assert_int_equal(slot[abis[i].request_bytes], 0xee);
	}
}

static void a_request_is_read_octet_by_octet(void **state)
{
	FOR_EACH_ABI(i) {
		struct blk_request got;

		memset(&got, 0xee, sizeof(got));
		blk_request_decode(abis[i].abi, abis[i].request, &got);
		assert_int_equal(got.operation, request.operation);
		assert_int_equal(got.nr_segments, request.nr_segments);
		assert_int_equal(got.id, request.id);
		assert_int_equal(got.sector, request.sector);
		for (unsigned int s = 0; s < BLK_MAX_SEGMENTS; s++) {
			assert_int_equal(got.segment[s].gref, request.segment[s].gref);
			assert_int_equal(got.segment[s].first_sect, request.segment[s].first_sect);
			assert_int_equal(got.segment[s].last_sect, request.segment[s].last_sect);
		}
	}
}

/* Nothing of what the slot or our stack held reaches the guest, and nothing outside the slot is touched. */
static void a_response_has_no_byte_of_anything_else(void **state)
{
	FOR_EACH_ABI(i) {
		unsigned char slot[BLK_MAX_RESPONSE_BYTES + 1];

		memset(slot, 0xee, sizeof(slot));
		blk_response_encode(abis[i].abi, &response, slot);
		assert_memory_equal(slot, abis[i].response, abis[i].response_bytes);
		assert_int_equal(slot[abis[i].response_bytes], 0xee);
	}
}

static void a_response_is_read_octet_by_octet(void **state)
{
	FOR_EACH_ABI(i) {
		struct blk_response got;

		blk_response_decode(abis[i].abi, abis[i].response, &got);
		assert_int_equal(got.id, response.id);
		assert_int_equal(got.operation, response.operation);
		assert_int_equal(got.status, response.status);
	}
}

static void what_is_encoded_is_decoded(void **state)
{
	struct blk_request in, out;
	unsigned char slot[BLK_MAX_REQUEST_BYTES], again[BLK_MAX_REQUEST_BYTES];

	FOR_EACH_ABI(a) {
		for (unsigned int seed = 0; seed < 200; seed++) {
			memset(&in, 0, sizeof(in));
			in.operation = seed + 8; /* of no layout of its own */
			in.nr_segments = seed * 7;
			in.id = seed * 0x9e3779b97f4a7c15ULL;
			in.sector = ~in.id;
			for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
				in.segment[i] = (struct blk_segment){ in.id >> i, in.id >> (2 * i), in.sector >> i };
			blk_request_encode(abis[a].abi, &in, slot);
			blk_request_decode(abis[a].abi, slot, &out);
			blk_request_encode(abis[a].abi, &out, again);
			assert_int_equal(out.sector, in.sector);
			assert_memory_equal(again, slot, abis[a].request_bytes);
		}
	}
}

/* The number of segments is judged elsewhere: here it neither limits nor extends what is read. */
static void an_impossible_segment_count_is_only_passed_on(void **state)
{
	unsigned char slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request got;

	FOR_EACH_ABI(i) {
		memcpy(slot, abis[i].request, sizeof(slot));
		slot[1] = 255;
		blk_request_decode(abis[i].abi, slot, &got);
		assert_int_equal(got.nr_segments, 255);
		assert_int_equal(got.segment[1].gref, 0xb1b2b3b4);
	}
}

/* Where each ABI has what. */
static const struct {
	enum blk_abi abi;
	uint8_t id_at, sector_at, grefs_at, nr_sectors_at;
} layouts[] = { { BLK_ABI_NATIVE, 8, 16, 28, 24 }, { BLK_ABI_X86_32, 4, 12, 24, 20 } };

static const uint8_t number[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* What is not named is 0xee. */
static void begin_slot(uint8_t slot[BLK_MAX_REQUEST_BYTES], unsigned int layout)
{
	memset(slot, 0xee, BLK_MAX_REQUEST_BYTES);
	memcpy(slot + layouts[layout].id_at, number, 8);
	memcpy(slot + layouts[layout].sector_at, number, 8);
}

static void an_indirect_request_is_read_octet_by_octet(void **state)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request got;

	FOR_EACH_ABI(i) {
		begin_slot(slot, i);
		memcpy(slot, "\x06\x01\x34\x12", 4);
		for (unsigned int octet = 0; octet < 32; octet++)
			slot[layouts[i].grefs_at + octet] = octet + 1;
		blk_indirect_decode(layouts[i].abi, slot, &got);
		assert_true(got.is_indirect);
		assert_int_equal(got.operation, 1);
		assert_int_equal(got.nr_segments, 0x1234);
		assert_int_equal(got.id, 0x0807060504030201ULL);
		assert_int_equal(got.sector, 0x0807060504030201ULL);
		for (unsigned int page = 0; page < 8; page++)
			assert_int_equal(got.segments_gref[page], 0x04030201 + page * 0x04040404);
	}
}

/* And nothing else of it is anything but 0. */
static void an_indirect_request_is_written_as_it_is_read(void **state)
{
	struct blk_request in = {
		.operation = 1,
		.is_indirect = true,
		.nr_segments = 0x1234,
		.segments_gref = { 0x04030201, 0x01000000, 1, [7] = 0xff0000ff },
		.id = 0x8000000000000000,
		.sector = 0x8000000000000001,
	};
	uint8_t slot[BLK_MAX_REQUEST_BYTES], nr_set = 0;
	struct blk_request out;

	FOR_EACH_ABI(i) {
		memset(slot, 0xee, sizeof(slot));
		blk_request_encode(abis[i].abi, &in, slot);
		assert_int_equal(slot[0], 6);
		blk_indirect_decode(abis[i].abi, slot, &out);
		assert_int_equal(out.operation, in.operation);
		assert_int_equal(out.nr_segments, in.nr_segments);
		assert_memory_equal(out.segments_gref, in.segments_gref, sizeof(in.segments_gref));
		assert_int_equal(out.id, in.id);
		assert_int_equal(out.sector, in.sector);
		nr_set = 0;
		for (unsigned int octet = 0; octet < abis[i].request_bytes; octet++)
			nr_set += slot[octet] != 0;
		assert_int_equal(nr_set, 2 + 2 + 4 + 1 + 1 + 2 + 1 + 2); /* without the zeros of the numbers */
	}
}

static void a_discard_is_read_octet_by_octet_and_written_as_it_is_read(void **state)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request got, again;

	FOR_EACH_ABI(i) {
		begin_slot(slot, i);
		memcpy(slot, "\x05\x01", 2);
		memcpy(slot + layouts[i].nr_sectors_at, number, 8);
		blk_slot_decode(layouts[i].abi, slot, &got);
		assert_false(got.is_indirect);
		assert_int_equal(got.operation, 5);
		assert_int_equal(got.nr_segments, 0); /* the flag is no number of segments */
		assert_int_equal(got.id, 0x0807060504030201ULL);
		assert_int_equal(got.sector, 0x0807060504030201ULL);
		assert_int_equal(got.nr_sectors, 0x0807060504030201ULL);
		blk_request_encode(layouts[i].abi, &got, slot);
		assert_int_equal(slot[1], 0);
		blk_slot_decode(layouts[i].abi, slot, &again);
		assert_int_equal(again.id, got.id);
		assert_int_equal(again.sector, got.sector);
		assert_int_equal(again.nr_sectors, got.nr_sectors);
	}
}

static void segments_of_a_page_are_written_octet_by_octet(void **state)
{
	static const struct blk_segment segment[] = { { 0x04030201, 5, 6 }, { 9, 255, 7 } };
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 0, 0, 9, 0, 0, 0, 255, 7, 0, 0, 0xee };
	uint8_t written[sizeof(bytes)];

	memset(written, 0xee, sizeof(written));
	blk_segments_encode(segment, 2, written);
	assert_memory_equal(written, bytes, sizeof(bytes));
}

static void segments_of_a_page_are_read_octet_by_octet(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 0xee, 0xee, 9, 0, 0, 0, 255, 7, 0xee, 0xee };
	struct blk_segment segment[3] = { [2] = { 77, 77, 77 } };

	blk_segments_decode(bytes, 2, segment);
	assert_int_equal(segment[0].gref, 0x04030201);
	assert_int_equal(segment[0].first_sect, 5);
	assert_int_equal(segment[0].last_sect, 6);
	assert_int_equal(segment[1].gref, 9);
	assert_int_equal(segment[1].first_sect, 255);
	assert_int_equal(segment[1].last_sect, 7);
	assert_int_equal(segment[2].gref, 77);
}

static void a_page_has_room_for_512_segments(void **state)
{
	static const struct {
		unsigned int nr_segments, nr_pages;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 512, 1 }, { 513, 2 }, { 3584, 7 }, { 3585, 8 }, { 4096, 8 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(blk_nr_segment_pages(rows[i].nr_segments), rows[i].nr_pages);
}

static void each_abi_has_its_name(void **state)
{
	struct errbuf err;
	enum blk_abi abi;

	FOR_EACH_ABI(i) {
		assert_int_equal(blk_abi_parse(abis[i].protocol, &abi, &err), 0);
		assert_int_equal(abi, abis[i].abi);
		assert_string_equal(blk_abi_name(abi), abis[i].protocol);
	}
}

static void only_names_we_serve_are_taken(void **state)
{
	static const char *const names[] = { "x86_64-ab", "X86_64-ABI", "x86_32-abi ", "arm-abi",
					     "native",    "",           "junk" };
	struct errbuf err;
	enum blk_abi abi;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		print_message("# '%s'\n", names[i]);
		assert_int_equal(blk_abi_parse(names[i], &abi, &err), -EINVAL);
		assert_non_null(strstr(err.text, names[i]));
		assert_non_null(strstr(err.text, "expected x86_64-abi or x86_32-abi"));
	}
}

static void operations_have_names(void **state)
{
	static const char *const names[] = { "read",  "write",   "barrier",  "flush",
					     "other", "discard", "indirect", "other" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(blk_operation_name(i), names[i]);
	assert_string_equal(blk_operation_name(255), "other");
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
		cmocka_unit_test(an_indirect_request_is_read_octet_by_octet),
		cmocka_unit_test(an_indirect_request_is_written_as_it_is_read),
		cmocka_unit_test(segments_of_a_page_are_read_octet_by_octet),
		cmocka_unit_test(a_discard_is_read_octet_by_octet_and_written_as_it_is_read),
		cmocka_unit_test(segments_of_a_page_are_written_octet_by_octet),
		cmocka_unit_test(a_page_has_room_for_512_segments),
		cmocka_unit_test(each_abi_has_its_name),
		cmocka_unit_test(only_names_we_serve_are_taken),
		cmocka_unit_test(operations_have_names),
	};

	return cmocka_run_group_tests_name("common/wire/blk", tests, NULL, NULL);
}
