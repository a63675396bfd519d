// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <string.h>

#include "backend/net/toeplitz.h"
#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

#define ETHERNET 14
#define ALL      15U

/* Key, addresses, ports and values: Microsoft, "Verifying the RSS Hash Calculation". */
static const uint8_t key[TOEPLITZ_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct row {
	const char *to, *from;
	uint16_t to_port, from_port;
	uint32_t plain, tcp;
} rows[] = {
	{ "161.142.100.80", "66.9.149.187", 1766, 2794, 0x323e8fc2, 0x51ccc178 },
	{ "65.69.140.83", "199.92.111.2", 4739, 14230, 0xd718262a, 0xc626b0ea },
	{ "12.22.207.184", "24.19.198.95", 38024, 12898, 0xd2d0a5de, 0x5c2b394a },
	{ "209.142.163.6", "38.27.205.30", 2217, 48228, 0x82989176, 0xafc7327f },
	{ "202.188.127.2", "153.39.163.191", 1303, 44251, 0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x2cc18cd5, 0x40207d3d },
	{ "ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0x0f0c461c, 0xdde51bbf },
	{ "fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251, 0x4b61e985, 0x02d1feef },
};

static struct toeplitz toeplitz;
static uint8_t frame[128];

static bool is_v6(const struct row *row)
{
	return strchr(row->to, ':');
}

/* Its length. The IP header is at `offset`. */
static size_t make_at(size_t offset, const struct row *row, uint8_t protocol)
{
	uint8_t *ip = frame + offset, *l4 = ip + (is_v6(row) ? 40 : 20);
	uint16_t ports[2] = { htons(row->from_port), htons(row->to_port) };

	memset(frame, 0, sizeof(frame));
	frame[offset - 2] = is_v6(row) ? 0x86 : 0x08;
	frame[offset - 1] = is_v6(row) ? 0xdd : 0x00;
	ip[0] = is_v6(row) ? 0x60 : 0x45;
	ip[is_v6(row) ? 6 : 9] = protocol;
	assert_int_equal(inet_pton(is_v6(row) ? AF_INET6 : AF_INET, row->from, ip + (is_v6(row) ? 8 : 12)), 1);
	assert_int_equal(inet_pton(is_v6(row) ? AF_INET6 : AF_INET, row->to, ip + (is_v6(row) ? 24 : 16)), 1);
	memcpy(l4, ports, sizeof(ports));
	l4[12] = 0x50;
	return l4 + 20 - frame;
}

static size_t make(const struct row *row, uint8_t protocol)
{
	return make_at(ETHERNET, row, protocol);
}

static void check_hash(size_t len, uint32_t types, uint32_t value, uint8_t type)
{
	struct toeplitz_hash hash = { 0 };

	assert_true(toeplitz_hash_frame(&toeplitz, types, frame, len, &hash));
	assert_int_equal(hash.value, value);
	assert_int_equal(hash.type, type);
}

static uint8_t plain_type(const struct row *row)
{
	return is_v6(row) ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6 : _XEN_NETIF_CTRL_HASH_TYPE_IPV4;
}

static uint8_t tcp_type(const struct row *row)
{
	return is_v6(row) ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP : _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP;
}

static int setup(void **state)
{
	toeplitz_set_key(&toeplitz, key);
	return 0;
}

static void the_most_that_is_asked_for_is_hashed(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = make(&rows[i], INET_TCP);

		print_message("# from %s to %s\n", rows[i].from, rows[i].to);
		check_hash(len, ALL, rows[i].tcp, tcp_type(&rows[i]));
		check_hash(len, 1U << tcp_type(&rows[i]), rows[i].tcp, tcp_type(&rows[i]));
		check_hash(len, 1U << plain_type(&rows[i]), rows[i].plain, plain_type(&rows[i]));
		make(&rows[i], INET_UDP);
		check_hash(len, ALL, rows[i].plain, plain_type(&rows[i]));
		make(&rows[i], 50);
		check_hash(len, ALL, rows[i].plain, plain_type(&rows[i]));
	}
}

static void what_is_not_asked_for_has_no_hash(void **state)
{
	struct toeplitz_hash hash;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = make(&rows[i], INET_TCP);
		uint32_t others = ALL & ~(1U << plain_type(&rows[i]) | 1U << tcp_type(&rows[i]));

		assert_false(toeplitz_hash_frame(&toeplitz, 0, frame, len, &hash));
		assert_false(toeplitz_hash_frame(&toeplitz, others, frame, len, &hash));
		make(&rows[i], INET_UDP);
		assert_false(toeplitz_hash_frame(&toeplitz, 1U << tcp_type(&rows[i]), frame, len, &hash));
	}
}

static void a_fragment_has_no_ports(void **state)
{
	size_t len = make(&rows[0], INET_TCP);
	struct toeplitz_hash hash;

	frame[ETHERNET + 6] = 0x20; /* more follow */
	check_hash(len, ALL, rows[0].plain, _XEN_NETIF_CTRL_HASH_TYPE_IPV4);
	assert_false(toeplitz_hash_frame(&toeplitz, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP, frame, len, &hash));
	len = make(&rows[5], 44);
	frame[ETHERNET + 40] = INET_TCP;
	frame[ETHERNET + 40 + 3] = 1; /* more follow */
	check_hash(len, ALL, rows[5].plain, _XEN_NETIF_CTRL_HASH_TYPE_IPV6);
}

static void options_and_tags_are_stepped_over(void **state)
{
	size_t len = make_at(ETHERNET + 4, &rows[0], INET_TCP);
	uint8_t *ip = frame + ETHERNET + 4;

	frame[12] = 0x81;
	check_hash(len, ALL, rows[0].tcp, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	memmove(ip + 24, ip + 20, 20);
	memset(ip + 20, 1, 4);
	ip[0] = 0x46;
	check_hash(len + 4, ALL, rows[0].tcp, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
}

static void a_frame_that_is_cut_short_has_the_hash_of_what_is_there_or_none(void **state)
{
	struct toeplitz_hash hash;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t whole = make(&rows[i], INET_TCP), l4 = whole - 20;

		for (size_t len = 0; len < whole; len++) {
			/* ASan sees what is beyond. */
			uint8_t exact[sizeof(frame)], *at_end = exact + sizeof(exact) - len;

			memcpy(at_end, frame, len);
			assert_int_equal(toeplitz_hash_frame(&toeplitz, ALL, at_end, len, &hash), len >= l4);
			if (len >= l4)
				assert_int_equal(hash.value, rows[i].plain);
		}
	}
}

static void what_is_not_ip_has_no_hash(void **state)
{
	struct toeplitz_hash hash;
	size_t len = make(&rows[0], INET_TCP);

	frame[13] = 6; /* ARP */
	assert_false(toeplitz_hash_frame(&toeplitz, ALL, frame, len, &hash));
	make(&rows[0], INET_TCP);
	frame[ETHERNET] = 0x65; /* an IPv6 header, says its version */
	assert_false(toeplitz_hash_frame(&toeplitz, ALL, frame, len, &hash));
}

static void the_key_is_the_whole_key(void **state)
{
	uint8_t other[TOEPLITZ_KEY_BYTES] = { 0 };
	size_t len = make(&rows[5], INET_TCP);

	toeplitz_set_key(&toeplitz, other);
	check_hash(len, ALL, 0, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	/* The last bit of the key meets the last bit of the input, at the hash's last bit. */
	other[TOEPLITZ_KEY_BYTES - 1] = 2;
	toeplitz_set_key(&toeplitz, other);
	frame[len - 20 + 3] |= 1;
	check_hash(len, ALL, 1, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_most_that_is_asked_for_is_hashed),
		T(what_is_not_asked_for_has_no_hash),
		T(a_fragment_has_no_ports),
		T(options_and_tags_are_stepped_over),
		T(a_frame_that_is_cut_short_has_the_hash_of_what_is_there_or_none),
		T(what_is_not_ip_has_no_hash),
		T(the_key_is_the_whole_key),
	};

	return cmocka_run_group_tests_name("net_toeplitz", tests, NULL, NULL);
}
