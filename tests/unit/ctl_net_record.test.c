// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "ctl/net_record.h"
#include "ctl/pcapng.h"

#define TX(size_, offset_, ...)   { 0, .request = { .size = size_, .offset = offset_, ##__VA_ARGS__ } }
#define RX(status_, offset_, ...) { 0, .response = { .status = status_, .offset = offset_, ##__VA_ARGS__ } }
#define GSO(type_, size_)         { 1, .extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso = { size_, type_, 0, 0 } } }
#define HASH(type_, algorithm_) \
	{ 1, .extra = { .type = XEN_NETIF_EXTRA_TYPE_HASH, .u.hash = { type_, algorithm_, { 4, 3, 2, 1 } } } }
#define MULTICAST(type_) { 1, .extra = { .type = type_, .u.mcast = { { 1, 0, 0x5e, 0, 0, 0xfb } } } }

static const struct {
	const char *want;
	uint32_t flags;
	struct net_capture_record record;
} rows[] = {
	{ "queue 0, 1 slot: 60@2", PCAPNG_INBOUND, { .nr_slots = 1, .slots = { TX(60, 2) } } },
	{ "queue 7, 1 slot: 60@0", PCAPNG_OUTBOUND,
	  { .queue = 7, .direction = NET_CAPTURE_TO_GUEST, .nr_slots = 1, .slots = { RX(60, 0) } } },
	{ "queue 0, 2 slots: 9000@66 4096@0; gso tcpv4 1448; csum_blank data_validated",
	  PCAPNG_INBOUND | PCAPNG_CHECKSUM_NOT_READY | PCAPNG_TCP_SEGMENTS,
	  { .nr_slots = 3,
	    .slots = { TX(9000, 66, .flags = 15), GSO(XEN_NETIF_GSO_TYPE_TCPV4, 1448), TX(4096, 0) } } },
	{ "queue 0, 1 slot: 60@0; data_validated", PCAPNG_INBOUND | PCAPNG_CHECKSUM_VALID,
	  { .nr_slots = 1, .slots = { TX(60, 0, .flags = NETTXF_data_validated) } } },
	{ "queue 0, 1 slot: 60@0; data_validated", PCAPNG_OUTBOUND | PCAPNG_CHECKSUM_VALID,
	  { .direction = NET_CAPTURE_TO_GUEST,
	    .nr_slots = 1,
	    .slots = { RX(60, 0, .flags = NETRXF_data_validated) } } },
	{ "queue 0, 1 slot: 60@0; csum_blank", PCAPNG_OUTBOUND | PCAPNG_CHECKSUM_NOT_READY,
	  { .direction = NET_CAPTURE_TO_GUEST, .nr_slots = 1, .slots = { RX(60, 0, .flags = NETRXF_csum_blank) } } },
	{ "queue 0, 1 slot: 60@0; gso tcpv6 1428; hash toeplitz ipv6_tcp 01020304",
	  PCAPNG_OUTBOUND | PCAPNG_TCP_SEGMENTS,
	  { .direction = NET_CAPTURE_TO_GUEST,
	    .nr_slots = 3,
	    .slots = { RX(60, 0), GSO(XEN_NETIF_GSO_TYPE_TCPV6, 1428),
		       HASH(_XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ) } } },
	{ "queue 0, 1 slot: 60@0; multicast add 01:00:5e:00:00:fb; multicast del 01:00:5e:00:00:fb", PCAPNG_INBOUND,
	  { .nr_slots = 3,
	    .slots = { TX(60, 0), MULTICAST(XEN_NETIF_EXTRA_TYPE_MCAST_ADD),
		       MULTICAST(XEN_NETIF_EXTRA_TYPE_MCAST_DEL) } } },
	{ "queue 0, 1 slot: 65535@65535; gso type 9 1; hash algorithm 8 type 7 01020304; extra of type 200; "
	  "dropped: as it is rubbish",
	  PCAPNG_INBOUND | PCAPNG_TCP_SEGMENTS,
	  { .nr_slots = 4,
	    .slots = { TX(65535, 65535), GSO(9, 1), HASH(7, 8), { 1, .extra = { .type = 200 } } },
	    .dropped = "as it is rubbish" } },
	{ "queue 0, 1 slot: -1@0; dropped: x", PCAPNG_OUTBOUND,
	  { .direction = NET_CAPTURE_TO_GUEST, .nr_slots = 1, .slots = { RX(-1, 0) }, .dropped = "x" } },
	{ "queue 0; dropped: x", PCAPNG_OUTBOUND, { .direction = NET_CAPTURE_TO_GUEST, .dropped = "x" } },
};

static void a_record_in_words(void **state)
{
	char text[NET_RECORD_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].want);
		net_record_describe(&rows[i].record, text, sizeof(text));
		assert_string_equal(text, rows[i].want);
		assert_int_equal(net_record_flags(&rows[i].record), rows[i].flags);
	}
}

/* The longest words for each slot, and a reason without an end. */
static void the_longest_has_room(void **state)
{
	struct net_capture_record record = { .queue = UINT16_MAX, .nr_slots = NET_CAPTURE_MAX_SLOTS };
	char text[NET_RECORD_TEXT_BYTES + 1] = "";

	for (unsigned int i = 0; i < NET_CAPTURE_MAX_SLOTS; i++)
		record.slots[i] = (struct net_capture_slot)HASH(255, 255);
	record.slots[0] = (struct net_capture_slot)TX(65535, 65535, .flags = 15);
	memset(record.dropped, 'x', sizeof(record.dropped));
	net_record_describe(&record, text, NET_RECORD_TEXT_BYTES);
	assert_true(strlen(text) < NET_RECORD_TEXT_BYTES - 1);
	assert_int_equal(text[strlen(text) - 1], 'x');
	net_record_describe(&record, text, 10); /* and where there is none it ends */
	assert_string_equal(text, "queue 655");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_in_words),
		cmocka_unit_test(the_longest_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
