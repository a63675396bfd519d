// SPDX-License-Identifier: MIT
#include "tests/conform/peer/mirror.h"

#include <string.h>

#include "common/wire/big_endian.h"
#include "common/wire/inet.h"

#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ARP_BYTES      28
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define PORTS_BYTES    4
#define ECHO_BYTES     4 /* type, code and checksum */
#define ICMP           1
#define ICMPV6         58
#define MULTICAST      224 /* an IPv4 address's first octet, from this one on */

const uint8_t mirror_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

static void swap(uint8_t *a, uint8_t *b, unsigned int len)
{
	uint8_t kept[16];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

/* By whoever asks for an address of somebody else's. */
static bool turn_arp(uint8_t *arp, uint32_t len)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	if (len < ARP_BYTES || memcmp(arp, request, sizeof(request)) != 0 || memcmp(arp + 14, arp + 24, 4) == 0)
		return false;
	arp[7] = 2;
	swap(arp + 8, arp + 18, 10); /* address and IP address of both */
	memcpy(arp + 8, mirror_mac, 6);
	return true;
}

/* The type is the upper half of a word, and the checksum what is missing of all words' sum. */
static bool turn_echo(uint8_t *icmp, uint32_t len, uint8_t request, uint8_t reply)
{
	uint32_t sum;

	if (len < ECHO_BYTES || icmp[0] != request)
		return false;
	sum = get16(icmp + 2) + (uint16_t)((request << 8) - (reply << 8) - (request < reply));
	icmp[0] = reply;
	put16(icmp + 2, sum + (sum >> 16));
	return true;
}

static bool turn_ports(uint8_t *l4, uint32_t len)
{
	if (len < PORTS_BYTES)
		return false;
	swap(l4, l4 + 2, 2);
	return true;
}

static bool turn_l4(uint8_t *l4, uint32_t len, uint8_t protocol)
{
	switch (protocol) {
	case ICMP:
		return turn_echo(l4, len, 8, 0);
	case ICMPV6:
		return turn_echo(l4, len, 128, 129);
	case INET_TCP:
	case INET_UDP:
		return turn_ports(l4, len);
	default:
		return false;
	}
}

static bool turn_ipv4(uint8_t *ip, uint32_t len)
{
	uint32_t header_bytes = len < IPV4_BYTES ? 0 : ip[0] % 16 * 4;

	if (header_bytes < IPV4_BYTES || header_bytes > len || ip[16] >= MULTICAST)
		return false;
	swap(ip + 12, ip + 16, 4);
	return get16(ip + 6) & 0x1fff /* not a packet's first fragment */ ||
	       turn_l4(ip + header_bytes, len - header_bytes, ip[9]);
}

static bool turn_ipv6(uint8_t *ip, uint32_t len)
{
	if (len < IPV6_BYTES || ip[24] == 0xff)
		return false;
	swap(ip + 8, ip + 24, 16);
	return turn_l4(ip + IPV6_BYTES, len - IPV6_BYTES, ip[6]);
}

static bool turn_packet(struct frame *frame)
{
	uint8_t *bytes = frame->bytes + FRAME_MIN_BYTES;
	uint32_t len = frame->len - FRAME_MIN_BYTES;

	switch (get16(frame->bytes + 12)) {
	case ETHERTYPE_ARP:
		return turn_arp(bytes, len);
	case ETHERTYPE_IPV4:
		return turn_ipv4(bytes, len);
	case ETHERTYPE_IPV6:
		return turn_ipv6(bytes, len);
	default:
		return false;
	}
}

bool mirror_turn(struct frame *frame)
{
	if (frame->len < FRAME_MIN_BYTES || !turn_packet(frame))
		return false;
	memcpy(frame->bytes, frame->bytes + 6, 6);
	memcpy(frame->bytes + 6, mirror_mac, 6);
	return true;
}
