// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/inet.h"

/* A frame is put together from these; the payload is 13 bytes: an odd number. */
#define MACS	"\x02\0\0\0\0\1\x02\0\0\0\0\2"
#define VLAN	"\x81\0\0\5"
#define SERVICE "\x88\xa8\0\7"
#define V4	"\x08\0"
#define V6	"\x86\xdd"
#define PAYLOAD "hello, world!"
#define PORTS	"\x30\x39\0\x50"
#define TCP	PORTS "\1\2\3\4\xff\xfe\xfd\xfc\x50\x18\x10\0\0\0\0\0" /* 20 bytes */
#define TCP_OPT                                                                                                        \
	PORTS "\1\2\3\4\xff\xfe\xfd\xfc\x80\x18\x10\0\0\0\0\0"                                                         \
	      "\1\1\x08\x0a\0\1\2\3\4\5\6\7" /* 32 */
#define UDP   PORTS "\0\x15\0\0"	     /* 8 and the payload */
#define ADDR4 "\xc0\xa8\1\2\xc0\xa8\1\xfe"
#define ADDR16                                                                                                         \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                                                                       \
	"\x20\1\x0d\xb8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"

#define IP4(first, total, fragment, protocol) first "\0" total "\x12\x34" fragment "\x40" protocol "\0\0" ADDR4
#define IP6(payload, next)		      "\x60\0\0\0" payload next "\x40" ADDR16

#define FRAME(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	uint16_t l3, l4, csum, headers; /* l3 0: it is not understood */
	uint8_t version, protocol;
} frames[] = {
	{ "TCP over IPv4", FRAME(MACS V4 IP4("\x45", "\0\x35", "\x40\0", "\6") TCP PAYLOAD), 14, 34, 16, 54, 4, 6 },
	{ "TCP with options over IPv4 with options",
	  FRAME(MACS V4 IP4("\x46", "\0\x45", "\0\0", "\6") "\1\1\1\0" TCP_OPT PAYLOAD), 14, 38, 16, 70, 4, 6 },
	{ "UDP over IPv4", FRAME(MACS V4 IP4("\x45", "\0\x29", "\0\0", "\x11") UDP PAYLOAD), 14, 34, 6, 42, 4, 17 },
	{ "a VLAN tag", FRAME(MACS VLAN V4 IP4("\x45", "\0\x29", "\0\0", "\x11") UDP PAYLOAD), 18, 38, 6, 46, 4, 17 },
	{ "two VLAN tags", FRAME(MACS SERVICE VLAN V6 IP6("\0\x21", "\6") TCP PAYLOAD), 22, 62, 16, 82, 6, 6 },
	{ "UDP over IPv6", FRAME(MACS V6 IP6("\0\x15", "\x11") UDP PAYLOAD), 14, 54, 6, 62, 6, 17 },
	{ "extension headers of each kind",
	  FRAME(MACS V6 IP6("\0\x4d", "\0") "\x3c\0\1\4\0\0\0\0"
					    "\x2c\1\1\4\0\0\0\0\0\0\0\0\0\0\0\0"
					    "\x33\0\0\0\0\0\0\1"
					    "\x11\4\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5" UDP PAYLOAD),
	  14, 110, 6, 118, 6, 17 },
	{ "a routing header", FRAME(MACS V6 IP6("\0\x29", "\x2b") "\6\0\4\0\0\0\0\0" TCP PAYLOAD), 14, 62, 16, 82, 6,
	  6 },
	{ "the first fragment", FRAME(MACS V4 IP4("\x45", "\0\x29", "\x20\0", "\x11") UDP PAYLOAD), .l3 = 0 },
	{ "a later fragment", FRAME(MACS V4 IP4("\x45", "\0\x29", "\0\1", "\x11") UDP PAYLOAD), .l3 = 0 },
	{ "a fragment of IPv6", FRAME(MACS V6 IP6("\0\x1d", "\x2c") "\x11\0\0\1\0\0\0\1" UDP PAYLOAD), .l3 = 0 },
	{ "ICMP", FRAME(MACS V4 IP4("\x45", "\0\x29", "\0\0", "\1") UDP PAYLOAD), .l3 = 0 },
	{ "ICMPv6", FRAME(MACS V6 IP6("\0\x15", "\x3a") UDP PAYLOAD), .l3 = 0 },
	{ "ARP", FRAME(MACS "\x08\6\0\1\x08\0\6\4\0\1" ADDR4 ADDR4 ADDR4), .l3 = 0 },
	{ "IPv4 that says it is 6", FRAME(MACS V4 IP4("\x65", "\0\x29", "\0\0", "\x11") UDP PAYLOAD), .l3 = 0 },
	{ "IPv6 that says it is 4", FRAME(MACS V6 "\x40\0\0\0\0\x15\x11\x40" ADDR16 UDP PAYLOAD), .l3 = 0 },
	{ "an IPv4 header of 16 bytes", FRAME(MACS V4 IP4("\x44", "\0\x29", "\0\0", "\x11") UDP PAYLOAD), .l3 = 0 },
	{ "a TCP header of 16 bytes",
	  FRAME(MACS V4 IP4("\x45", "\0\x35", "\0\0", "\6") PORTS "\1\2\3\4\1\2\3\4\x40\x18\x10\0\0\0\0\0" PAYLOAD),
	  .l3 = 0 },
	{ "nine VLAN tags",
	  FRAME(MACS VLAN VLAN VLAN VLAN VLAN VLAN VLAN VLAN VLAN V4 IP4("\x45", "\0\x29", "\0\0", "\x11") UDP PAYLOAD),
	  .l3 = 0 },
};

#define NR_FRAMES (sizeof(frames) / sizeof(frames[0]))

/* In memory that ends where the frame does, so that a look beyond shows under ASan. */
static uint8_t *copy_of(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	return copy;
}

static void frames_are_understood(void **state)
{
	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		struct inet_frame out;

		print_message("# %s\n", frames[i].name);
		assert_int_equal(inet_parse(frames[i].bytes, frames[i].len, &out), frames[i].l3 != 0);
		if (!frames[i].l3)
			continue;
		assert_int_equal(out.l3_offset, frames[i].l3);
		assert_int_equal(out.l4_offset, frames[i].l4);
		assert_int_equal(out.csum_offset, frames[i].csum);
		assert_int_equal(out.headers_bytes, frames[i].headers);
		assert_int_equal(out.ip_version, frames[i].version);
		assert_int_equal(out.protocol, frames[i].protocol);
	}
}

static void how_far_a_frame_was_understood_is_said(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		struct inet_frame out;
	} rows[] = {
		{ FRAME(MACS VLAN "\x08\6\0\1"), { .l3_offset = 18 } },
		{ FRAME(MACS VLAN "\x08"), { 0 } },
		{ FRAME(MACS V4 IP4("\x45", "\0\x29", "\0\0", "\1")),
		  { .l3_offset = 14, .l4_offset = 34, .ip_version = 4, .protocol = 1 } },
		{ FRAME(MACS V4 "\x45"), { .l3_offset = 14, .ip_version = 4 } },
		{ FRAME(MACS V6 IP6("\0\x15", "\0") "\x3a\0\0\0\0\0\0\0"),
		  { .l3_offset = 14, .l4_offset = 62, .ip_version = 6, .protocol = 58 } },
		{ FRAME(MACS V6 IP6("\0\x15", "\0") "\x3a\0\0\0"),
		  { .l3_offset = 14, .l4_offset = 54, .ip_version = 6, .protocol = 0 } },
		{ FRAME(MACS V6 IP6("\0\x15", "\x2c") "\x3a\0\0\1\0\0\0\0"),
		  { .l3_offset = 14, .l4_offset = 54, .ip_version = 6, .protocol = 44 } },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inet_frame out;

		print_message("# row %u\n", i);
		assert_false(inet_parse(rows[i].bytes, rows[i].len, &out));
		assert_int_equal(out.l3_offset, rows[i].out.l3_offset);
		assert_int_equal(out.l4_offset, rows[i].out.l4_offset);
		assert_int_equal(out.ip_version, rows[i].out.ip_version);
		assert_int_equal(out.protocol, rows[i].out.protocol);
	}
}

static void a_frame_that_ends_in_its_headers_is_not_understood(void **state)
{
	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		for (size_t len = 0; len <= frames[i].len; len++) {
			uint8_t *bytes = copy_of(frames[i].bytes, len);
			struct inet_frame out;

			assert_int_equal(inet_parse(bytes, len, &out), frames[i].l3 && len >= frames[i].headers);
			free(bytes);
		}
	}
}

/* Any bytes at all: each of the frames' with each of its bytes changed to values that matter. */
static void nothing_makes_it_look_beyond_the_end(void **state)
{
	static const uint8_t values[] = { 0, 1, 4, 6, 17, 43, 44, 51, 60, 0x4f, 0x60, 0x7f, 0x80, 0xf0, 0xff };

	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		for (size_t at = 12; at < frames[i].len; at++) {
			for (unsigned int v = 0; v < sizeof(values); v++) {
				uint8_t *bytes = copy_of(frames[i].bytes, frames[i].len);
				struct inet_frame out;

				bytes[at] = values[v];
				if (inet_parse(bytes, frames[i].len, &out)) {
					assert_in_range(out.headers_bytes, out.l4_offset + 8, frames[i].len);
					(void)inet_checksum_is_right(bytes, frames[i].len, &out);
					inet_finish_checksum(bytes, frames[i].len, &out);
				}
				free(bytes);
			}
		}
	}
}

/* A header chain that leads beyond what 16 bits can say. */
static void offsets_do_not_wrap(void **state)
{
	const size_t len = 70000;
	uint8_t *bytes = calloc(1, len);
	struct inet_frame out;

	memcpy(bytes, FRAME(MACS V6 IP6("\xff\xff", "\0")));
	for (size_t i = 0; i < 33; i++)
		bytes[54 + i * 2048 + 1] = 255; /* another one, of 256 * 8 bytes */
	bytes[54 + 31 * 2048] = INET_UDP;
	assert_false(inet_parse(bytes, len, &out)); /* at 65590, which would be 54 */
	bytes[54 + 30 * 2048] = INET_UDP;
	assert_true(inet_parse(bytes, len, &out));
	assert_int_equal(out.l4_offset, 54 + 31 * 2048);
	free(bytes);
}

/* RFC 1071, byte by byte. */
static uint16_t slow_sum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint16_t slow_pseudo(const uint8_t *frame, const struct inet_frame *at, uint32_t l4_len)
{
	if (at->ip_version == 4)
		return slow_sum(frame + at->l3_offset + 12, 8, l4_len + at->protocol);
	return slow_sum(frame + at->l3_offset + 8, 32, l4_len + at->protocol);
}

static void put_field(uint8_t *frame, const struct inet_frame *at, uint16_t value)
{
	frame[at->l4_offset + at->csum_offset] = value >> 8;
	frame[at->l4_offset + at->csum_offset + 1] = value & 0xff;
}

static void a_checksum_is_finished_and_found_right(void **state)
{
	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		uint8_t *bytes = copy_of(frames[i].bytes, frames[i].len);
		struct inet_frame out;
		uint16_t pseudo, sum;
		size_t l4_len;

		if (inet_parse(bytes, frames[i].len, &out)) {
			l4_len = frames[i].len - out.l4_offset;
			pseudo = inet_pseudo_checksum(bytes, &out, l4_len);
			assert_int_equal(pseudo, slow_pseudo(bytes, &out, l4_len));
			put_field(bytes, &out, pseudo);
			assert_false(inet_checksum_is_right(bytes, frames[i].len, &out));
			inet_finish_checksum(bytes, frames[i].len, &out);
			assert_true(inet_checksum_is_right(bytes, frames[i].len, &out));
			sum = slow_sum(bytes + out.l4_offset, l4_len, pseudo);
			assert_int_equal(sum, 0xffff);
			bytes[frames[i].len - 1] ^= 1; /* in the odd byte at the end */
			assert_false(inet_checksum_is_right(bytes, frames[i].len, &out));
		}
		free(bytes);
	}
}

/* The number was made by other code than this, from RFC 768. */
static void a_known_checksum_comes_out(void **state)
{
	static const char known[] = MACS V4 IP4("\x45", "\0\x29", "\0\0", "\x11") UDP PAYLOAD;
	uint8_t *bytes = copy_of(known, sizeof(known) - 1);
	struct inet_frame out;

	assert_true(inet_parse(bytes, sizeof(known) - 1, &out));
	put_field(bytes, &out, inet_pseudo_checksum(bytes, &out, 21));
	inet_finish_checksum(bytes, sizeof(known) - 1, &out);
	assert_int_equal(bytes[40] << 8 | bytes[41], 0xe99d);
	free(bytes);
}

static void padding_does_not_count(void **state)
{
	static const char padded[] = MACS V4 IP4("\x45", "\0\x29", "\0\0", "\x11") UDP PAYLOAD "padding";
	uint8_t *bytes = copy_of(padded, sizeof(padded) - 1);
	struct inet_frame out;

	assert_true(inet_parse(bytes, sizeof(padded) - 1, &out));
	put_field(bytes, &out, inet_pseudo_checksum(bytes, &out, 21));
	inet_finish_checksum(bytes, sizeof(padded) - 1, &out);
	assert_true(inet_checksum_is_right(bytes, sizeof(padded) - 1, &out));
	assert_true(inet_checksum_is_right(bytes, sizeof(padded) - 8, &out));
	assert_false(inet_checksum_is_right(bytes, sizeof(padded) - 9, &out)); /* cut off */
	free(bytes);
}

static void zero_is_no_checksum_in_udp_over_ipv4_alone(void **state)
{
	struct inet_frame out;
	uint8_t *bytes;

	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		bytes = copy_of(frames[i].bytes, frames[i].len);
		if (inet_parse(bytes, frames[i].len, &out))
			assert_int_equal(inet_checksum_is_right(bytes, frames[i].len, &out),
					 out.protocol == INET_UDP && out.ip_version == 4);
		free(bytes);
	}
}

/* Whatever the sum is, UDP's field is never zero: two bytes of payload make it every number there is. */
static void a_finished_checksum_is_never_none(void **state)
{
	static const char frame[] = MACS V6 IP6("\0\x15", "\x11") UDP PAYLOAD;
	uint8_t *bytes = copy_of(frame, sizeof(frame) - 1);
	struct inet_frame out;

	assert_true(inet_parse(bytes, sizeof(frame) - 1, &out));
	for (unsigned int i = 0; i < 65536; i++) {
		bytes[62] = i >> 8;
		bytes[63] = i & 0xff;
		put_field(bytes, &out, inet_pseudo_checksum(bytes, &out, 21));
		inet_finish_checksum(bytes, sizeof(frame) - 1, &out);
		if (!inet_checksum_is_right(bytes, sizeof(frame) - 1, &out))
			fail_msg("with %04x it is not right", i);
	}
	free(bytes);
}

/* A packet of 64 KiB and more, whose IP header has no number for it: all of the frame counts. */
static void a_packet_whose_length_is_not_said_counts_whole(void **state)
{
	static const char head[] = MACS V6 IP6("\0\0", "\6") TCP;
	const size_t len = 100001;
	uint8_t *bytes = calloc(1, len);
	struct inet_frame out;
	uint16_t pseudo;

	memset(bytes, 0xa5, len);
	memcpy(bytes, head, sizeof(head) - 1);
	assert_true(inet_parse(bytes, len, &out));
	pseudo = inet_pseudo_checksum(bytes, &out, len - out.l4_offset);
	put_field(bytes, &out, pseudo);
	inet_finish_checksum(bytes, len, &out);
	assert_int_equal(slow_sum(bytes + out.l4_offset, len - out.l4_offset, pseudo), 0xffff);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_understood),
		cmocka_unit_test(how_far_a_frame_was_understood_is_said),
		cmocka_unit_test(a_frame_that_ends_in_its_headers_is_not_understood),
		cmocka_unit_test(nothing_makes_it_look_beyond_the_end),
		cmocka_unit_test(offsets_do_not_wrap),
		cmocka_unit_test(a_checksum_is_finished_and_found_right),
		cmocka_unit_test(a_known_checksum_comes_out),
		cmocka_unit_test(padding_does_not_count),
		cmocka_unit_test(zero_is_no_checksum_in_udp_over_ipv4_alone),
		cmocka_unit_test(a_finished_checksum_is_never_none),
		cmocka_unit_test(a_packet_whose_length_is_not_said_counts_whole),
	};

	return cmocka_run_group_tests_name("wire_inet", tests, NULL, NULL);
}
