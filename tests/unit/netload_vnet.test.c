// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include <linux/if_tun.h>

#include "common/wire/inet.h"
#include "frontend/user/netload/traffic.h"
#include "frontend/user/netload/vnet.h"

#define CSUM  VIRTIO_NET_HDR_F_NEEDS_CSUM
#define VALID VIRTIO_NET_HDR_F_DATA_VALID
#define TSO4  VIRTIO_NET_HDR_GSO_TCPV4
#define TSO6  VIRTIO_NET_HDR_GSO_TCPV6
#define GSO4  XEN_NETIF_GSO_TYPE_TCPV4
#define GSO6  XEN_NETIF_GSO_TYPE_TCPV6

#define LEN 3000

enum kind { UDP4, UDP6, TCP4, TCP6, ARP };

static const struct net_features all = { true, true, true, true, true };
static const struct net_features no_csum6 = { true, true, false, true, false };

static uint8_t frame[LEN];

/* A frame with a blank checksum; where it is. */
static uint16_t make(enum kind kind)
{
	struct traffic traffic = { .is_ipv6 = kind == UDP6 || kind == TCP6,
				   .is_blank = true,
				   .gso_size = kind == TCP4 || kind == TCP6 ? 1000 : 0 };
	struct net_meta meta;

	(void)traffic_make(&traffic, 0, false, frame, LEN, &meta);
	if (kind == ARP)
		memcpy(frame + 12, "\x08\x06", 2);
	return traffic.is_ipv6 ? 54 : 34;
}

static const struct {
	const char *name;
	enum kind kind;
	uint8_t flags, gso_type;
	uint16_t gso_size;
	int16_t start_off; /* from the right one */
	const struct net_features *takes;
	const char *why;
	struct net_meta meta;
	bool is_finished; /* the checksum */
} to_rows[] = {
	{ "nothing said", UDP4, 0, 0, 0, 0, &all, NULL, { 0 }, false },
	{ "looked at", UDP4, VALID, 0, 0, 0, &all, NULL, { .is_data_validated = true }, false },
	{ "blank", UDP4, CSUM, 0, 0, 0, &all, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "blank, IPv6", UDP6, CSUM, 0, 0, 0, &all, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "blank, IPv6, which is not taken", UDP6, CSUM, 0, 0, 0, &no_csum6, NULL, { 0 }, true },
	{ "blank, IPv4, which is", UDP4, CSUM, 0, 0, 0, &no_csum6, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "large", TCP4, CSUM, TSO4, 1448, 0, &all, NULL, { true, true, GSO4, .gso_size = 1448 }, false },
	{ "large, IPv6", TCP6, CSUM, TSO6, 1428, 0, &all, NULL, { true, true, GSO6, .gso_size = 1428 }, false },
	{ "a checksum elsewhere", UDP4, CSUM, 0, 0, 2, &all, "not that of TCP or UDP", { 0 }, false },
	{ "a checksum of what has none", ARP, CSUM, 0, 0, 0, &all, "not that of TCP or UDP", { 0 }, false },
	{ "large UDP", UDP4, CSUM, VIRTIO_NET_HDR_GSO_UDP, 9, 0, &all, "not asked for", { 0 }, false },
	{ "large with congestion bits",
	  TCP4,
	  CSUM,
	  TSO4 | VIRTIO_NET_HDR_GSO_ECN,
	  9,
	  0,
	  &all,
	  "not asked for",
	  { 0 },
	  false },
	{ "large with a checksum", TCP4, 0, TSO4, 9, 0, &all, "with a checksum", { 0 }, false },
};

static void assert_meta_equal(const struct net_meta *a, const struct net_meta *b)
{
	assert_int_equal(a->is_csum_blank, b->is_csum_blank);
	assert_int_equal(a->is_data_validated, b->is_data_validated);
	assert_int_equal(a->gso_type, b->gso_type);
	assert_int_equal(a->gso_size, b->gso_size);
}

static void what_a_tap_says_is_said_to_the_backend(void **state)
{
	for (unsigned int i = 0; i < sizeof(to_rows) / sizeof(to_rows[0]); i++) {
		uint16_t start = make(to_rows[i].kind);
		struct virtio_net_hdr hdr = { .flags = to_rows[i].flags,
					      .gso_type = to_rows[i].gso_type,
					      .gso_size = to_rows[i].gso_size,
					      .csum_start = start + to_rows[i].start_off,
					      .csum_offset =
						      to_rows[i].kind == TCP4 || to_rows[i].kind == TCP6 ? 16 : 6 };
		struct inet_frame parsed;
		struct net_meta meta;
		const char *why;

		print_message("# %s\n", to_rows[i].name);
		why = vnet_to_meta(frame, LEN, &hdr, to_rows[i].takes, &meta);
		if (to_rows[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, to_rows[i].why));
			continue;
		}
		assert_null(why);
		assert_meta_equal(&meta, &to_rows[i].meta);
		assert_true(inet_parse(frame, LEN, &parsed));
		assert_int_equal(inet_checksum_is_right(frame, LEN, &parsed), to_rows[i].is_finished);
	}
}

static const struct {
	const char *name;
	enum kind kind;
	struct net_meta meta;
	const char *why;
	struct virtio_net_hdr hdr; /* csum_start and hdr_len are as the frame has them */
} from_rows[] = {
	{ "nothing said", UDP4, { 0 }, NULL, { 0 } },
	{ "nothing said of what is neither", ARP, { 0 }, NULL, { 0 } },
	{ "looked at", ARP, { .is_data_validated = true }, NULL, { .flags = VALID } },
	{ "blank", UDP4, { .is_csum_blank = true }, NULL, { .flags = CSUM, .csum_offset = 6 } },
	{ "blank, IPv6", UDP6, { true, true, 0, .gso_size = 0 }, NULL, { .flags = CSUM, .csum_offset = 6 } },
	{ "large",
	  TCP4,
	  { true, true, GSO4, .gso_size = 1448 },
	  NULL,
	  { .flags = CSUM, .gso_type = TSO4, .gso_size = 1448, .csum_offset = 16, .hdr_len = 54 } },
	{ "large, IPv6",
	  TCP6,
	  { true, true, GSO6, .gso_size = 1428 },
	  NULL,
	  { .flags = CSUM, .gso_type = TSO6, .gso_size = 1428, .csum_offset = 16, .hdr_len = 74 } },
	{ "blank, and neither", ARP, { .is_csum_blank = true }, "neither TCP nor UDP", { 0 } },
	{ "large UDP", UDP4, { true, true, GSO4, .gso_size = 9 }, "another kind", { 0 } },
	{ "large IPv6 that is IPv4", TCP4, { true, true, GSO6, .gso_size = 9 }, "another kind", { 0 } },
	{ "large IPv4 that is IPv6", TCP6, { true, true, GSO4, .gso_size = 9 }, "another kind", { 0 } },
};

static void what_a_backend_says_is_said_to_the_tap(void **state)
{
	for (unsigned int i = 0; i < sizeof(from_rows) / sizeof(from_rows[0]); i++) {
		uint16_t start = make(from_rows[i].kind);
		const struct virtio_net_hdr *want = &from_rows[i].hdr;
		struct virtio_net_hdr hdr;
		const char *why;

		print_message("# %s\n", from_rows[i].name);
		why = vnet_from_meta(frame, LEN, &from_rows[i].meta, &hdr);
		if (from_rows[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, from_rows[i].why));
			continue;
		}
		assert_null(why);
		assert_int_equal(hdr.flags, want->flags);
		assert_int_equal(hdr.gso_type, want->gso_type);
		assert_int_equal(hdr.gso_size, want->gso_size);
		assert_int_equal(hdr.hdr_len, want->hdr_len);
		assert_int_equal(hdr.csum_start, want->flags & CSUM ? start : 0);
		assert_int_equal(hdr.csum_offset, want->csum_offset);
	}
}

/* A backend may send a large packet with a checksum; the tap needs the sum of the pseudo header there. */
static void a_large_packet_with_a_checksum_gets_a_blank_one(void **state)
{
	const struct net_meta meta = { false, true, GSO4, .gso_size = 1000 };
	struct inet_frame parsed;
	struct virtio_net_hdr hdr;
	uint8_t blank[LEN];

	make(TCP4);
	memcpy(blank, frame, LEN);
	assert_true(inet_parse(frame, LEN, &parsed));
	inet_finish_checksum(frame, LEN, &parsed);
	assert_memory_not_equal(frame, blank, LEN);
	assert_null(vnet_from_meta(frame, LEN, &meta, &hdr));
	assert_memory_equal(frame, blank, LEN);
	assert_int_equal(hdr.flags, CSUM);
}

static void a_tap_leaves_out_what_the_backend_takes(void **state)
{
	const struct net_features none = { .sg = true }, csum6 = { .csum_ipv6 = true };

	assert_int_equal(vnet_offloads(&all), TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	assert_int_equal(vnet_offloads(&no_csum6), TUN_F_CSUM | TUN_F_TSO4);
	assert_int_equal(vnet_offloads(&csum6), TUN_F_CSUM);
	assert_int_equal(vnet_offloads(&none), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_tap_says_is_said_to_the_backend),
		cmocka_unit_test(what_a_backend_says_is_said_to_the_tap),
		cmocka_unit_test(a_large_packet_with_a_checksum_gets_a_blank_one),
		cmocka_unit_test(a_tap_leaves_out_what_the_backend_takes),
	};

	return cmocka_run_group_tests_name("netload_vnet", tests, NULL, NULL);
}
