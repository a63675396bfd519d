// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <string.h>

#include "common/wire/inet.h"
#include "common/wire/vnet.h"
#include "common/wire/xen_netif.h"
#include "frontend/user/netload/traffic.h"

#define HEADERS4 54 /* Ethernet, IPv4, TCP */
#define LEN      100

static const struct net_takes takes_all = { true, true, true, true }, takes_nothing;

struct packet {
	uint8_t bytes[LEN];
	struct inet_frame parsed;
};

/* TCP with a payload, its checksum right. */
static void make(struct packet *packet, unsigned int version)
{
	uint8_t *ip = packet->bytes + 14;
	uint16_t pseudo;

	memset(packet, 0, sizeof(*packet));
	for (unsigned int i = 60; i < LEN; i++)
		packet->bytes[i] = i * 7;
	packet->bytes[12] = version == 4 ? 0x08 : 0x86;
	packet->bytes[13] = version == 4 ? 0x00 : 0xdd;
	ip[0] = version == 4 ? 0x45 : 0x60;
	ip[version == 4 ? 3 : 5] = version == 4 ? LEN - 14 : LEN - 14 - 40;
	ip[version == 4 ? 9 : 6] = INET_TCP;
	ip[12] = 10;
	ip[19] = 99;
	packet->bytes[14 + (version == 4 ? 20 : 40) + 12] = 0x50;
	assert_true(inet_parse(packet->bytes, LEN, &packet->parsed));
	pseudo = htons(inet_pseudo_checksum(packet->bytes, &packet->parsed, LEN - packet->parsed.l4_offset));
	memcpy(packet->bytes + packet->parsed.l4_offset + packet->parsed.csum_offset, &pseudo, sizeof(pseudo));
	inet_finish_checksum(packet->bytes, LEN, &packet->parsed);
}

static uint16_t field(const struct packet *packet)
{
	const uint8_t *at = packet->bytes + packet->parsed.l4_offset + packet->parsed.csum_offset;

	return at[0] << 8 | at[1];
}

/* As it is when the checksum is left to somebody else. */
static void blank(struct packet *packet)
{
	uint16_t pseudo = htons(
		inet_pseudo_checksum(packet->bytes, &packet->parsed, LEN - packet->parsed.l4_offset));

	memcpy(packet->bytes + packet->parsed.l4_offset + packet->parsed.csum_offset, &pseudo, sizeof(pseudo));
}

static struct virtio_net_hdr needs_csum(const struct packet *packet)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = packet->parsed.l4_offset,
		.csum_offset = packet->parsed.csum_offset,
	};
}

/* ---- from the ring --------------------------------------------------------------------------------------------- */

static void a_whole_frame_is_left_as_it_is(void **state)
{
	struct net_meta meta = { .is_data_validated = true };
	struct virtio_net_hdr hdr;
	uint8_t arp[60] = { [12] = 8, [13] = 6 };

	assert_null(vnet_from_netif(&meta, arp, sizeof(arp), &hdr));
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	meta.is_data_validated = false;
	assert_null(vnet_from_netif(&meta, arp, sizeof(arp), &hdr));
	assert_int_equal(hdr.flags, 0);
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void a_blank_checksum_is_found(void **state)
{
	const struct net_meta meta = { .is_csum_blank = true, .is_data_validated = true };
	struct virtio_net_hdr hdr;
	struct packet packet;
	uint8_t arp[60] = { [12] = 8, [13] = 6 };

	for (unsigned int version = 4; version <= 6; version += 2) {
		make(&packet, version);
		blank(&packet);
		assert_null(vnet_from_netif(&meta, packet.bytes, LEN, &hdr));
		assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		assert_int_equal(hdr.csum_start, version == 4 ? 34 : 54);
		assert_int_equal(hdr.csum_offset, 16);
	}
	assert_string_equal(vnet_from_netif(&meta, arp, sizeof(arp), &hdr),
			    "its checksum is blank, and it has none");
}

static void segments_need_a_blank_checksum(void **state)
{
	struct net_meta meta = { .gso_type = XEN_NETIF_GSO_TYPE_TCPV4, .gso_size = 20 };
	struct packet packet, expected;
	struct virtio_net_hdr hdr;

	make(&packet, 4);
	make(&expected, 4);
	blank(&expected);
	assert_int_not_equal(field(&packet), field(&expected));
	assert_null(vnet_from_netif(&meta, packet.bytes, LEN, &hdr));
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(hdr.gso_size, 20);
	assert_int_equal(hdr.hdr_len, HEADERS4);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_not_equal(field(&packet), field(&expected));
	vnet_blank_large(&meta, packet.bytes, LEN);
	assert_int_equal(field(&packet), field(&expected));
	vnet_blank_large(&(struct net_meta){ .is_data_validated = true }, packet.bytes, LEN);
	assert_int_equal(field(&packet), field(&expected));
	meta.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	assert_string_equal(vnet_from_netif(&meta, packet.bytes, LEN, &hdr),
			    "to be segmented as what it is not");
}

/* ---- to the ring ----------------------------------------------------------------------------------------------- */

static void what_the_guest_takes_is_left_to_it(void **state)
{
	struct net_meta meta;
	struct virtio_net_hdr hdr;
	struct packet packet;
	uint16_t before;

	for (unsigned int version = 4; version <= 6; version += 2) {
		make(&packet, version);
		blank(&packet);
		before = field(&packet);
		hdr = needs_csum(&packet);
		hdr.gso_type = version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN :
					      VIRTIO_NET_HDR_GSO_TCPV6;
		hdr.gso_size = 20;
		assert_null(vnet_to_netif(&hdr, packet.bytes, LEN, &takes_all, &meta));
		assert_true(meta.is_csum_blank && meta.is_data_validated);
		assert_int_equal(meta.gso_type,
				 version == 4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6);
		assert_int_equal(meta.gso_size, 20);
		assert_int_equal(field(&packet), before);
	}
}

static void what_it_does_not_take_is_completed(void **state)
{
	const struct net_takes only_ipv4 = { .csum_ipv4 = true };
	struct net_meta meta;
	struct virtio_net_hdr hdr;
	struct packet packet;

	for (unsigned int version = 4; version <= 6; version += 2) {
		make(&packet, version);
		blank(&packet);
		hdr = needs_csum(&packet);
		assert_null(vnet_to_netif(&hdr, packet.bytes, LEN, version == 4 ? &takes_nothing : &only_ipv4,
						 &meta));
		assert_false(meta.is_csum_blank);
		assert_true(inet_checksum_is_right(packet.bytes, LEN, &packet.parsed));
	}
}

/* Of a packet within a packet, say. */
static void a_checksum_at_another_place_is_completed(void **state)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 64, .csum_offset = 6 };
	struct net_meta meta;
	struct packet packet;

	make(&packet, 4);
	memset(packet.bytes + 64, 0, LEN - 64);
	packet.bytes[65] = 1; /* the sum of all there is */
	assert_null(vnet_to_netif(&hdr, packet.bytes, LEN, &takes_all, &meta));
	assert_false(meta.is_csum_blank);
	assert_int_equal(packet.bytes[70] << 8 | packet.bytes[71], 0xfffe);
	hdr.csum_start = LEN - 7;
	assert_string_equal(vnet_to_netif(&hdr, packet.bytes, LEN, &takes_all, &meta),
			    "its checksum lies outside");
}

static void segments_that_it_does_not_take_are_refused(void **state)
{
	const struct net_takes no_gso = { .csum_ipv4 = true, .csum_ipv6 = true };
	struct net_meta meta;
	struct virtio_net_hdr hdr;
	struct packet packet;

	make(&packet, 4);
	hdr = needs_csum(&packet);
	hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	assert_string_equal(vnet_to_netif(&hdr, packet.bytes, LEN, &no_gso, &meta),
			    "segments that the other end does not take");
	hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	assert_string_equal(vnet_to_netif(&hdr, packet.bytes, LEN, &takes_all, &meta),
			    "segments of a kind that no vif takes");
}

static void the_kernel_is_told_what_the_guest_takes(void **state)
{
	const struct net_takes gso_without_csum = { .gso_tcpv4 = true, .gso_tcpv6 = true },
			       only_ipv6 = { .csum_ipv6 = true, .gso_tcpv4 = true, .gso_tcpv6 = true };

	assert_int_equal(vnet_tap_offloads(&takes_all), TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	assert_int_equal(vnet_tap_offloads(&takes_nothing), 0);
	assert_int_equal(vnet_tap_offloads(&gso_without_csum), 0);
	assert_int_equal(vnet_tap_offloads(&only_ipv6), TUN_F_CSUM | TUN_F_TSO6);
}

/* ---- by rows --------------------------------------------------------------------------------------------------- */

#define CSUM  VIRTIO_NET_HDR_F_NEEDS_CSUM
#define VALID VIRTIO_NET_HDR_F_DATA_VALID
#define TSO4  VIRTIO_NET_HDR_GSO_TCPV4
#define TSO6  VIRTIO_NET_HDR_GSO_TCPV6
#define ECN   VIRTIO_NET_HDR_GSO_ECN
#define GSO4  XEN_NETIF_GSO_TYPE_TCPV4
#define GSO6  XEN_NETIF_GSO_TYPE_TCPV6

#define LARGE_LEN 3000

enum kind { UDP4, UDP6, TCP4, TCP6, ARP };

static const struct net_takes no_csum6 = { .csum_ipv4 = true, .gso_tcpv4 = true };

static uint8_t frame[LARGE_LEN];

/* A frame with a blank checksum; where it is. */
static uint16_t make_of(enum kind kind)
{
	struct traffic traffic = { .is_ipv6 = kind == UDP6 || kind == TCP6,
				   .is_blank = true,
				   .gso_size = kind == TCP4 || kind == TCP6 ? 1000 : 0 };
	struct net_meta meta;

	(void)traffic_make(&traffic, 0, false, frame, LARGE_LEN, &meta);
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
	const struct net_takes *takes;
	const char *why;
	struct net_meta meta;
	bool is_finished; /* the checksum */
} to_rows[] = {
	{ "nothing said", UDP4, 0, 0, 0, 0, &takes_all, NULL, { 0 }, false },
	{ "looked at", UDP4, VALID, 0, 0, 0, &takes_all, NULL, { .is_data_validated = true }, false },
	{ "blank", UDP4, CSUM, 0, 0, 0, &takes_all, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "blank, IPv6", UDP6, CSUM, 0, 0, 0, &takes_all, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "blank, IPv6, which is not taken", UDP6, CSUM, 0, 0, 0, &no_csum6, NULL, { 0 }, true },
	{ "blank, IPv4, which is", UDP4, CSUM, 0, 0, 0, &no_csum6, NULL, { true, true, 0, .gso_size = 0 }, false },
	{ "large", TCP4, CSUM, TSO4, 1448, 0, &takes_all, NULL, { true, true, GSO4, .gso_size = 1448 }, false },
	{ "large, IPv6", TCP6, CSUM, TSO6, 1428, 0, &takes_all, NULL, { true, true, GSO6, .gso_size = 1428 }, false },
	{ "a checksum elsewhere", UDP4, CSUM, 0, 0, 2, &takes_all, NULL, { 0 }, false },
	{ "a checksum elsewhere, large", TCP4, CSUM, TSO4, 9, 2, &takes_all, "does not take", { 0 }, false },
	{ "large, IPv6, which is not taken", TCP6, CSUM, TSO6, 9, 0, &no_csum6, "does not take", { 0 }, false },
	{ "large UDP", UDP4, CSUM, VIRTIO_NET_HDR_GSO_UDP, 9, 0, &takes_all, "no vif takes", { 0 }, false },
	{ "large, marked", TCP4, CSUM, TSO4 | ECN, 9, 0, &takes_all, NULL, { true, true, GSO4, .gso_size = 9 }, false },
	{ "large, not blank", TCP4, 0, TSO4, 9, 0, &takes_all, NULL, { false, false, GSO4, .gso_size = 9 }, false },
};

static void assert_meta_equal(const struct net_meta *a, const struct net_meta *b)
{
	assert_int_equal(a->is_csum_blank, b->is_csum_blank);
	assert_int_equal(a->is_data_validated, b->is_data_validated);
	assert_int_equal(a->gso_type, b->gso_type);
	assert_int_equal(a->gso_size, b->gso_size);
}

static void what_a_tap_says_is_said_in_the_ring(void **state)
{
	for (unsigned int i = 0; i < sizeof(to_rows) / sizeof(to_rows[0]); i++) {
		uint16_t start = make_of(to_rows[i].kind);
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
		why = vnet_to_netif(&hdr, frame, LARGE_LEN, to_rows[i].takes, &meta);
		if (to_rows[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, to_rows[i].why));
			continue;
		}
		assert_null(why);
		assert_meta_equal(&meta, &to_rows[i].meta);
		assert_true(inet_parse(frame, LARGE_LEN, &parsed));
		assert_int_equal(inet_checksum_is_right(frame, LARGE_LEN, &parsed), to_rows[i].is_finished);
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
	{ "blank, and neither", ARP, { .is_csum_blank = true }, "it has none", { 0 } },
	{ "large UDP", UDP4, { true, true, GSO4, .gso_size = 9 }, "what it is not", { 0 } },
	{ "large IPv6 that is IPv4", TCP4, { true, true, GSO6, .gso_size = 9 }, "what it is not", { 0 } },
	{ "large IPv4 that is IPv6", TCP6, { true, true, GSO4, .gso_size = 9 }, "what it is not", { 0 } },
};

static void what_a_ring_says_is_said_to_the_tap(void **state)
{
	for (unsigned int i = 0; i < sizeof(from_rows) / sizeof(from_rows[0]); i++) {
		uint16_t start = make_of(from_rows[i].kind);
		const struct virtio_net_hdr *want = &from_rows[i].hdr;
		struct virtio_net_hdr hdr;
		const char *why;

		print_message("# %s\n", from_rows[i].name);
		why = vnet_from_netif(&from_rows[i].meta, frame, LARGE_LEN, &hdr);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_frame_is_left_as_it_is),
		cmocka_unit_test(a_blank_checksum_is_found),
		cmocka_unit_test(segments_need_a_blank_checksum),
		cmocka_unit_test(what_the_guest_takes_is_left_to_it),
		cmocka_unit_test(what_it_does_not_take_is_completed),
		cmocka_unit_test(a_checksum_at_another_place_is_completed),
		cmocka_unit_test(segments_that_it_does_not_take_are_refused),
		cmocka_unit_test(the_kernel_is_told_what_the_guest_takes),
		cmocka_unit_test(what_a_tap_says_is_said_in_the_ring),
		cmocka_unit_test(what_a_ring_says_is_said_to_the_tap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
