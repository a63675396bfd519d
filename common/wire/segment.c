// SPDX-License-Identifier: MIT
#include "common/wire/segment.h"

#include <stdbool.h>
#include <string.h>

#include "common/wire/big_endian.h"

#define IPV6_BYTES 40

/* Of the TCP header's octet 13. */
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };

unsigned int segment_count(size_t len_bytes, const struct inet_frame *parsed, uint16_t payload_bytes)
{
	size_t payload = len_bytes - parsed->headers_bytes;

	return payload == 0 ? 1 : (payload + payload_bytes - 1) / payload_bytes;
}

static void set_ipv4(uint8_t *ip, uint32_t ip_bytes, size_t header_bytes, unsigned int index)
{
	put16(ip + 2, ip_bytes);
	put16(ip + 4, get16(ip + 4) + index);
	put16(ip + 10, 0);
	inet_put_checksum(ip, header_bytes, 10);
}

static void set_tcp(uint8_t *tcp, uint32_t offset, bool is_first, bool is_last)
{
	put32(tcp + 4, get32(tcp + 4) + offset);
	if (!is_first)
		tcp[13] &= ~TCP_CWR;
	if (!is_last)
		tcp[13] &= ~(TCP_FIN | TCP_PSH);
}

uint32_t segment_cut(const void *frame, size_t len_bytes, const struct inet_frame *parsed, uint16_t payload_bytes,
		     unsigned int index, void *out)
{
	uint32_t offset = index * payload_bytes, left = len_bytes - parsed->headers_bytes - offset;
	uint32_t payload = left < payload_bytes ? left : payload_bytes, bytes = parsed->headers_bytes + payload;
	uint8_t *ip = (uint8_t *)out + parsed->l3_offset;

	memcpy(out, frame, parsed->headers_bytes);
	memcpy((uint8_t *)out + parsed->headers_bytes, (const uint8_t *)frame + parsed->headers_bytes + offset,
	       payload);
	if (parsed->ip_version == 4)
		set_ipv4(ip, bytes - parsed->l3_offset, parsed->l4_offset - parsed->l3_offset, index);
	else
		put16(ip + 4, bytes - parsed->l3_offset - IPV6_BYTES);
	set_tcp((uint8_t *)out + parsed->l4_offset, offset, index == 0, payload == left);
	inet_blank_checksum(out, bytes, parsed);
	inet_finish_checksum(out, bytes, parsed);
	return bytes;
}
