// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/net/tx_slots.h"

#define PAGE_BYTES 4096U

#define DATA(offset_, len_) { .offset_bytes = (offset_), .len_bytes = (len_) }
#define EXTRA               { .is_extra = true, .offset_bytes = 99, .len_bytes = 99 }

/* `crossing`: pieces of the frame that lie in two of our pages. */
static const struct {
	const char *name;
	struct net_tx_frame frame;
	unsigned int crossing;
} rows[] = {
	{ "nothing but an extra", { .nr_slots = 1, .slots = { EXTRA } }, 0 },
	{ "one piece", { .nr_slots = 1, .slots = { DATA(2, 1514) } }, 0 },
	{ "one piece at the end of its page", { .nr_slots = 1, .slots = { DATA(4036, 60) } }, 0 },
	{ "headers, then pages", { .nr_slots = 5, .slots = { DATA(194, 66), EXTRA, DATA(0, 4096), DATA(0, 4096),
	  DATA(0, 1000) } }, 0 },
	{ "headers at the end of a page", { .nr_slots = 3, .slots = { DATA(4030, 66), DATA(512, 3584),
	  DATA(0, 4096) } }, 0 },
	{ "more headers than the page before has room for", { .nr_slots = 3, .slots = { DATA(0, 200), DATA(100, 3996),
	  DATA(0, 4096) } }, 1 },
	{ "an empty piece decides nothing", { .nr_slots = 4, .slots = { DATA(194, 66), DATA(7, 0), DATA(0, 4096),
	  DATA(0, 4096) } }, 0 },
	{ "pieces that do not follow one another", { .nr_slots = 3, .slots = { DATA(0, 66), DATA(0, 2000),
	  DATA(0, 4096) } }, 1 },
};

static unsigned int count_crossing(const struct net_tx_frame *frame)
{
	uint32_t at = net_tx_slots_place(frame) % PAGE_BYTES;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		if (frame->slots[i].is_extra)
			continue;
		nr += at + frame->slots[i].len_bytes > PAGE_BYTES;
		at = (at + frame->slots[i].len_bytes) % PAGE_BYTES;
	}
	return nr;
}

static void test_pieces_keep_their_place_in_a_page(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int crossing = count_crossing(&rows[i].frame);

		if (crossing != rows[i].crossing)
			fail_msg("%s: %u pieces are in two pages", rows[i].name, crossing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_keep_their_place_in_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
