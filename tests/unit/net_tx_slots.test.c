// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/net/tx_slots.h"

#define PAGE_BYTES 4096U

#define DATA(offset_, len_) { .offset_bytes = (offset_), .len_bytes = (len_) }
#define EXTRA               { .is_extra = true, .offset_bytes = 99, .len_bytes = 99 }

/* `crossing`: pieces of the frame that lie in two of our pages, of which the first is `used` up to there. */
static const struct {
	const char *name;
	struct net_tx_frame frame;
	unsigned int used, crossing;
} rows[] = {
	{ "nothing but an extra", { .nr_slots = 1, .slots = { EXTRA } }, 0, 0 },
	{ "one piece", { .nr_slots = 1, .slots = { DATA(2, 1514) } }, 100, 0 },
	{ "one piece, at the end of a page of ours", { .nr_slots = 1, .slots = { DATA(2, 1514) } }, 2582, 0 },
	{ "one piece, for which the rest of a page is short", { .nr_slots = 1, .slots = { DATA(2, 1514) } }, 2583, 0 },
	{ "headers, then pages", { .nr_slots = 5, .slots = { DATA(194, 66), EXTRA, DATA(0, 4096), DATA(0, 4096),
	  DATA(0, 1000) } }, 500, 0 },
	{ "headers at the end of a page", { .nr_slots = 3, .slots = { DATA(4030, 66), DATA(512, 3584),
	  DATA(0, 4096) } }, 500, 0 },
	{ "more headers than the page before has room for", { .nr_slots = 3, .slots = { DATA(0, 200), DATA(100, 3996),
	  DATA(0, 4096) } }, 0, 1 },
	{ "an empty piece decides nothing", { .nr_slots = 4, .slots = { DATA(194, 66), DATA(7, 0), DATA(0, 4096),
	  DATA(0, 4096) } }, 9, 0 },
	{ "pieces that do not follow one another", { .nr_slots = 3, .slots = { DATA(0, 66), DATA(0, 2000),
	  DATA(0, 4096) } }, 0, 1 },
};

static unsigned int count_crossing(const struct net_tx_frame *frame, size_t at)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		if (frame->slots[i].is_extra)
			continue;
		nr += at % PAGE_BYTES + frame->slots[i].len_bytes > PAGE_BYTES;
		at += frame->slots[i].len_bytes;
	}
	return nr;
}

static void test_as_few_pieces_as_possible_are_in_two_pages(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_tx_frame frame = rows[i].frame;
		size_t at;

		for (unsigned int slot = 0; slot < frame.nr_slots; slot++)
			frame.len_bytes += frame.slots[slot].is_extra ? 0 : frame.slots[slot].len_bytes;
		at = net_tx_slots_place(&frame, rows[i].used);
		if (count_crossing(&frame, at) != rows[i].crossing)
			fail_msg("%s: %u pieces are in two pages", rows[i].name, count_crossing(&frame, at));
		assert_in_range(at, rows[i].used, rows[i].used + PAGE_BYTES - 1);
	}
}

static void test_small_frames_share_a_page(void **state)
{
	struct net_tx_frame frame = { .nr_slots = 1, .len_bytes = 64, .slots = { DATA(2, 64) } };

	assert_int_equal(net_tx_slots_place(&frame, 140), 140);
	assert_int_equal(net_tx_slots_place(&frame, PAGE_BYTES - 64), PAGE_BYTES - 64);
	assert_int_equal(net_tx_slots_place(&frame, PAGE_BYTES - 63), PAGE_BYTES);
}

#define SLOT(id_, flags_) { .id = (id_), .flags = (flags_), .size = 100 }

/* Two frames: one of two slots with two extras, one of a single slot, whose number looks like an extra's flags. */
static void test_a_frame_that_nobody_looked_at_is_answered_slot_by_slot(void **state)
{
	union {
		netif_tx_request_t slot;
		netif_extra_info_t extra;
	} ring[] = {
		{ .slot = SLOT(11, NETTXF_more_data | NETTXF_extra_info) },
		{ .extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .flags = XEN_NETIF_EXTRA_FLAG_MORE } },
		{ .extra = { .type = XEN_NETIF_EXTRA_TYPE_HASH } },
		{ .slot = SLOT(12, 0) },
		{ .slot = SLOT(13, 0) },
	};
	const netif_tx_response_t want[] = {
		{ 11, NETIF_RSP_ERROR }, { 0, NETIF_RSP_NULL }, { 0, NETIF_RSP_NULL }, { 12, NETIF_RSP_ERROR },
		{ 13, NETIF_RSP_ERROR },
	};
	struct net_tx_disowned at = { .is_in_frame = false };

	for (size_t i = 0; i < sizeof(ring) / sizeof(ring[0]); i++) {
		netif_tx_response_t got;

		net_tx_slots_disown(&at, &ring[i], &got);
		assert_memory_equal(&got, &want[i], sizeof(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_few_pieces_as_possible_are_in_two_pages),
		cmocka_unit_test(test_small_frames_share_a_page),
		cmocka_unit_test(test_a_frame_that_nobody_looked_at_is_answered_slot_by_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
