// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <string.h>

#include "backend/net/offload.h"
#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

#define HEADERS4 54 /* Ethernet, IPv4, TCP */
#define LEN      100

static const struct net_guest_offloads takes_all = { true, true, true, true }, takes_nothing;

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

/* ---- from the guest -------------------------------------------------------------------------------------------- */

static void a_whole_frame_is_left_as_it_is(void **state)
{
	struct net_offload offload = { .data_validated = true };
	struct virtio_net_hdr hdr;
	uint8_t arp[60] = { [12] = 8, [13] = 6 };

	assert_null(net_offload_from_guest(&offload, arp, sizeof(arp), &hdr));
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	offload.data_validated = false;
	assert_null(net_offload_from_guest(&offload, arp, sizeof(arp), &hdr));
	assert_int_equal(hdr.flags, 0);
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void a_blank_checksum_is_found(void **state)
{
	const struct net_offload offload = { .csum_blank = true, .data_validated = true };
	struct virtio_net_hdr hdr;
	struct packet packet;
	uint8_t arp[60] = { [12] = 8, [13] = 6 };

	for (unsigned int version = 4; version <= 6; version += 2) {
		make(&packet, version);
		blank(&packet);
		assert_null(net_offload_from_guest(&offload, packet.bytes, LEN, &hdr));
		assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		assert_int_equal(hdr.csum_start, version == 4 ? 34 : 54);
		assert_int_equal(hdr.csum_offset, 16);
	}
	assert_string_equal(net_offload_from_guest(&offload, arp, sizeof(arp), &hdr),
			    "its checksum is blank, and it has none");
}

static void segments_need_a_blank_checksum(void **state)
{
	struct net_offload offload = { .gso_type = XEN_NETIF_GSO_TYPE_TCPV4, .gso_bytes = 20 };
	struct packet packet, expected;
	struct virtio_net_hdr hdr;

	make(&packet, 4);
	make(&expected, 4);
	blank(&expected);
	assert_int_not_equal(field(&packet), field(&expected));
	assert_null(net_offload_from_guest(&offload, packet.bytes, LEN, &hdr));
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(hdr.gso_size, 20);
	assert_int_equal(hdr.hdr_len, HEADERS4);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(field(&packet), field(&expected));
	offload.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	assert_string_equal(net_offload_from_guest(&offload, packet.bytes, LEN, &hdr),
			    "to be segmented as what it is not");
}

/* ---- to the guest ---------------------------------------------------------------------------------------------- */

static void what_the_guest_takes_is_left_to_it(void **state)
{
	struct net_offload offload;
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
		assert_null(net_offload_to_guest(&hdr, packet.bytes, LEN, &takes_all, &offload));
		assert_true(offload.csum_blank && offload.data_validated);
		assert_int_equal(offload.gso_type,
				 version == 4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6);
		assert_int_equal(offload.gso_bytes, 20);
		assert_int_equal(field(&packet), before);
	}
}

static void what_it_does_not_take_is_completed(void **state)
{
	const struct net_guest_offloads only_ipv4 = { .csum_ipv4 = true };
	struct net_offload offload;
	struct virtio_net_hdr hdr;
	struct packet packet;

	for (unsigned int version = 4; version <= 6; version += 2) {
		make(&packet, version);
		blank(&packet);
		hdr = needs_csum(&packet);
		assert_null(net_offload_to_guest(&hdr, packet.bytes, LEN, version == 4 ? &takes_nothing : &only_ipv4,
						 &offload));
		assert_false(offload.csum_blank);
		assert_true(inet_checksum_is_right(packet.bytes, LEN, &packet.parsed));
	}
}

/* Of a packet within a packet, say. */
static void a_checksum_at_another_place_is_completed(void **state)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 64, .csum_offset = 6 };
	struct net_offload offload;
	struct packet packet;

	make(&packet, 4);
	memset(packet.bytes + 64, 0, LEN - 64);
	packet.bytes[65] = 1; /* the sum of all there is */
	assert_null(net_offload_to_guest(&hdr, packet.bytes, LEN, &takes_all, &offload));
	assert_false(offload.csum_blank);
	assert_int_equal(packet.bytes[70] << 8 | packet.bytes[71], 0xfffe);
	hdr.csum_start = LEN - 7;
	assert_string_equal(net_offload_to_guest(&hdr, packet.bytes, LEN, &takes_all, &offload),
			    "its checksum lies outside");
}

static void segments_that_it_does_not_take_are_refused(void **state)
{
	const struct net_guest_offloads no_gso = { .csum_ipv4 = true, .csum_ipv6 = true };
	struct net_offload offload;
	struct virtio_net_hdr hdr;
	struct packet packet;

	make(&packet, 4);
	hdr = needs_csum(&packet);
	hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	assert_string_equal(net_offload_to_guest(&hdr, packet.bytes, LEN, &no_gso, &offload),
			    "segments that this guest does not take");
	hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	assert_string_equal(net_offload_to_guest(&hdr, packet.bytes, LEN, &takes_all, &offload),
			    "segments of a kind that no guest takes");
}

static void the_kernel_is_told_what_the_guest_takes(void **state)
{
	const struct net_guest_offloads gso_without_csum = { .gso_tcpv4 = true, .gso_tcpv6 = true },
					only_ipv6 = { .csum_ipv6 = true, .gso_tcpv4 = true, .gso_tcpv6 = true };

	assert_int_equal(net_tap_offloads(&takes_all), TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	assert_int_equal(net_tap_offloads(&takes_nothing), 0);
	assert_int_equal(net_tap_offloads(&gso_without_csum), 0);
	assert_int_equal(net_tap_offloads(&only_ipv6), TUN_F_CSUM | TUN_F_TSO6);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
