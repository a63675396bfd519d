// SPDX-License-Identifier: MIT
#include "frontend/user/netload/traffic.h"

#include <string.h>

#include "common/base/random.h"
#include "common/wire/big_endian.h"
#include "common/wire/inet.h"

#define ETHERNET_BYTES 14
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define TCP_BYTES      20
#define UDP_BYTES      8
#define LABEL_BYTES    8 /* of UDP: the position, and whether it is the last */

#define PORT	0x7076 /* of both ends */
#define TTL	64
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_ACK 0x10

/* RFC 2544 and RFC 3849: addresses that are nobody's. */
static const uint8_t ipv4_from[] = { 198, 18, 0, 1 }, ipv4_to[] = { 198, 18, 0, 2 };
static const uint8_t ipv6_from[] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		     ipv6_to[] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };

/* The stream is made of words of eight bytes; a part may begin anywhere. */
static void stream_fill(uint64_t seed, uint32_t position, uint8_t *bytes, uint32_t nr)
{
	while (nr) {
		uint32_t skip = position % 8, take = nr < 8 - skip ? nr : 8 - skip;
		uint64_t word = random_mix(random_mix(seed) ^ position / 8);

		memcpy(bytes, (uint8_t *)&word + skip, take);
		position += take;
		bytes += take;
		nr -= take;
	}
}

static bool stream_matches(uint64_t seed, uint32_t position, const uint8_t *bytes, uint32_t nr)
{
	uint8_t expected[1024];

	while (nr) {
		uint32_t take = nr < sizeof(expected) ? nr : sizeof(expected);

		stream_fill(seed, position, expected, take);
		if (memcmp(bytes, expected, take) != 0)
			return false;
		position += take;
		bytes += take;
		nr -= take;
	}
	return true;
}

static uint32_t l4_offset(const struct traffic *traffic)
{
	return ETHERNET_BYTES + (traffic->is_ipv6 ? IPV6_BYTES : IPV4_BYTES);
}

uint32_t traffic_headers_bytes(const struct traffic *traffic)
{
	return l4_offset(traffic) + (traffic->gso_size ? TCP_BYTES : UDP_BYTES + LABEL_BYTES);
}

/* The checksum of an IPv4 header, which nobody leaves blank. */
static uint16_t header_checksum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < IPV4_BYTES; i += 2)
		sum += get16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void make_ip(const struct traffic *traffic, uint8_t *ip, uint32_t len)
{
	uint8_t protocol = traffic->gso_size ? INET_TCP : INET_UDP;

	if (traffic->is_ipv6) {
		put32(ip, 0x60000000);
		put16(ip + 4, len - IPV6_BYTES);
		ip[6] = protocol;
		ip[7] = TTL;
		memcpy(ip + 8, ipv6_from, sizeof(ipv6_from));
		memcpy(ip + 24, ipv6_to, sizeof(ipv6_to));
		return;
	}
	memset(ip, 0, IPV4_BYTES);
	ip[0] = 0x45;
	put16(ip + 2, len);
	put16(ip + 6, 0x4000); /* do not fragment */
	ip[8] = TTL;
	ip[9] = protocol;
	memcpy(ip + 12, ipv4_from, sizeof(ipv4_from));
	memcpy(ip + 16, ipv4_to, sizeof(ipv4_to));
	put16(ip + 10, header_checksum(ip));
}

static void make_l4(const struct traffic *traffic, uint8_t *l4, uint32_t len, uint32_t position, bool is_last)
{
	memset(l4, 0, traffic_headers_bytes(traffic) - l4_offset(traffic));
	put16(l4, PORT);
	put16(l4 + 2, PORT);
	if (!traffic->gso_size) {
		put16(l4 + 4, len);
		put32(l4 + 8, position);
		put32(l4 + 12, is_last);
		return;
	}
	put32(l4 + 4, position);
	l4[12] = TCP_BYTES / 4 << 4;
	l4[13] = TCP_ACK | TCP_PSH | (is_last ? TCP_FIN : 0);
	put16(l4 + 14, 0xffff); /* the window */
}

uint32_t traffic_make(const struct traffic *traffic, uint32_t position, bool is_last, uint8_t *frame,
		      uint32_t len_bytes, struct net_meta *meta)
{
	uint32_t l4 = l4_offset(traffic), headers = traffic_headers_bytes(traffic), nr_bytes = len_bytes - headers;
	struct inet_frame parsed;

	memcpy(frame, traffic->to, 6);
	memcpy(frame + 6, traffic->from, 6);
	put16(frame + 12, traffic->is_ipv6 ? 0x86dd : 0x0800);
	make_ip(traffic, frame + ETHERNET_BYTES, len_bytes - ETHERNET_BYTES);
	make_l4(traffic, frame + l4, len_bytes - l4, position, is_last);
	stream_fill(traffic->seed, position, frame + headers, nr_bytes);
	(void)inet_parse(frame, len_bytes, &parsed);
	put16(frame + l4 + parsed.csum_offset, inet_pseudo_checksum(frame, &parsed, len_bytes - l4));
	*meta = (struct net_meta){ 0 };
	if (traffic->gso_size && nr_bytes > traffic->gso_size) {
		meta->gso_type = traffic->is_ipv6 ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
		meta->gso_size = traffic->gso_size;
	}
	if (traffic->is_blank || meta->gso_type)
		meta->is_csum_blank = meta->is_data_validated = true;
	else
		inet_finish_checksum(frame, len_bytes, &parsed);
	return nr_bytes;
}

/* Padding of short frames does not count. false: the IP header names more than there is. */
static bool find_end(const uint8_t *frame, uint32_t len, const struct inet_frame *parsed, uint32_t *end)
{
	const uint8_t *ip = frame + parsed->l3_offset;

	*end = parsed->l3_offset + (parsed->ip_version == 4 ? get16(ip + 2) : IPV6_BYTES + get16(ip + 4));
	return *end <= len && *end >= parsed->headers_bytes;
}

static bool has_right_checksum(const uint8_t *frame, uint32_t len, uint32_t end, const struct inet_frame *parsed,
			       const struct net_meta *meta)
{
	uint16_t field = get16(frame + parsed->l4_offset + parsed->csum_offset);

	if (!meta->is_csum_blank)
		return inet_checksum_is_right(frame, len, parsed);
	return field == inet_pseudo_checksum(frame, parsed, end - parsed->l4_offset);
}

enum traffic_kind traffic_check(uint64_t seed, const uint8_t *frame, uint32_t len_bytes, const struct net_meta *meta,
				struct traffic_part *part)
{
	struct inet_frame parsed;
	const uint8_t *l4;
	uint32_t begin, end;

	if (!inet_parse(frame, len_bytes, &parsed))
		return TRAFFIC_OTHER;
	l4 = frame + parsed.l4_offset;
	begin = parsed.headers_bytes + (parsed.protocol == INET_UDP ? LABEL_BYTES : 0);
	if (get16(l4) != PORT || get16(l4 + 2) != PORT)
		return TRAFFIC_OTHER;
	if (!find_end(frame, len_bytes, &parsed, &end) || end < begin)
		return TRAFFIC_WRONG_BYTES;
	part->nr_bytes = end - begin;
	part->position = get32(parsed.protocol == INET_UDP ? l4 + UDP_BYTES : l4 + 4);
	part->is_last = parsed.protocol == INET_UDP ? get32(l4 + UDP_BYTES + 4) != 0 : (l4[13] & TCP_FIN) != 0;
	if (!stream_matches(seed, part->position, frame + begin, part->nr_bytes))
		return TRAFFIC_WRONG_BYTES;
	return has_right_checksum(frame, len_bytes, end, &parsed, meta) ? TRAFFIC_GOOD : TRAFFIC_WRONG_CHECKSUM;
}
