// SPDX-License-Identifier: MIT
#include "tests/conform/peer/frame.h"

#include <string.h>

#include "common/wire/big_endian.h"
#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

#define ETHERTYPE_OURS 0x88b5 /* IEEE 802's, for local experiments */
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define TCP_BYTES      20
#define UDP_BYTES      8
#define SEQUENCE       4 /* where TCP has it */
#define FLAGS          13
#define TCP_FIN        0x01
#define TCP_PSH        0x08
#define TCP_CWR        0x80
#define OUR_PORT       7 /* echo, from and to */

/* ---- making ---------------------------------------------------------------------------------------------------- */

static void begin(struct frame *frame, struct frame_ends ends, uint16_t ethertype, uint32_t len)
{
	*frame = (struct frame){ .len = len };
	memcpy(frame->bytes, ends.to, 6);
	memcpy(frame->bytes + 6, ends.from, 6);
	put16(frame->bytes + 12, ethertype);
}

static void fill(uint8_t *bytes, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++) {
		uint32_t word = (seed + 1) * 0x9e3779b1U + i / 4 * 0x85ebca6bU;

		bytes[i] = (word ^ word >> 15) >> (8 * (i % 4));
	}
}

void frame_raw(struct frame *frame, struct frame_ends ends, uint32_t len, uint32_t seed)
{
	begin(frame, ends, ETHERTYPE_OURS, len);
	fill(frame->bytes + FRAME_MIN_BYTES, len - FRAME_MIN_BYTES, seed);
}

static void put_ipv4(uint8_t *ip, uint8_t protocol, uint32_t l4_bytes)
{
	static const uint8_t addresses[] = { 192, 0, 2, 1, 192, 0, 2, 2 };

	ip[0] = 0x45;
	put16(ip + 2, IPV4_BYTES + l4_bytes);
	put16(ip + 6, 0x4000); /* not to be cut */
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, addresses, sizeof(addresses));
	inet_put_checksum(ip, IPV4_BYTES, 10);
}

static void put_ipv6(uint8_t *ip, uint8_t protocol, uint32_t l4_bytes)
{
	static const uint8_t prefix[] = { 0x20, 0x01, 0x0d, 0xb8 };

	ip[0] = 0x60;
	put16(ip + 4, l4_bytes);
	ip[6] = protocol;
	ip[7] = 64;
	for (unsigned int i = 0; i < 2; i++) {
		memcpy(ip + 8 + 16 * i, prefix, sizeof(prefix));
		ip[23 + 16 * i] = i + 1;
	}
}

static void put_tcp(uint8_t *tcp, uint32_t seed)
{
	put16(tcp + SEQUENCE, seed >> 16);
	put16(tcp + SEQUENCE + 2, seed);
	tcp[12] = TCP_BYTES / 4 << 4;
	tcp[13] = 0x10; /* ACK */
	put16(tcp + 14, 0xffff);
}

void frame_ip(struct frame *frame, struct frame_ends ends, unsigned int ip_version, uint8_t protocol,
	      uint32_t payload_bytes, uint32_t seed)
{
	uint32_t l3_bytes = ip_version == 4 ? IPV4_BYTES : IPV6_BYTES;
	uint32_t l4_bytes = (protocol == INET_TCP ? TCP_BYTES : UDP_BYTES) + payload_bytes;
	uint8_t *ip = frame->bytes + FRAME_MIN_BYTES, *l4 = ip + l3_bytes;
	struct inet_frame parsed;

	begin(frame, ends, ip_version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, FRAME_MIN_BYTES + l3_bytes + l4_bytes);
	if (ip_version == 4)
		put_ipv4(ip, protocol, l4_bytes);
	else
		put_ipv6(ip, protocol, l4_bytes);
	put16(l4, OUR_PORT);
	put16(l4 + 2, OUR_PORT);
	if (protocol == INET_TCP)
		put_tcp(l4, seed);
	else
		put16(l4 + 4, l4_bytes);
	fill(l4 + l4_bytes - payload_bytes, payload_bytes, seed);
	inet_parse(frame->bytes, frame->len, &parsed);
	inet_blank_checksum(frame->bytes, frame->len, &parsed);
	inet_finish_checksum(frame->bytes, frame->len, &parsed);
}

void frame_blank(struct frame *frame)
{
	struct inet_frame parsed;

	inet_parse(frame->bytes, frame->len, &parsed);
	inet_blank_checksum(frame->bytes, frame->len, &parsed);
	frame->is_csum_blank = frame->is_data_validated = true;
}

void frame_make_large(struct frame *frame, uint16_t gso_size)
{
	bool is_v4 = frame->bytes[12] == ETHERTYPE_IPV4 >> 8;

	frame_blank(frame);
	frame->gso_type = is_v4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6;
	frame->gso_size = gso_size;
}

/* ---- what is left to others ------------------------------------------------------------------------------------ */

unsigned int frame_ip_version(const struct frame *frame)
{
	struct inet_frame parsed;

	inet_parse(frame->bytes, frame->len, &parsed);
	return frame->len < FRAME_MIN_BYTES ? 0 : parsed.ip_version;
}

bool frame_has_checksum(const struct frame *frame)
{
	struct inet_frame parsed;

	return inet_parse(frame->bytes, frame->len, &parsed);
}

bool frame_is_tcp(const struct frame *frame)
{
	struct inet_frame parsed;

	return inet_parse(frame->bytes, frame->len, &parsed) && parsed.protocol == INET_TCP;
}

void frame_finish(struct frame *frame)
{
	struct inet_frame parsed;

	if (frame->is_csum_blank && inet_parse(frame->bytes, frame->len, &parsed))
		inet_finish_checksum(frame->bytes, frame->len, &parsed);
	frame->is_csum_blank = false;
}

/* Its length, and what depends on it. */
static void set_length(struct frame *frame, const struct inet_frame *parsed)
{
	uint8_t *ip = frame->bytes + parsed->l3_offset;

	if (parsed->ip_version == 4) {
		put16(ip + 2, frame->len - parsed->l3_offset);
		put16(ip + 10, 0);
		inet_put_checksum(ip, parsed->l4_offset - parsed->l3_offset, 10);
	} else {
		put16(ip + 4, frame->len - parsed->l4_offset);
	}
}

void frame_cut(const struct frame *large, uint32_t done_bytes, uint32_t most_bytes, struct frame *packet)
{
	struct inet_frame parsed;
	uint32_t len, sequence;
	uint8_t *tcp;

	inet_parse(large->bytes, large->len, &parsed);
	len = large->len - parsed.headers_bytes - done_bytes;
	len = len < most_bytes ? len : most_bytes;
	*packet = (struct frame){ .len = parsed.headers_bytes + len, .is_csum_blank = true, .is_data_validated = true };
	memcpy(packet->bytes, large->bytes, parsed.headers_bytes);
	memcpy(packet->bytes + parsed.headers_bytes, large->bytes + parsed.headers_bytes + done_bytes, len);
	tcp = packet->bytes + parsed.l4_offset;
	sequence = get32(tcp + SEQUENCE) + done_bytes;
	put16(tcp + SEQUENCE, sequence >> 16);
	put16(tcp + SEQUENCE + 2, sequence);
	if (done_bytes > 0)
		tcp[FLAGS] &= ~TCP_CWR;
	if (packet->len + done_bytes < large->len)
		tcp[FLAGS] &= ~(TCP_FIN | TCP_PSH);
	set_length(packet, &parsed);
	inet_blank_checksum(packet->bytes, packet->len, &parsed);
}

/* ---- hashes ---------------------------------------------------------------------------------------------------- */

/* The 32 bits of the key that begin with this one. */
static uint32_t key_bits(const uint8_t *key, uint32_t from)
{
	uint64_t bits = 0;

	for (uint32_t i = from / 8; i < from / 8 + 5; i++)
		bits = bits << 8 | (i < FRAME_KEY_BYTES ? key[i] : 0);
	return bits >> (8 - from % 8);
}

bool frame_hash(const struct frame *frame, const uint8_t *key, uint32_t *hash)
{
	struct inet_frame parsed;
	uint8_t input[36];
	uint32_t len;

	inet_parse(frame->bytes, frame->len, &parsed);
	if (!parsed.ip_version)
		return false;
	len = parsed.ip_version == 4 ? 8 : 32;
	memcpy(input, frame->bytes + parsed.l3_offset + (parsed.ip_version == 4 ? 12 : 8), len);
	if (frame_is_tcp(frame)) {
		memcpy(input + len, frame->bytes + parsed.l4_offset, 4);
		len += 4;
	}
	*hash = 0;
	for (uint32_t bit = 0; bit < 8 * len; bit++) {
		if (input[bit / 8] & 0x80 >> bit % 8)
			*hash ^= key_bits(key, bit);
	}
	return true;
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

bool frame_is_from(const struct frame *frame, const uint8_t from[6])
{
	return frame->len >= FRAME_MIN_BYTES && memcmp(frame->bytes + 6, from, 6) == 0;
}

bool frame_is(const struct frame *frame, const struct frame *expected)
{
	bool is_padded = expected->len < FRAME_PADDED_BYTES && frame->len == FRAME_PADDED_BYTES;

	return !frame->has_failed && (frame->len == expected->len || is_padded) &&
	       memcmp(frame->bytes, expected->bytes, expected->len) == 0;
}

/* The checksum and what it is of, put right if it was blank. */
static bool finish(struct frame *frame, struct inet_frame *parsed)
{
	if (!inet_parse(frame->bytes, frame->len, parsed))
		return false;
	if (frame->is_csum_blank)
		inet_finish_checksum(frame->bytes, frame->len, parsed);
	return true;
}

bool frame_is_packet(const struct frame *frame, const struct frame *expected)
{
	static struct frame a, b;
	struct inet_frame parsed;

	a = *frame;
	b = *expected;
	return finish(&a, &parsed) && finish(&b, &parsed) && frame_is(&a, &b);
}

bool frame_has_right_checksum(const struct frame *frame)
{
	static struct frame finished;
	struct inet_frame parsed;

	finished = *frame;
	return finish(&finished, &parsed) && inet_checksum_is_right(finished.bytes, finished.len, &parsed);
}

uint32_t frame_payload_bytes(const struct frame *frame)
{
	struct inet_frame parsed;

	return inet_parse(frame->bytes, frame->len, &parsed) ? frame->len - parsed.headers_bytes : 0;
}

bool frame_is_next_of(const struct frame *frame, const struct frame *large, uint32_t *done_bytes)
{
	uint32_t len = frame_payload_bytes(frame);
	struct inet_frame a, b;
	bool is_next;

	if (len == 0 || !inet_parse(frame->bytes, frame->len, &a) || !inet_parse(large->bytes, large->len, &b))
		return false;
	is_next = get32(frame->bytes + a.l4_offset + SEQUENCE) ==
			  get32(large->bytes + b.l4_offset + SEQUENCE) + *done_bytes &&
		  *done_bytes + len <= frame_payload_bytes(large) &&
		  memcmp(frame->bytes + a.headers_bytes, large->bytes + b.headers_bytes + *done_bytes, len) == 0;
	*done_bytes += len;
	return is_next;
}
