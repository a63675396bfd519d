// SPDX-License-Identifier: MIT
#include "common/wire/inet.h"

#include <string.h>

#include "common/wire/big_endian.h"

#define ETHERNET_BYTES 14
#define VLAN_BYTES     4
#define MAX_VLAN_TAGS  8 /* as many as Linux walks over */
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define TCP_BYTES      20
#define UDP_BYTES      8

#define TYPE_IPV4    0x0800
#define TYPE_IPV6    0x86dd
#define TYPE_VLAN    0x8100
#define TYPE_SERVICE 0x88a8 /* the outer tag of two */

/* The rest of an IPv4 header's fragment word is "don't fragment". */
#define IPV4_IS_FRAGMENT 0x3fff
#define IPV6_IS_FRAGMENT 0xfff9

/* IPv6's extension headers. */
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 };

/* Is there room for so many bytes? Offsets never are beyond the end. */
static bool has(size_t len, size_t offset, size_t bytes)
{
	return bytes <= len - offset;
}

static bool parse_ethernet(const uint8_t *frame, size_t len, struct inet_frame *out)
{
	size_t offset = ETHERNET_BYTES;
	uint16_t type;

	if (!has(len, 0, ETHERNET_BYTES))
		return false;
	type = get16(frame + offset - 2);
	for (unsigned int i = 0; i < MAX_VLAN_TAGS && (type == TYPE_VLAN || type == TYPE_SERVICE); i++) {
		if (!has(len, offset, VLAN_BYTES))
			return false;
		offset += VLAN_BYTES;
		type = get16(frame + offset - 2);
	}
	out->l3_offset = offset;
	out->ip_version = type == TYPE_IPV4 ? 4 : type == TYPE_IPV6 ? 6 : 0;
	return out->ip_version != 0;
}

static bool parse_ipv4(const uint8_t *frame, size_t len, struct inet_frame *out)
{
	const uint8_t *ip = frame + out->l3_offset;
	size_t bytes;

	if (!has(len, out->l3_offset, IPV4_BYTES) || ip[0] >> 4 != 4)
		return false;
	bytes = (ip[0] & 15) * 4;
	if (bytes < IPV4_BYTES || !has(len, out->l3_offset, bytes))
		return false;
	out->protocol = ip[9];
	out->l4_offset = out->l3_offset + bytes;
	return (get16(ip + 6) & IPV4_IS_FRAGMENT) == 0;
}

/* Steps over the extension header at *offset. false: it is no such header, or not all there, or says "fragment". */
static bool skip_extension(const uint8_t *frame, size_t len, size_t *offset, uint8_t *protocol)
{
	const uint8_t *header = frame + *offset;
	size_t bytes;

	if (*protocol != HOP_BY_HOP && *protocol != ROUTING && *protocol != FRAGMENT && *protocol != AUTHENTICATION &&
	    *protocol != DESTINATION)
		return false;
	if (!has(len, *offset, 8))
		return false;
	if (*protocol == FRAGMENT) {
		if (get16(header + 2) & IPV6_IS_FRAGMENT)
			return false;
		bytes = 8;
	} else if (*protocol == AUTHENTICATION) {
		bytes = (header[1] + 2) * 4;
	} else {
		bytes = (header[1] + 1) * 8;
	}
	if (!has(len, *offset, bytes))
		return false;
	*protocol = header[0];
	*offset += bytes;
	return true;
}

static bool parse_ipv6(const uint8_t *frame, size_t len, struct inet_frame *out)
{
	size_t offset = out->l3_offset + IPV6_BYTES;
	uint8_t protocol;

	if (!has(len, out->l3_offset, IPV6_BYTES) || frame[out->l3_offset] >> 4 != 6)
		return false;
	protocol = frame[out->l3_offset + 6];
	while (protocol != INET_TCP && protocol != INET_UDP) {
		out->protocol = protocol;
		out->l4_offset = offset;
		if (!skip_extension(frame, len, &offset, &protocol))
			return false;
	}
	out->protocol = protocol;
	out->l4_offset = offset;
	return true;
}

static bool parse_l4(const uint8_t *frame, size_t len, struct inet_frame *out)
{
	size_t bytes = UDP_BYTES;

	if (out->protocol == INET_TCP) {
		if (!has(len, out->l4_offset, TCP_BYTES))
			return false;
		bytes = (frame[out->l4_offset + 12] >> 4) * 4;
		if (bytes < TCP_BYTES)
			return false;
	} else if (out->protocol != INET_UDP) {
		return false;
	}
	out->csum_offset = out->protocol == INET_TCP ? 16 : 6;
	if (!has(len, out->l4_offset, bytes))
		return false;
	out->headers_bytes = out->l4_offset + bytes;
	return true;
}

bool inet_parse(const void *frame, size_t len_bytes, struct inet_frame *out)
{
	size_t len = len_bytes < UINT16_MAX ? len_bytes : UINT16_MAX; /* offsets have 16 bits */

	*out = (struct inet_frame){ 0 };
	if (!parse_ethernet(frame, len, out))
		return false;
	if (out->ip_version == 4 ? !parse_ipv4(frame, len, out) : !parse_ipv6(frame, len, out))
		return false;
	return parse_l4(frame, len, out);
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/*
 * The sum of big-endian 16-bit words, the last one filled up with a zero. A ones' complement sum does not care in
 * which byte order it is made, if the result is swapped: so it is made of the machine's own words, four bytes each.
 */
static uint16_t sum_of(const uint8_t *bytes, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;
	uint16_t folded;
	uint8_t pair[2];

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, bytes, len);
	folded = fold(sum + word);
	memcpy(pair, &folded, sizeof(pair));
	return get16(pair);
}

uint16_t inet_pseudo_checksum(const void *frame, const struct inet_frame *parsed, uint32_t l4_len_bytes)
{
	const uint8_t *ip = (const uint8_t *)frame + parsed->l3_offset;
	uint64_t sum = (uint64_t)l4_len_bytes + parsed->protocol;

	if (parsed->ip_version == 4)
		sum += sum_of(ip + 12, 2 * 4);
	else
		sum += sum_of(ip + 8, 2 * 16);
	return fold(sum);
}

void inet_blank_checksum(void *frame, size_t len_bytes, const struct inet_frame *parsed)
{
	put16((uint8_t *)frame + parsed->l4_offset + parsed->csum_offset,
	      inet_pseudo_checksum(frame, parsed, len_bytes - parsed->l4_offset));
}

/* How many bytes from l4_offset the checksum is about. false: the headers name more than there is, or nothing. */
static bool covered_bytes(const uint8_t *frame, size_t len, const struct inet_frame *parsed, size_t *covered)
{
	const uint8_t *ip = frame + parsed->l3_offset;
	size_t end = parsed->l3_offset, udp_bytes, header = parsed->headers_bytes - parsed->l4_offset;

	end += parsed->ip_version == 4 ? get16(ip + 2) : IPV6_BYTES + get16(ip + 4);
	*covered = len - parsed->l4_offset;
	if (end > len || end < parsed->headers_bytes)
		return false;
	*covered = end - parsed->l4_offset;
	if (parsed->protocol == INET_TCP)
		return true;
	udp_bytes = get16(frame + parsed->l4_offset + 4);
	if (udp_bytes < header || udp_bytes > *covered)
		return false;
	*covered = udp_bytes;
	return true;
}

void inet_put_checksum(void *bytes, size_t len_bytes, size_t field_offset)
{
	uint16_t checksum = ~sum_of(bytes, len_bytes);

	/* Zero means "none" in UDP; to a receiver its complement is the same number. */
	put16((uint8_t *)bytes + field_offset, checksum ? checksum : 0xffff);
}

void inet_finish_checksum(void *frame, size_t len_bytes, const struct inet_frame *parsed)
{
	size_t covered;

	(void)covered_bytes(frame, len_bytes, parsed, &covered);
	inet_put_checksum((uint8_t *)frame + parsed->l4_offset, covered, parsed->csum_offset);
}

bool inet_checksum_is_right(const void *frame, size_t len_bytes, const struct inet_frame *parsed)
{
	const uint8_t *l4 = (const uint8_t *)frame + parsed->l4_offset;
	size_t covered;

	if (!covered_bytes(frame, len_bytes, parsed, &covered))
		return false;
	if (parsed->protocol == INET_UDP && get16(l4 + parsed->csum_offset) == 0)
		return parsed->ip_version == 4;
	return fold((uint64_t)sum_of(l4, covered) + inet_pseudo_checksum(frame, parsed, covered)) == 0xffff;
}
