// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/net/rx_frame.h"

#define PAGE 4096

#define MORE  NETRXF_more_data
#define EXTRA NETRXF_extra_info

static struct net_rx_frame frame;

static void make(uint32_t len_bytes, bool has_gso, bool has_hash)
{
	memset(&frame, 0, sizeof(frame));
	frame.len_bytes = len_bytes;
	if (has_gso) {
		frame.meta.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		frame.meta.gso_size = 1440;
	}
	frame.has_hash = has_hash;
	frame.hash = (struct toeplitz_hash){ 0x44332211, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP };
	frame.nr_parts = net_rx_frame_parts_needed(&frame);
	for (unsigned int i = 0; i < frame.nr_parts; i++)
		frame.parts[i].id = 100 + i;
	net_rx_frame_cut(&frame);
}

static const struct {
	const char *name;
	uint32_t len_bytes;
	bool has_gso, has_hash;
	unsigned int nr_parts;
	struct {
		uint16_t len_bytes;
		uint16_t flags; /* of a response; an extra: */
		uint8_t type;
		bool is_followed;
	} parts[4];
} rows[] = {
	{ "one buffer", 60, false, false, 1, { { 60, 0, 0, false } } },
	{ "a whole page", PAGE, false, false, 1, { { PAGE, 0, 0, false } } },
	{ "a byte more", PAGE + 1, false, false, 2, { { PAGE, MORE, 0, false }, { 1, 0, 0, false } } },
	{ "large", PAGE + 1, true, false, 3,
	  { { PAGE, MORE | EXTRA, 0, false }, { 0, 0, XEN_NETIF_EXTRA_TYPE_GSO, false }, { 1, 0, 0, false } } },
	{ "large in one buffer", 60, true, false, 2,
	  { { 60, EXTRA, 0, false }, { 0, 0, XEN_NETIF_EXTRA_TYPE_GSO, false } } },
	{ "with a hash", 60, false, true, 2, { { 60, EXTRA, 0, false }, { 0, 0, XEN_NETIF_EXTRA_TYPE_HASH, false } } },
	{ "large with a hash", PAGE + 1, true, true, 4,
	  { { PAGE, MORE | EXTRA, 0, false },
	    { 0, 0, XEN_NETIF_EXTRA_TYPE_GSO, true },
	    { 0, 0, XEN_NETIF_EXTRA_TYPE_HASH, false },
	    { 1, 0, 0, false } } },
};

static void a_frame_says_in_its_slots_what_it_is(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name);
		make(rows[i].len_bytes, rows[i].has_gso, rows[i].has_hash);
		assert_int_equal(frame.nr_parts, rows[i].nr_parts);
		for (unsigned int part = 0; part < frame.nr_parts; part++) {
			union net_rx_answer answer = net_rx_frame_answer(&frame, part);

			assert_int_equal(frame.parts[part].len_bytes, rows[i].parts[part].len_bytes);
			if (rows[i].parts[part].type) {
				assert_int_equal(answer.extra.type, rows[i].parts[part].type);
				assert_int_equal(answer.extra.flags, rows[i].parts[part].is_followed);
				continue;
			}
			assert_int_equal(answer.response.id, 100 + part);
			assert_int_equal(answer.response.offset, 0);
			assert_int_equal(answer.response.flags, rows[i].parts[part].flags);
			assert_int_equal(answer.response.status, rows[i].parts[part].len_bytes);
		}
	}
}

static void extras_have_what_the_guest_is_told(void **state)
{
	static const uint8_t lowest_first[] = { 0x11, 0x22, 0x33, 0x44 };
	union net_rx_answer answer;

	make(60, true, true);
	answer = net_rx_frame_answer(&frame, 1);
	assert_int_equal(answer.extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(answer.extra.u.gso.size, 1440);
	answer = net_rx_frame_answer(&frame, 2);
	assert_int_equal(answer.extra.u.hash.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	assert_int_equal(answer.extra.u.hash.algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	assert_memory_equal(answer.extra.u.hash.value, lowest_first, 4);
}

static void checksums_are_said_first(void **state)
{
	make(PAGE + 1, false, false);
	frame.meta.is_csum_blank = frame.meta.is_data_validated = true;
	assert_int_equal(net_rx_frame_answer(&frame, 0).response.flags,
			 MORE | NETRXF_csum_blank | NETRXF_data_validated);
	assert_int_equal(net_rx_frame_answer(&frame, 1).response.flags, 0);
}

static void one_copy_that_fails_fails_the_frame(void **state)
{
	make(PAGE + 1, false, true);
	frame.has_failed = true;
	assert_int_equal(net_rx_frame_answer(&frame, 0).response.status, NETIF_RSP_ERROR);
	assert_int_equal(net_rx_frame_answer(&frame, 0).response.flags, MORE | EXTRA);
	assert_int_equal(net_rx_frame_answer(&frame, 1).extra.type, XEN_NETIF_EXTRA_TYPE_HASH);
	assert_int_equal(net_rx_frame_answer(&frame, 2).response.status, NETIF_RSP_ERROR);
}

static void who_takes_a_page_at_once_takes_what_its_headroom_leaves_of_it(void **state)
{
	static const struct {
		uint32_t len_bytes, headroom_bytes;
		bool has_sg, fits;
	} rows[] = {
		{ PAGE, 0, false, true },
		{ PAGE + 1, 0, false, false },
		{ PAGE - 256, 256, false, true },
		{ PAGE - 255, 256, false, false },
		{ PAGE, 256, false, false },
		{ PAGE, 256, true, true },
		{ NET_RX_MAX_BYTES, NET_RX_MAX_HEADROOM_BYTES, true, true },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct net_rx_limits limits = { .has_sg = rows[i].has_sg };
		const struct net_rx_frame sized = {
			.len_bytes = rows[i].len_bytes,
			.headroom_bytes = rows[i].headroom_bytes,
		};

		print_message("# %u behind %u\n", rows[i].len_bytes, rows[i].headroom_bytes);
		assert_int_equal(net_rx_frame_check_size(&sized, &limits) == NULL, rows[i].fits);
	}
}

static void the_largest_frame_has_room(void **state)
{
	make(NET_RX_MAX_BYTES, true, true);
	assert_in_range(frame.nr_parts, 19, NET_RX_MAX_PARTS);
	assert_true(NET_RX_HEAD_BYTES + sizeof(struct virtio_net_hdr) + NET_RX_MAX_BYTES <= NET_RX_STRIDE_BYTES);
}

static void room_is_left_before_the_data_of_each_buffer(void **state)
{
	static const uint8_t room_of_256[] = { 0, 1 };
	union net_rx_answer answer;

	make(60, true, true);
	frame.len_bytes = 3841;
	frame.headroom_bytes = 256;
	frame.nr_parts = net_rx_frame_parts_needed(&frame);
	net_rx_frame_cut(&frame);
	assert_int_equal(frame.nr_parts, 5);
	answer = net_rx_frame_answer(&frame, 0);
	assert_int_equal(answer.response.offset, 256);
	assert_int_equal(answer.response.status, 3840);
	assert_int_equal(net_rx_frame_answer(&frame, 2).extra.flags, XEN_NETIF_EXTRA_FLAG_MORE);
	answer = net_rx_frame_answer(&frame, 3);
	assert_int_equal(answer.extra.type, 5);
	assert_int_equal(answer.extra.flags, 0);
	assert_memory_equal(answer.extra.u.pad, room_of_256, 2);
	answer = net_rx_frame_answer(&frame, 4);
	assert_int_equal(answer.response.offset, 256);
	assert_int_equal(answer.response.status, 1);
	frame.len_bytes = NET_RX_MAX_BYTES;
	frame.headroom_bytes = NET_RX_MAX_HEADROOM_BYTES;
	assert_true(net_rx_frame_parts_needed(&frame) <= NET_RX_MAX_PARTS);
	frame.headroom_bytes = 0;
}

static void a_copy_is_the_same_frame_elsewhere(void **state)
{
	uint8_t here[100], there[100];
	struct net_rx_frame copy = { .memory = there };

	make(70, true, true);
	memset(here, 7, sizeof(here));
	memset(there, 0, sizeof(there));
	frame.memory = here;
	net_rx_frame_copy(&copy, &frame);
	copy.nr_parts = net_rx_frame_parts_needed(&copy);
	assert_int_equal(copy.nr_parts, 3);
	assert_int_equal(copy.hash.value, frame.hash.value);
	assert_int_equal(copy.meta.gso_size, frame.meta.gso_size);
	assert_memory_equal(there, here, sizeof(struct virtio_net_hdr) + 70);
	assert_int_equal(there[sizeof(struct virtio_net_hdr) + 70], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_says_in_its_slots_what_it_is),
		cmocka_unit_test(extras_have_what_the_guest_is_told),
		cmocka_unit_test(checksums_are_said_first),
		cmocka_unit_test(one_copy_that_fails_fails_the_frame),
		cmocka_unit_test(who_takes_a_page_at_once_takes_what_its_headroom_leaves_of_it),
		cmocka_unit_test(the_largest_frame_has_room),
		cmocka_unit_test(room_is_left_before_the_data_of_each_buffer),
		cmocka_unit_test(a_copy_is_the_same_frame_elsewhere),
	};

	return cmocka_run_group_tests_name("net_rx_frame", tests, NULL, NULL);
}
