// SPDX-License-Identifier: MIT
/*
 * A frame of a vif that may send in its own name alone. What holds of one that is let through:
 *
 * - it comes from the vif's MAC address;
 * - where its IP addresses are known, it is IP or ARP, and its source one of these; or no address at all, which only
 *   IPv6 that asks for one has, DHCP, and ARP probes for one of the vif's;
 * - who does not look further than its headers would let it through, too: bytes behind them change nothing.
 */
#include "backend/net/antispoof.h"
#include "common/wire/big_endian.h"
#include "common/wire/inet.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 };
static const uint8_t link_local[16] = { 0xfe, 0x80, [8] = 0x02, 0x16, 0x3e, 0xff, 0xfe, 0x01, 0x02, 0x03 };
static const uint8_t none[16];

static struct net_antispoof owner(bool has_ip)
{
	struct net_antispoof own = { .ip.nr = 0 };
	struct errbuf err;

	memcpy(own.mac, mac, sizeof(mac));
	if (has_ip)
		assert(ip_prefixes_parse("10.0.0.1 10.1.0.0/16 fd00::1", &own.ip, &err) == 0);
	return own;
}

static bool is_own_ipv4(const uint8_t *address)
{
	return (address[0] == 10 && address[1] == 1) || get32(address) == 0x0a000001;
}

static bool is_own_ipv6(const uint8_t *address)
{
	static const uint8_t given[16] = { 0xfd, [15] = 1 };

	return memcmp(address, given, 16) == 0 || memcmp(address, link_local, 16) == 0;
}

static void check_ipv4(const uint8_t *frame, const uint8_t *ip, const struct inet_frame *parsed)
{
	if (is_own_ipv4(ip + 12))
		return;
	assert(get32(ip + 12) == 0 && parsed->protocol == INET_UDP);
	assert(get16(frame + parsed->l4_offset) == 68 && get16(frame + parsed->l4_offset + 2) == 67);
}

static void check_arp(const uint8_t *arp)
{
	assert(memcmp(arp + 8, mac, sizeof(mac)) == 0);
	assert(is_own_ipv4(arp + 14) || (get32(arp + 14) == 0 && is_own_ipv4(arp + 24)));
}

static void check_let_through(const uint8_t *frame, size_t len_bytes)
{
	struct inet_frame parsed;
	const uint8_t *ip;

	(void)inet_parse(frame, len_bytes, &parsed);
	ip = frame + parsed.l3_offset;
	switch (get16(ip - 2)) {
	case 0x0800:
		check_ipv4(frame, ip, &parsed);
		break;
	case 0x86dd:
		assert(is_own_ipv6(ip + 8) || (memcmp(ip + 8, none, 16) == 0 && parsed.protocol == 58));
		break;
	default:
		assert(get16(ip - 2) == 0x0806);
		check_arp(ip);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	struct net_antispoof own = owner(fuzz_u8(&input) % 4 != 0);
	uint8_t *longer;

	if (input.left_bytes < 14 || net_antispoof_check(&own, input.next, input.left_bytes))
		return 0;
	assert(memcmp(input.next + 6, mac, sizeof(mac)) == 0);
	if (own.ip.nr > 0)
		check_let_through(input.next, input.left_bytes);
	longer = calloc(1, input.left_bytes + 64);
	memcpy(longer, input.next, input.left_bytes);
	assert(!net_antispoof_check(&own, longer, input.left_bytes + 64));
	free(longer);
	return 0;
}
