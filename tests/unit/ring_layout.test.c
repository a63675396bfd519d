// SPDX-License-Identifier: MIT
/* The layout is the one that Xen's own macros give, for every ring of every class. */
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>
#include <xen/io/usbif.h>

#include "common/ring/layout.h"

/* A 32-bit guest's block ring: the same fields, where 64-bit ones are aligned to 4. */
struct blkif_x86_32_request {
	uint32_t words[27];
};
struct blkif_x86_32_response {
	uint32_t words[3];
};
DEFINE_RING_TYPES(blkif_x86_32, struct blkif_x86_32_request, struct blkif_x86_32_response);

struct row {
	const char *name;
	size_t header_bytes, slot_bytes, request_bytes, response_bytes;
	uint32_t want_slots; /* of one page; each order doubles it */
	uint32_t (*xen_slots)(size_t ring_bytes);
};

#define XEN_SLOTS(ring_name)                                                         \
	static uint32_t ring_name##_slots(size_t ring_bytes)                         \
	{                                                                            \
		return __CONST_RING_SIZE(ring_name, ring_bytes);                     \
	}
XEN_SLOTS(blkif)
XEN_SLOTS(blkif_x86_32)
XEN_SLOTS(netif_tx)
XEN_SLOTS(netif_rx)
XEN_SLOTS(usbif_urb)
XEN_SLOTS(usbif_conn)

#define ROW(ring_name, slots)                                                                  \
	{                                                                                      \
		#ring_name, offsetof(struct ring_name##_sring, ring),                          \
			sizeof(((struct ring_name##_sring *)0)->ring[0]),                      \
			sizeof(((struct ring_name##_sring *)0)->ring[0].req),                  \
			sizeof(((struct ring_name##_sring *)0)->ring[0].rsp), slots, ring_name##_slots \
	}
static const struct row rows[] = {
	ROW(blkif, 32),      ROW(blkif_x86_32, 32), ROW(netif_tx, 256),
	ROW(netif_rx, 256),  ROW(usbif_urb, 16),    ROW(usbif_conn, 512),
};

static void every_ring_is_laid_out_as_xen_does(void **state)
{
	struct ring_layout layout;

	for (const struct row *row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++) {
		for (unsigned int order = 0; order <= 5; order++) {
			print_message("# %s, order %u\n", row->name, order);
			assert_true(ring_layout_init(&layout, (size_t)4096 << order, row->request_bytes,
						     row->response_bytes));
			assert_int_equal(layout.nr_slots, row->xen_slots((size_t)4096 << order));
			assert_int_equal(layout.nr_slots, row->want_slots << order);
			assert_int_equal(layout.slot_bytes, row->slot_bytes);
			assert_int_equal(layout.request_bytes, row->request_bytes);
			assert_int_equal(layout.response_bytes, row->response_bytes);
			assert_int_equal(row->header_bytes, RING_HEADER_BYTES);
		}
	}
}

static void slots_are_where_xen_has_them(void **state)
{
	static union {
		struct blkif_sring sring;
		char bytes[4096];
	} page;
	struct blkif_back_ring xen;
	struct ring_layout layout;

	BACK_RING_INIT(&xen, &page.sring, sizeof(page));
	assert_true(ring_layout_init(&layout, sizeof(page), sizeof(blkif_request_t), sizeof(blkif_response_t)));
	for (RING_IDX i = 0u - 40; i != 40; i++)
		assert_ptr_equal(ring_slot(&page, &layout, i), RING_GET_REQUEST(&xen, i));
}

static void indexes_are_where_xen_has_them(void **state)
{
	assert_int_equal(sizeof(ring_idx), sizeof(RING_IDX));
	assert_int_equal(sizeof(struct ring_shared), RING_HEADER_BYTES);
	assert_int_equal(offsetof(struct ring_shared, req_prod), offsetof(struct blkif_sring, req_prod));
	assert_int_equal(offsetof(struct ring_shared, req_event), offsetof(struct blkif_sring, req_event));
	assert_int_equal(offsetof(struct ring_shared, rsp_prod), offsetof(struct blkif_sring, rsp_prod));
	assert_int_equal(offsetof(struct ring_shared, rsp_event), offsetof(struct blkif_sring, rsp_event));
}

static const struct {
	const char *name;
	size_t ring_bytes;
	uint32_t request_bytes, response_bytes;
	uint32_t want_slots; /* 0: refused */
} edges[] = {
	{ "no room at all", 0, 8, 8, 0 },
	{ "the header alone", 64, 8, 8, 0 },
	{ "one byte short of a slot", 71, 8, 8, 0 },
	{ "just one slot", 72, 8, 8, 1 },
	{ "three fit, two are used", 64 + 24, 8, 8, 2 },
	{ "the response is the larger", 64 + 32, 8, 16, 2 },
	{ "no request", 4096, 0, 8, 0 },
	{ "no response", 4096, 8, 0, 0 },
	{ "a slot larger than the ring", 4096, UINT32_MAX, 1, 0 },
	{ "indexes can tell no more slots apart", SIZE_MAX, 1, 1, 0x80000000u },
};

static void impossible_sizes_are_refused(void **state)
{
	struct ring_layout layout;

	for (unsigned int i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		print_message("# %s\n", edges[i].name);
		assert_int_equal(ring_layout_init(&layout, edges[i].ring_bytes, edges[i].request_bytes,
						  edges[i].response_bytes),
				 edges[i].want_slots > 0);
		if (edges[i].want_slots)
			assert_int_equal(layout.nr_slots, edges[i].want_slots);
	}
}

static const struct {
	const char *name;
	ring_idx old, new, event;
	bool want;
} events[] = {
	{ "asked for the next, one came", 0, 1, 1, true },
	{ "asked for the next, three came", 0, 3, 1, true },
	{ "asked for the last of them", 0, 3, 3, true },
	{ "asked for one later", 0, 3, 4, false },
	{ "asked for what was there before", 3, 5, 3, false },
	{ "nothing came", 3, 3, 3, false },
	{ "across the wrap", 0xffffffff, 1, 0, true },
	{ "up to the wrap", 0xfffffffe, 0, 0, true },
	{ "after the wrap", 0xfffffffe, 0, 1, false },
};

static void a_peer_is_notified_when_its_event_is_passed(void **state)
{
	for (unsigned int i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		print_message("# %s\n", events[i].name);
		assert_int_equal(ring_passes_event(events[i].old, events[i].new, events[i].event), events[i].want);
	}
}

/* Whatever its length and wherever it is: nothing more and nothing less than those bytes. */
static void copies_are_exact(void **state)
{
	unsigned char from[96], to[96];

	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = i + 1;
	for (unsigned int at = 0; at < 9; at++) {
		for (unsigned int len = 0; len < 64; len++) {
			memset(to, 0xee, sizeof(to));
			(len & 1 ? peer_write : peer_copy)(to + 8, from + at, len);
			assert_memory_equal(to + 8, from + at, len);
			assert_int_equal(to[7], 0xee);
			assert_int_equal(to[8 + len], 0xee);
			memset(to, 0xee, sizeof(to));
			(len & 1 ? peer_copy : peer_write)(to + at + 1, from, len);
			assert_memory_equal(to + at + 1, from, len);
			assert_int_equal(to[at], 0xee);
			assert_int_equal(to[at + 1 + len], 0xee);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ring_is_laid_out_as_xen_does),
		cmocka_unit_test(slots_are_where_xen_has_them),
		cmocka_unit_test(indexes_are_where_xen_has_them),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(a_peer_is_notified_when_its_event_is_passed),
		cmocka_unit_test(copies_are_exact),
	};

	return cmocka_run_group_tests_name("common/ring/layout", tests, NULL, NULL);
}
