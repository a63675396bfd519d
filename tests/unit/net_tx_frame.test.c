// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/net/tx_frame.h"

#define MORE  NETTXF_more_data
#define EXTRA NETTXF_extra_info

/* Slots as a guest writes them: 12 bytes each. */
#define DATA(offset_, size_, flags_) \
	{ .data = { .gref = 8, .offset = (offset_), .size = (size_), .flags = (flags_), .id = 77 } }
#define GSO(type_, size_, flags_) \
	{ .extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .flags = (flags_), \
		     .u.gso = { .size = (size_), .type = (type_) } } }
#define OTHER(type_, flags_) { .extra = { .type = (type_), .flags = (flags_) } }

union slot {
	netif_tx_request_t data;
	netif_extra_info_t extra;
};

#define MAX_ROW_SLOTS 6
#define CROSSES "a slot's data goes beyond its page"

static const struct {
	const char *name;
	unsigned int nr;
	union slot slots[MAX_ROW_SLOTS];
	enum net_tx_verdict verdict; /* of the last */
	const char *rejected;
	uint16_t first_bytes; /* of a frame that is fine */
} rows[] = {
	{ "one slot", 1, { DATA(0, 60, 0) }, NET_TX_LAST, NULL, 60 },
	{ "an Ethernet header alone", 1, { DATA(0, 14, 0) }, NET_TX_LAST, NULL, 14 },
	{ "less than that", 1, { DATA(0, 13, 0) }, NET_TX_LAST, "shorter than an Ethernet header", 0 },
	{ "nothing", 1, { DATA(0, 0, 0) }, NET_TX_LAST, "shorter than an Ethernet header", 0 },
	{ "to the end of its page", 1, { DATA(3996, 100, 0) }, NET_TX_LAST, NULL, 100 },
	{ "beyond it", 1, { DATA(3997, 100, 0) }, NET_TX_FATAL, CROSSES, 0 },
	{ "an offset that wraps with the size", 1, { DATA(65535, 60, 0) }, NET_TX_FATAL, CROSSES, 0 },
	{ "two slots", 2, { DATA(100, 5000, MORE), DATA(0, 1200, 0) }, NET_TX_LAST, NULL, 3800 },
	{ "the first is too long without the second", 2, { DATA(100, 5000, MORE), DATA(0, 1003, 0) }, NET_TX_FATAL,
	  CROSSES, 0 },
	{ "the second goes beyond its page", 2, { DATA(0, 5000, MORE), DATA(3000, 1200, 0) }, NET_TX_FATAL, CROSSES,
	  0 },
	{ "the second has more than the whole", 2, { DATA(0, 60, MORE), DATA(0, 61, 0) }, NET_TX_LAST,
	  "its slots have more than the whole", 0 },
	{ "the second has all", 2, { DATA(4096, 60, MORE), DATA(0, 60, 0) }, NET_TX_LAST, NULL, 0 },
	{ "a second of nothing", 2, { DATA(0, 60, MORE), DATA(0, 0, 0) }, NET_TX_LAST, NULL, 60 },
	{ "segments", 3, { DATA(0, 5000, MORE | EXTRA), GSO(1, 1448, 0), DATA(0, 1000, 0) }, NET_TX_LAST, NULL, 4000 },
	{ "of IPv6", 2, { DATA(0, 3000, EXTRA), GSO(2, 1428, 0) }, NET_TX_LAST, NULL, 3000 },
	{ "of no type", 2, { DATA(0, 3000, EXTRA), GSO(0, 1428, 0) }, NET_TX_FATAL,
	  "a frame is to be segmented in a way that there is none of", 0 },
	{ "of a third type", 2, { DATA(0, 3000, EXTRA), GSO(3, 1428, 0) }, NET_TX_FATAL,
	  "a frame is to be segmented in a way that there is none of", 0 },
	{ "of nothing", 2, { DATA(0, 3000, EXTRA), GSO(1, 0, 0) }, NET_TX_FATAL,
	  "a frame is to be segmented into nothing", 0 },
	{ "an extra of type 0", 2, { DATA(0, 3000, EXTRA), OTHER(0, 0) }, NET_TX_FATAL,
	  "an extra segment is of a type that there is none of", 0 },
	{ "of type 5", 2, { DATA(0, 3000, EXTRA), OTHER(5, 0) }, NET_TX_FATAL,
	  "an extra segment is of a type that there is none of", 0 },
	{ "a hash, which is for nobody", 2, { DATA(0, 60, EXTRA), OTHER(4, 0) }, NET_TX_LAST, NULL, 60 },
	{ "extras without end", 6,
	  { DATA(0, 60, EXTRA), GSO(1, 9, 1), GSO(1, 9, 1), GSO(1, 9, 1), GSO(1, 9, 1), GSO(1, 9, 1) }, NET_TX_FATAL,
	  "a frame has more extra segments than there are types", 0 },
	{ "more data, flagged in an extra alone", 2, { DATA(0, 60, EXTRA), GSO(1, 9, MORE) }, NET_TX_LAST, NULL, 60 },
};

static void each_row(void **state)
{
	struct net_tx_frame frame;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum net_tx_verdict verdict = NET_TX_MORE;

		print_message("%s\n", rows[i].name);
		memset(&frame, 0xa5, sizeof(frame)); /* as an earlier frame has left it */
		net_tx_frame_begin(&frame);
		for (unsigned int n = 0; n < rows[i].nr; n++) {
			assert_int_equal(verdict, NET_TX_MORE);
			verdict = net_tx_frame_add(&frame, n, &rows[i].slots[n]);
		}
		assert_int_equal(verdict, rows[i].verdict);
		assert_int_equal(frame.nr_slots, rows[i].nr);
		if (rows[i].rejected) {
			assert_string_equal(frame.rejected, rows[i].rejected);
		} else {
			assert_null(frame.rejected);
			assert_int_equal(frame.slots[0].len_bytes, rows[i].first_bytes);
		}
	}
}

/* A frame of nr slots, ten bytes in each but the first. */
static enum net_tx_verdict add_slots(struct net_tx_frame *frame, unsigned int nr)
{
	const netif_tx_request_t first = { .size = nr * 10 + 20, .flags = MORE }, next = { .size = 10, .flags = MORE },
				 last = { .size = 10 };
	enum net_tx_verdict verdict;

	net_tx_frame_begin(frame);
	verdict = net_tx_frame_add(frame, 0, &first);
	for (unsigned int i = 1; i < nr && verdict == NET_TX_MORE; i++)
		verdict = net_tx_frame_add(frame, i, i + 1 < nr ? &next : &last);
	return verdict;
}

static void as_many_slots_as_a_frame_may_have(void **state)
{
	struct net_tx_frame frame;

	assert_int_equal(add_slots(&frame, 19), NET_TX_LAST);
	assert_null(frame.rejected);
	assert_int_equal(frame.slots[0].len_bytes, 30);
	for (unsigned int nr = 20; nr <= 21; nr++) {
		assert_int_equal(add_slots(&frame, nr), NET_TX_LAST);
		assert_string_equal(frame.rejected, "of too many slots");
	}
	assert_int_equal(add_slots(&frame, 22), NET_TX_FATAL);
}

static void what_it_says_of_itself_is_kept(void **state)
{
	const union slot slots[] = {
		DATA(16, 4000, EXTRA | NETTXF_csum_blank | NETTXF_data_validated),
		GSO(2, 1220, 0),
	};
	struct net_tx_frame frame;

	net_tx_frame_begin(&frame);
	assert_int_equal(net_tx_frame_add(&frame, 5, &slots[0]), NET_TX_MORE);
	assert_int_equal(net_tx_frame_add(&frame, 9, &slots[1]), NET_TX_LAST);
	assert_int_equal(frame.len_bytes, 4000);
	assert_int_equal(frame.flags, EXTRA | NETTXF_csum_blank | NETTXF_data_validated);
	assert_int_equal(frame.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(frame.gso_bytes, 1220);
	assert_int_equal(frame.slots[0].slot, 5);
	assert_int_equal(frame.slots[0].gref, 8);
	assert_int_equal(frame.slots[0].id, 77);
	assert_int_equal(frame.slots[0].offset_bytes, 16);
	assert_false(frame.slots[0].is_extra);
	assert_int_equal(frame.slots[1].slot, 9);
	assert_true(frame.slots[1].is_extra);
	assert_int_equal(frame.nr_data_slots, 1);
}

#define GROUP(type_, last_byte, flags_) \
	{ .extra = { .type = (type_), .flags = (flags_), .u.mcast = { { 1, 0, 0x5e, 0, 0, (last_byte) } } } }
#define ADD XEN_NETIF_EXTRA_TYPE_MCAST_ADD
#define DEL XEN_NETIF_EXTRA_TYPE_MCAST_DEL

/* Each is over with its last extra, whatever else it says. */
static void what_changes_a_group_is_no_frame(void **state)
{
	static const struct {
		const char *name;
		unsigned int nr;
		union slot slots[4];
		uint8_t change, last_byte;
	} rows[] = {
		{ "added", 2, { DATA(0, 0, EXTRA), GROUP(ADD, 7, 0) }, ADD, 7 },
		{ "removed", 2, { DATA(0, 0, EXTRA), GROUP(DEL, 7, 0) }, DEL, 7 },
		{ "with a frame's size", 2, { DATA(0, 60, EXTRA), GROUP(ADD, 7, 0) }, ADD, 7 },
		{ "with data outside of its page", 2, { DATA(4096, 60, EXTRA), GROUP(ADD, 7, 0) }, ADD, 7 },
		{ "that says there is more", 2, { DATA(0, 60, EXTRA | MORE), GROUP(ADD, 7, 0) }, ADD, 7 },
		{ "twice", 3, { DATA(0, 0, EXTRA), GROUP(ADD, 7, 1), GROUP(ADD, 8, 0) }, ADD, 8 },
		{ "removed and added", 3, { DATA(0, 0, EXTRA), GROUP(DEL, 7, 1), GROUP(ADD, 8, 0) }, ADD, 8 },
		{ "added and removed", 3, { DATA(0, 0, EXTRA), GROUP(ADD, 7, 1), GROUP(DEL, 8, 0) }, ADD, 7 },
		{ "beside others", 4, { DATA(0, 0, EXTRA), GSO(1, 9, 1), GROUP(ADD, 7, 1), OTHER(4, 0) }, ADD, 7 },
	};
	struct net_tx_frame frame;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].name);
		net_tx_frame_begin(&frame);
		for (unsigned int n = 0; n < rows[i].nr; n++)
			assert_int_equal(net_tx_frame_add(&frame, n, &rows[i].slots[n]),
					 n + 1 < rows[i].nr ? NET_TX_MORE : NET_TX_LAST);
		assert_null(frame.rejected);
		assert_int_equal(frame.group_change, rows[i].change);
		assert_memory_equal(frame.group, ((uint8_t[]){ 1, 0, 0x5e, 0, 0, rows[i].last_byte }), 6);
	}
	net_tx_frame_begin(&frame);
	assert_int_equal(frame.group_change, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(as_many_slots_as_a_frame_may_have),
		cmocka_unit_test(what_it_says_of_itself_is_kept),
		cmocka_unit_test(what_changes_a_group_is_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
