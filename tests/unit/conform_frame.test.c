// SPDX-License-Identifier: MIT
#include "tests/conform/peer/frame.h"

#include <string.h>

#include "tests/unit/cm.h"

#define TCP 6
#define UDP 17

static const uint8_t here[6] = { 2, 0, 0, 0, 0, 1 }, there[6] = { 2, 0, 0, 0, 0, 2 };
static const struct frame_ends ends = { .to = there, .from = here };
static struct frame frame, other;

/* What Microsoft gives to verify an implementation of receive-side scaling by. */
static void a_hash_is_what_others_make_of_it(void **state)
{
	static const uint8_t key[FRAME_KEY_BYTES] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	static const uint8_t addresses[] = { 66, 9, 149, 187, 161, 142, 100, 80 }, ports[] = { 10, 234, 6, 230 };
	uint32_t hash = 0;

	frame_ip(&frame, ends, 4, TCP, 10, 0);
	memcpy(frame.bytes + 26, addresses, sizeof(addresses));
	memcpy(frame.bytes + 34, ports, sizeof(ports));
	assert_true(frame_hash(&frame, key, &hash));
	assert_int_equal(hash, 0x51ccc178);
	frame.bytes[23] = UDP;
	assert_true(frame_hash(&frame, key, &hash));
	assert_int_equal(hash, 0x323e8fc2);
	frame_raw(&frame, ends, 60, 0);
	assert_false(frame_hash(&frame, key, &hash));
}

static void packets_are_right(void **state)
{
	static const unsigned int versions[] = { 4, 6 };
	static const uint8_t protocols[] = { TCP, UDP };

	for (unsigned int i = 0; i < 4; i++) {
		frame_ip(&frame, ends, versions[i & 1], protocols[i >> 1], 1001, i);
		assert_true(frame_has_right_checksum(&frame));
		other = frame;
		frame_blank(&frame);
		assert_memory_not_equal(frame.bytes, other.bytes, frame.len);
		assert_true(frame_is_packet(&frame, &other));
		frame_finish(&frame);
		assert_true(frame_is(&frame, &other));
		frame.bytes[frame.len - 1]++;
		assert_false(frame_has_right_checksum(&frame));
	}
}

static void a_large_packet_is_all_of_its_parts(void **state)
{
	static struct frame large, part;

	for (unsigned int version = 4; version <= 6; version += 2) {
		uint32_t done = 0, cut = 0;

		frame_ip(&large, ends, version, TCP, 5000, version);
		frame_make_large(&large, 1400);
		for (; cut < 5000; cut += 1400) {
			frame_cut(&large, cut, 1400, &part);
			assert_true(frame_has_right_checksum(&part));
			assert_true(frame_is_next_of(&part, &large, &done));
		}
		assert_int_equal(done, 5000);
		done = 1;
		assert_false(frame_is_next_of(&part, &large, &done));
	}
}

/* RFC 9293, RFC 3168: the stream ends, and is pushed, with its last octet; a congestion window is reduced once. */
static void what_a_flag_says_is_said_once(void **state)
{
	enum { FIN = 1, PSH = 8, ACK = 0x10, CWR = 0x80 };
	static const struct {
		uint32_t done_bytes;
		uint8_t flags;
	} parts[] = { { 0, ACK | CWR }, { 1400, ACK }, { 4200, ACK | FIN | PSH } };
	static struct frame large, part;

	frame_ip(&large, ends, 4, TCP, 5000, 0);
	large.bytes[47] = ACK | FIN | PSH | CWR;
	frame_make_large(&large, 1400);
	for (unsigned int i = 0; i < 3; i++) {
		frame_cut(&large, parts[i].done_bytes, 1400, &part);
		assert_int_equal(part.bytes[47], parts[i].flags);
		assert_true(frame_has_right_checksum(&part));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_what_others_make_of_it),
		cmocka_unit_test(packets_are_right),
		cmocka_unit_test(a_large_packet_is_all_of_its_parts),
		cmocka_unit_test(what_a_flag_says_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
