// SPDX-License-Identifier: MIT
#include "backend/net/antispoof.h"

#include <stdbool.h>
#include <string.h>

#include "common/wire/big_endian.h"
#include "common/wire/inet.h"

#define TYPE_ARP 0x0806

/* Of IPv6: what follows a header, and of ICMPv6 its type. */
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, ICMPV6 = 58, DESTINATION = 60 };
enum {
	LISTENER_REPORT = 131,
	LISTENER_DONE = 132,
	ROUTER_SOLICITATION = 133,
	NEIGHBOUR_SOLICITATION = 135,
	NEIGHBOUR_ADVERTISEMENT = 136,
	REDIRECT = 137,
	LISTENER_REPORT_V2 = 143,
};

#define FRAGMENT_BYTES  8
#define NEIGHBOUR_BYTES 24 /* up to the target's end */
#define DHCP_SERVER     67
#define DHCP_CLIENT     68

#define ANOTHERS_IP  "not from an IP address of the vif"
#define ANOTHERS_ARP "ARP for an address that the vif does not have"
#define ANOTHERS_ND  "neighbour discovery for an address that the vif does not have"
#define CUT_OFF      "not all of the headers that its sender is looked for in"

static const uint8_t no_address[IPV6_ADDRESS_BYTES];

/* Offsets never are beyond the end. */
static bool has(size_t len, size_t offset, size_t bytes)
{
	return bytes <= len - offset;
}

/* ---- IPv4 ------------------------------------------------------------------------------------------------------ */

static bool owns_ipv4(const struct net_antispoof *own, const uint8_t *address)
{
	return ip_prefixes_have(&own->ip, 4, address);
}

static const char *check_arp(const struct net_antispoof *own, const uint8_t *arp, size_t len)
{
	static const uint8_t of_ipv4_on_ethernet[6] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *sender = arp + 8, *sender_ip = arp + 14, *target_ip = arp + 24;

	if (!has(len, 0, 28))
		return CUT_OFF;
	if (memcmp(arp, of_ipv4_on_ethernet, sizeof(of_ipv4_on_ethernet)) != 0 || memcmp(sender, own->mac, 6) != 0)
		return ANOTHERS_ARP;
	if (memcmp(sender_ip, no_address, IPV4_ADDRESS_BYTES) == 0)
		sender_ip = target_ip; /* a probe */
	return owns_ipv4(own, sender_ip) ? NULL : ANOTHERS_ARP;
}

static bool asks_dhcp(const uint8_t *frame, const struct inet_frame *parsed)
{
	const uint8_t *udp = frame + parsed->l4_offset;

	return parsed->protocol == INET_UDP && get16(udp) == DHCP_CLIENT && get16(udp + 2) == DHCP_SERVER;
}

static const char *check_ipv4(const struct net_antispoof *own, const uint8_t *frame, const struct inet_frame *parsed,
			      bool has_ports)
{
	const uint8_t *source = frame + parsed->l3_offset + 12;

	if (parsed->l4_offset == 0)
		return CUT_OFF;
	if (owns_ipv4(own, source))
		return NULL;
	if (memcmp(source, no_address, IPV4_ADDRESS_BYTES) == 0 && has_ports && asks_dhcp(frame, parsed))
		return NULL;
	return ANOTHERS_IP;
}

/* ---- IPv6 ------------------------------------------------------------------------------------------------------ */

static bool owns_ipv6(const struct net_antispoof *own, const uint8_t *address)
{
	const uint8_t *mac = own->mac;
	const uint8_t link_local[IPV6_ADDRESS_BYTES] = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5],
	};

	return memcmp(address, link_local, sizeof(link_local)) == 0 || ip_prefixes_have(&own->ip, 6, address);
}

static bool is_of_who_has_no_address(uint8_t type)
{
	return type == NEIGHBOUR_SOLICITATION || type == ROUTER_SOLICITATION || type == LISTENER_REPORT ||
	       type == LISTENER_DONE || type == LISTENER_REPORT_V2;
}

/* offset: of an ICMPv6 message that is not in fragments. */
static const char *check_icmpv6(const struct net_antispoof *own, const uint8_t *frame, size_t len, size_t offset,
				bool has_source)
{
	const uint8_t *message = frame + offset;
	bool is_about_own;

	if (!has(len, offset, 1))
		return CUT_OFF;
	if (!has_source && !is_of_who_has_no_address(message[0]))
		return ANOTHERS_IP;
	/* Who has an address may ask for anybody's, and say only what is its own; who has none asks for its own. */
	if (message[0] != NEIGHBOUR_ADVERTISEMENT && (has_source || message[0] != NEIGHBOUR_SOLICITATION))
		return NULL;
	is_about_own = has(len, offset, NEIGHBOUR_BYTES) && owns_ipv6(own, message + 8);
	return is_about_own ? NULL : ANOTHERS_ND;
}

/*
 * What neighbour discovery says in fragments nobody has to believe (RFC 6980), but some do. So the first one, which
 * all headers have to be in (RFC 7112), may not be of that, nor hide it.
 */
static const char *check_fragment(const uint8_t *frame, size_t len, size_t offset)
{
	const uint8_t *header = frame + offset, *message = header + FRAGMENT_BYTES;

	if (!has(len, offset, FRAGMENT_BYTES))
		return CUT_OFF;
	if (get16(header + 2) >> 3 != 0)
		return NULL;
	if (header[0] == HOP_BY_HOP || header[0] == ROUTING || header[0] == FRAGMENT || header[0] == DESTINATION)
		return ANOTHERS_ND;
	if (header[0] != ICMPV6)
		return NULL;
	if (!has(len, offset, FRAGMENT_BYTES + 1))
		return CUT_OFF;
	return message[0] >= ROUTER_SOLICITATION && message[0] <= REDIRECT ? ANOTHERS_ND : NULL;
}

static const char *check_ipv6(const struct net_antispoof *own, const uint8_t *frame, size_t len,
			      const struct inet_frame *parsed)
{
	const uint8_t *source = frame + parsed->l3_offset + 8;
	bool has_source;

	if (parsed->l4_offset == 0)
		return CUT_OFF;
	has_source = owns_ipv6(own, source);
	if (!has_source && memcmp(source, no_address, IPV6_ADDRESS_BYTES) != 0)
		return ANOTHERS_IP;
	switch (parsed->protocol) {
	case ICMPV6:
		return check_icmpv6(own, frame, len, parsed->l4_offset, has_source);
	case HOP_BY_HOP:
	case ROUTING:
	case AUTHENTICATION:
	case DESTINATION:
		return CUT_OFF; /* or it would have been stepped over */
	default:
		if (!has_source)
			return ANOTHERS_IP;
		return parsed->protocol == FRAGMENT ? check_fragment(frame, len, parsed->l4_offset) : NULL;
	}
}

/* ---------------------------------------------------------------------------------------------------------------- */

const char *net_antispoof_check(const struct net_antispoof *own, const void *frame, size_t len_bytes)
{
	const uint8_t *bytes = frame;
	struct inet_frame parsed;
	bool has_ports;

	if (memcmp(bytes + 6, own->mac, sizeof(own->mac)) != 0)
		return "not from the MAC address of the vif";
	if (own->ip.nr == 0)
		return NULL;
	has_ports = inet_parse(bytes, len_bytes, &parsed);
	if (parsed.l3_offset == 0)
		return CUT_OFF;
	if (parsed.ip_version == 4)
		return check_ipv4(own, bytes, &parsed, has_ports);
	if (parsed.ip_version == 6)
		return check_ipv6(own, bytes, len_bytes, &parsed);
	if (get16(bytes + parsed.l3_offset - 2) == TYPE_ARP)
		return check_arp(own, bytes + parsed.l3_offset, len_bytes - parsed.l3_offset);
	return "neither IP nor ARP, so that nobody knows whose it is"; /* IP within something else, say */
}
