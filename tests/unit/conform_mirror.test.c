// SPDX-License-Identifier: MIT
#include "tests/conform/peer/mirror.h"

#include <string.h>

#include "common/wire/big_endian.h"
#include "common/wire/inet.h"
#include "tests/unit/cm.h"

#define IP         14
#define IPV4_BYTES 20
#define IPV6_BYTES 40

static const uint8_t here[6] = { 2, 0, 0, 0, 0, 1 }, there[6] = { 2, 0, 0, 0, 0, 2 };
static const struct frame_ends ends = { .to = there, .from = here };
static struct frame frame, before;

static void a_packet_comes_back_as_from_where_it_was_sent_to(void **state)
{
	static const unsigned int versions[] = { 4, 6 };
	static const uint8_t protocols[] = { INET_TCP, INET_UDP };

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int addresses = versions[i & 1] == 4 ? IP + 12 : IP + 8, bytes = versions[i & 1] == 4 ? 4 : 16;

		frame_ip(&frame, ends, versions[i & 1], protocols[i >> 1], 1001, i);
		before = frame;
		assert_true(mirror_turn(&frame));
		assert_true(frame_has_right_checksum(&frame));
		assert_memory_equal(frame.bytes, here, 6);
		assert_memory_equal(frame.bytes + 6, mirror_mac, 6);
		assert_memory_equal(frame.bytes + addresses, before.bytes + addresses + bytes, bytes);
		assert_memory_equal(frame.bytes + addresses + bytes, before.bytes + addresses, bytes);
		assert_true(mirror_turn(&frame));
		assert_memory_equal(frame.bytes + 12, before.bytes + 12, frame.len - 12);
	}
}

static void ports_change_places(void **state)
{
	frame_ip(&frame, ends, 4, INET_UDP, 10, 0);
	put16(frame.bytes + IP + IPV4_BYTES, 1234);
	put16(frame.bytes + IP + IPV4_BYTES + 2, 7);
	assert_true(mirror_turn(&frame));
	assert_int_equal(get16(frame.bytes + IP + IPV4_BYTES), 7);
	assert_int_equal(get16(frame.bytes + IP + IPV4_BYTES + 2), 1234);
}

/* Of these words, the checksum included, folded. */
static uint32_t sum_of(const uint8_t *bytes, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += get16(bytes + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Whatever the checksum was: the sum of an IPv6 packet has its pseudo header, too, which stays what it is. */
static void an_echo_request_becomes_its_reply(void **state)
{
	static const struct {
		unsigned int version, ip_bytes;
		uint8_t protocol, request, reply;
	} kinds[] = { { 4, IPV4_BYTES, 1, 8, 0 }, { 6, IPV6_BYTES, 58, 128, 129 } };

	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *icmp = frame.bytes + IP + kinds[i].ip_bytes;

		for (uint32_t word = 0; word <= 0xffff; word++) {
			frame_ip(&frame, ends, kinds[i].version, INET_UDP, 8, 0);
			frame.bytes[IP + (kinds[i].version == 4 ? 9 : 6)] = kinds[i].protocol;
			icmp[0] = kinds[i].request;
			icmp[1] = 0;
			put16(icmp + 4, word);
			put16(icmp + 2, 0);
			put16(icmp + 2, ~sum_of(icmp, 16));
			assert_true(mirror_turn(&frame));
			assert_int_equal(icmp[0], kinds[i].reply);
			assert_int_equal(sum_of(icmp, 16), 0xffff);
		}
		assert_false(mirror_turn(&frame)); /* a reply has none */
	}
}

static void arp_is_told_that_any_address_is_ours(void **state)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1,
					   10, 9, 0, 1, 0, 0, 0, 0, 0, 0, 10, 9, 0, 2 };
	static const uint8_t reply[] = { 0, 1, 8, 0, 6, 4, 0, 2, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
					 10, 9, 0, 2, 2, 0, 0, 0, 0, 1, 10, 9, 0, 1 };

	frame_raw(&frame, ends, 42, 0);
	put16(frame.bytes + 12, 0x0806);
	memcpy(frame.bytes + IP, request, sizeof(request));
	assert_true(mirror_turn(&frame));
	assert_memory_equal(frame.bytes + IP, reply, sizeof(reply));
	memcpy(frame.bytes + IP, request, sizeof(request));
	frame.bytes[IP + 27] = 1; /* its own, that it asks for */
	assert_false(mirror_turn(&frame));
}

static void of_all_else_nothing_comes_back(void **state)
{
	frame_raw(&frame, ends, 60, 0);
	assert_false(mirror_turn(&frame));
	frame_ip(&frame, ends, 4, INET_UDP, 10, 0);
	frame.bytes[IP + 16] = 224;
	assert_false(mirror_turn(&frame));
	frame_ip(&frame, ends, 6, INET_UDP, 10, 0);
	frame.bytes[IP + 24] = 0xff;
	assert_false(mirror_turn(&frame));
	for (uint32_t len = 0; len < IP + IPV4_BYTES + 4; len++) {
		frame_ip(&frame, ends, 4, INET_UDP, 10, 0);
		frame.len = len;
		assert_false(mirror_turn(&frame));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_comes_back_as_from_where_it_was_sent_to),
		cmocka_unit_test(ports_change_places),
		cmocka_unit_test(an_echo_request_becomes_its_reply),
		cmocka_unit_test(arp_is_told_that_any_address_is_ours),
		cmocka_unit_test(of_all_else_nothing_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
