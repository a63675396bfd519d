// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/user/net_assembly.h"

#define MORE  NETRXF_more_data
#define EXTRA NETRXF_extra_info
#define BLANK NETRXF_csum_blank
#define VALID NETRXF_data_validated
#define GSO4  XEN_NETIF_GSO_TYPE_TCPV4
#define GSO6  XEN_NETIF_GSO_TYPE_TCPV6
#define ALL                                                                                                            \
	{                                                                                                              \
		true, true, true, true, true                                                                           \
	}
#define NONE                                                                                                           \
	{                                                                                                              \
		false, false, false, false, false                                                                      \
	}

/* A slot as the backend leaves it. */
struct slot {
	uint16_t offset, flags;
	int16_t status;
	int16_t id_off; /* from the right one */
	bool is_extra;
	uint8_t type, extra_flags, gso_type;
	uint16_t gso_size;
};

#define DATA(offset, flags, status)                                                                                    \
	{                                                                                                              \
		offset, flags, status, .id_off = 0                                                                     \
	}
#define GSO(with, of, size)                                                                                            \
	{                                                                                                              \
		.is_extra = true, .type = 1, .extra_flags = with, .gso_type = of, .gso_size = size                     \
	}
#define OTHER_EXTRA(of_type, with_flags)                                                                               \
	{                                                                                                              \
		.is_extra = true, .type = of_type, .extra_flags = with_flags                                           \
	}

static const struct {
	const char *name;
	struct slot slots[8];
	unsigned int nr;
	struct net_features takes;
	const char *why;    /* what the last slot is found to be; NULL: fine */
	enum net_step step; /* after the last */
	uint32_t len;
	struct net_meta meta;
} rows[] = {
	{ "one slot", { DATA(0, 0, 60) }, 1, ALL, NULL, NET_FRAME, 60, { 0 } },
	{ "an Ethernet header", { DATA(0, 0, 14) }, 1, ALL, NULL, NET_FRAME, 14, { 0 } },
	{ "less than that", { DATA(0, 0, 13) }, 1, ALL, NULL, NET_NO_FRAME, 13, { 0 } },
	{ "nothing", { DATA(0, 0, 0) }, 1, ALL, NULL, NET_NO_FRAME, 0, { 0 } },
	{ "a whole page", { DATA(0, 0, 4096) }, 1, ALL, NULL, NET_FRAME, 4096, { 0 } },
	{ "the end of a page", { DATA(4082, 0, 14) }, 1, ALL, NULL, NET_FRAME, 14, { 0 } },
	{ "a checksum that was looked at",
	  { DATA(0, VALID, 60) },
	  1,
	  ALL,
	  NULL,
	  NET_FRAME,
	  60,
	  { .is_data_validated = true } },
	{ "one that is blank", { DATA(0, BLANK, 60) }, 1, ALL, NULL, NET_FRAME, 60, { .is_csum_blank = true } },
	{ "one that is blank, with IPv6's alone",
	  { DATA(0, BLANK, 60) },
	  1,
	  { .csum_ipv6 = true },
	  NULL,
	  NET_FRAME,
	  60,
	  { .is_csum_blank = true } },
	{ "three slots",
	  { DATA(8, MORE, 100), DATA(0, MORE, 1), DATA(4095, 0, 1) },
	  3,
	  ALL,
	  NULL,
	  NET_FRAME,
	  102,
	  { 0 } },
	{ "a slot without data among them",
	  { DATA(0, MORE, 60), DATA(4096, MORE, 0), DATA(0, 0, 1) },
	  3,
	  ALL,
	  NULL,
	  NET_FRAME,
	  61,
	  { 0 } },
	{ "a frame that is not all there", { DATA(0, MORE, 60) }, 1, ALL, NULL, NET_UNFINISHED, 60, { 0 } },
	{ "extra info that is not there", { DATA(0, EXTRA, 60) }, 1, ALL, NULL, NET_UNFINISHED, 60, { 0 } },
	{ "GSO",
	  { DATA(0, EXTRA | BLANK, 60), GSO(0, GSO4, 1448) },
	  2,
	  ALL,
	  NULL,
	  NET_FRAME,
	  60,
	  { .is_csum_blank = true, .gso_type = GSO4, .gso_size = 1448 } },
	{ "GSO before more data",
	  { DATA(0, EXTRA | MORE, 60), GSO(0, GSO6, 9), DATA(0, 0, 40) },
	  3,
	  ALL,
	  NULL,
	  NET_FRAME,
	  100,
	  { .gso_type = GSO6, .gso_size = 9 } },
	{ "extra info that was not asked for, then GSO",
	  { DATA(0, EXTRA | MORE, 60), OTHER_EXTRA(2, 1), GSO(0, GSO4, 9), DATA(0, 0, 40) },
	  4,
	  ALL,
	  NULL,
	  NET_FRAME,
	  100,
	  { .gso_type = GSO4, .gso_size = 9 } },
	{ "a frame after another",
	  { DATA(0, EXTRA | BLANK, 60), GSO(0, GSO4, 9), DATA(0, 0, 20) },
	  3,
	  ALL,
	  NULL,
	  NET_FRAME,
	  20,
	  { 0 } },
	{ "a frame after one that was given up",
	  { DATA(0, 0, -1), DATA(0, 0, 20) },
	  2,
	  ALL,
	  NULL,
	  NET_FRAME,
	  20,
	  { 0 } },
	{ "one that is given up in its first slot",
	  { DATA(0, MORE, -1), DATA(0, 0, 20) },
	  2,
	  ALL,
	  NULL,
	  NET_NO_FRAME,
	  20,
	  { 0 } },
	{ "one that is given up in its last slot",
	  { DATA(0, MORE, 60), DATA(0, 0, -2) },
	  2,
	  ALL,
	  NULL,
	  NET_NO_FRAME,
	  60,
	  { 0 } },
	{ "one that is given up and has extra info",
	  { DATA(0, EXTRA, INT16_MIN), GSO(0, GSO4, 9) },
	  2,
	  ALL,
	  NULL,
	  NET_NO_FRAME,
	  0,
	  { .gso_type = GSO4, .gso_size = 9 } },

	{ "another id", { { 0, 0, 60, .id_off = 1 } }, 1, ALL, "another request", 0, 0, { 0 } },
	{ "another id later",
	  { DATA(0, MORE, 60), { 0, 0, 60, .id_off = -1 } },
	  2,
	  ALL,
	  "another request",
	  0,
	  0,
	  { 0 } },
	{ "a byte beyond the page", { DATA(1, 0, 4096) }, 1, ALL, "beyond the end of its page", 0, 0, { 0 } },
	{ "an offset beyond the page", { DATA(4097, 0, 0) }, 1, ALL, "beyond the end of its page", 0, 0, { 0 } },
	{ "an offset that wraps", { DATA(65535, 0, 14) }, 1, ALL, "beyond the end of its page", 0, 0, { 0 } },
	{ "a size far beyond it", { DATA(0, 0, INT16_MAX) }, 1, ALL, "beyond the end of its page", 0, 0, { 0 } },
	{ "a second slot without sg", { DATA(0, MORE, 60) }, 1, NONE, "several slots", 0, 0, { 0 } },
	{ "a blank checksum that nobody takes", { DATA(0, BLANK, 60) }, 1, NONE, "a blank checksum", 0, 0, { 0 } },
	{ "a GSO prefix", { DATA(0, NETRXF_gso_prefix, 60) }, 1, ALL, "a GSO prefix", 0, 0, { 0 } },
	{ "extra info in the middle",
	  { DATA(0, MORE, 60), DATA(0, MORE | EXTRA, 60) },
	  2,
	  ALL,
	  "not a frame's first",
	  0,
	  0,
	  { 0 } },
	{ "GSO that nobody takes",
	  { DATA(0, EXTRA, 60), GSO(0, GSO6, 9) },
	  2,
	  { true, true, false, true, true },
	  "not agreed to",
	  0,
	  0,
	  { 0 } },
	{ "GSO of IPv4 that nobody takes",
	  { DATA(0, EXTRA, 60), GSO(0, GSO4, 9) },
	  2,
	  { true, false, true, true, true },
	  "not agreed to",
	  0,
	  0,
	  { 0 } },
	{ "GSO of no type", { DATA(0, EXTRA, 60), GSO(0, 0, 9) }, 2, ALL, "does not exist", 0, 0, { 0 } },
	{ "GSO of a type to come", { DATA(0, EXTRA, 60), GSO(0, 3, 9) }, 2, ALL, "does not exist", 0, 0, { 0 } },
	{ "GSO of no size", { DATA(0, EXTRA, 60), GSO(0, GSO4, 0) }, 2, ALL, "no size", 0, 0, { 0 } },
	{ "extra info of no type", { DATA(0, EXTRA, 60), OTHER_EXTRA(0, 0) }, 2, ALL, "does not exist", 0, 0, { 0 } },
	{ "extra info of a type to come",
	  { DATA(0, EXTRA, 60), OTHER_EXTRA(5, 0) },
	  2,
	  ALL,
	  "does not exist",
	  0,
	  0,
	  { 0 } },
	{ "extra info of a type far away",
	  { DATA(0, EXTRA, 60), OTHER_EXTRA(33, 0) },
	  2,
	  ALL,
	  "does not exist",
	  0,
	  0,
	  { 0 } },
	{ "the same twice", { DATA(0, EXTRA, 60), GSO(1, GSO4, 9), GSO(0, GSO4, 9) }, 3, ALL, "twice", 0, 0, { 0 } },
};

static uint8_t *bytes, *page;

static int setup(void **state)
{
	bytes = malloc(NET_MAX_RECEIVED_BYTES);
	page = malloc(4096);
	return 0;
}

static int teardown(void **state)
{
	free(bytes);
	free(page);
	return 0;
}

/* The page holds a number that differs from slot to slot. */
static const char *add(struct net_assembly *assembly, const struct slot *slot, uint16_t id, enum net_step *step)
{
	struct netif_rx_response rsp = { id + slot->id_off, slot->offset, slot->flags, slot->status };
	struct netif_extra_info extra = { slot->type,
					  slot->extra_flags,
					  { .gso = { slot->gso_size, slot->gso_type, 0, 0 } } };

	memset(page, id & 0xff, 4096);
	return net_assembly_add(assembly, slot->is_extra ? (void *)&extra : (void *)&rsp, id, page, step);
}

static void frames_are_put_together_or_found_impossible(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_assembly assembly;
		enum net_step step = 99;
		const char *why = NULL;

		print_message("# %s\n", rows[i].name);
		net_assembly_init(&assembly, rows[i].takes, bytes);
		for (unsigned int k = 0; k < rows[i].nr; k++) {
			assert_null(why);
			why = add(&assembly, &rows[i].slots[k], 65534 + k, &step);
		}
		if (rows[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, rows[i].why));
			continue;
		}
		assert_null(why);
		assert_int_equal(step, rows[i].step);
		assert_int_equal(assembly.len_bytes, rows[i].len);
		assert_int_equal(assembly.meta.is_csum_blank, rows[i].meta.is_csum_blank);
		assert_int_equal(assembly.meta.is_data_validated, rows[i].meta.is_data_validated);
		assert_int_equal(assembly.meta.gso_type, rows[i].meta.gso_type);
		assert_int_equal(assembly.meta.gso_size, rows[i].meta.gso_size);
	}
}

static void a_hash_is_told_with_the_frame_that_has_one(void **state)
{
	static const struct netif_rx_response with = { 0, 0, EXTRA, 60 }, without = { 2, 0, 0, 60 };
	static const struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_HASH,
		.u.hash = { .type = 3, .algorithm = 1, .value = { 0x11, 0x22, 0x33, 0xf4 } },
	};
	struct net_assembly assembly;
	enum net_step step;

	net_assembly_init(&assembly, (struct net_features)NONE, bytes);
	assert_null(net_assembly_add(&assembly, &with, 0, page, &step));
	assert_null(net_assembly_add(&assembly, &extra, 1, page, &step));
	assert_int_equal(step, NET_FRAME);
	assert_int_equal(assembly.meta.hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	assert_int_equal(assembly.meta.hash_type, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	assert_int_equal(assembly.meta.hash, 0xf4332211);
	assert_null(net_assembly_add(&assembly, &without, 2, page, &step));
	assert_int_equal(assembly.meta.hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
}

static void bytes_come_from_where_the_slot_says(void **state)
{
	static const struct netif_rx_response parts[] = { { 0, 100, MORE, 20 }, { 1, 4090, 0, 6 } };
	struct net_assembly assembly;
	enum net_step step;

	net_assembly_init(&assembly, (struct net_features)ALL, bytes);
	for (unsigned int i = 0; i < 4096; i++)
		page[i] = i * 7 >> 2;
	assert_null(net_assembly_add(&assembly, &parts[0], 0, page, &step));
	assert_null(net_assembly_add(&assembly, &parts[1], 1, page, &step));
	assert_int_equal(step, NET_FRAME);
	assert_memory_equal(bytes, page + 100, 20);
	assert_memory_equal(bytes + 20, page + 4090, 6);
}

/* As large as there is memory for, and what comes of one more slot. */
static const char *fill_and_add(struct net_assembly *assembly, const struct slot *last)
{
	static const struct slot whole = DATA(0, MORE, 4096);
	enum net_step step;
	uint16_t id = 0;

	net_assembly_init(assembly, (struct net_features)ALL, bytes);
	for (; id < NET_MAX_RECEIVED_BYTES / 4096; id++)
		assert_null(add(assembly, &whole, id, &step));
	return add(assembly, last, id, &step);
}

static void a_frame_is_no_larger_than_its_memory(void **state)
{
	static const struct slot byte = DATA(0, 0, 1), nothing = DATA(0, 0, 0);
	struct net_assembly assembly;

	assert_null(fill_and_add(&assembly, &nothing));
	assert_int_equal(assembly.len_bytes, NET_MAX_RECEIVED_BYTES);
	assert_non_null(strstr(fill_and_add(&assembly, &byte), "larger than any"));
}

static void a_frame_ends_at_some_time(void **state)
{
	static const struct slot nothing = DATA(0, MORE, 0);
	struct net_assembly assembly;
	const char *why = NULL;
	enum net_step step;
	uint16_t id = 0;

	net_assembly_init(&assembly, (struct net_features)ALL, bytes);
	while (!why && id < 1000)
		why = add(&assembly, &nothing, id++, &step);
	assert_int_equal(id, NET_MAX_RECEIVED_SLOTS + 1);
	assert_non_null(strstr(why, "does not end"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(frames_are_put_together_or_found_impossible),
		T(a_hash_is_told_with_the_frame_that_has_one),
		T(bytes_come_from_where_the_slot_says),
		T(a_frame_is_no_larger_than_its_memory),
		T(a_frame_ends_at_some_time),
	};

	return cmocka_run_group_tests_name("front_net_assembly", tests, NULL, NULL);
}
