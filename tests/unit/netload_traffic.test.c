// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/inet.h"
#include "frontend/user/netload/traffic.h"

#define SEED 77

static const struct {
	const char *name;
	struct traffic traffic;
	uint32_t len;
	bool is_blank;
	uint8_t gso_type;
} rows[] = {
	{ "UDP", { .seed = SEED }, 1514, false, 0 },
	{ "UDP over IPv6", { .seed = SEED, .is_ipv6 = true }, 1514, false, 0 },
	{ "the smallest", { .seed = SEED }, 51, false, 0 },
	{ "the largest", { .seed = SEED, .is_ipv6 = true }, 65535, false, 0 },
	{ "a blank checksum", { .seed = SEED, .is_blank = true }, 1001, true, 0 },
	{ "a blank checksum over IPv6", { .seed = SEED, .is_blank = true, .is_ipv6 = true }, 1001, true, 0 },
	{ "large TCP", { .seed = SEED, .gso_size = 1448 }, 64001, true, XEN_NETIF_GSO_TYPE_TCPV4 },
	{ "large TCP over IPv6",
	  { .seed = SEED, .gso_size = 1428, .is_ipv6 = true },
	  64001,
	  true,
	  XEN_NETIF_GSO_TYPE_TCPV6 },
	{ "TCP of just one packet", { .seed = SEED, .gso_size = 1448 }, 54 + 1448, false, 0 },
	{ "TCP of one packet and a byte",
	  { .seed = SEED, .gso_size = 1448 },
	  54 + 1449,
	  true,
	  XEN_NETIF_GSO_TYPE_TCPV4 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static uint8_t *frame;

static int setup(void **state)
{
	frame = malloc(NET_MAX_SENT_BYTES);
	return 0;
}

static int teardown(void **state)
{
	free(frame);
	return 0;
}

static void what_was_made_is_found_good(void **state)
{
	for (unsigned int i = 0; i < NR_ROWS; i++) {
		struct traffic_part part;
		struct net_meta meta;
		uint32_t nr;

		print_message("# %s\n", rows[i].name);
		nr = traffic_make(&rows[i].traffic, 0xfffffff3, i % 2, frame, rows[i].len, &meta);
		assert_int_equal(nr, rows[i].len - traffic_headers_bytes(&rows[i].traffic));
		assert_int_equal(meta.is_csum_blank, rows[i].is_blank);
		assert_int_equal(meta.gso_type, rows[i].gso_type);
		assert_int_equal(meta.gso_size, rows[i].gso_type ? rows[i].traffic.gso_size : 0);
		assert_int_equal(traffic_check(SEED, frame, rows[i].len, &meta, &part), TRAFFIC_GOOD);
		assert_int_equal(part.position, 0xfffffff3);
		assert_int_equal(part.nr_bytes, nr);
		assert_int_equal(part.is_last, i % 2);
		assert_int_equal(traffic_check(SEED + 1, frame, rows[i].len, &meta, &part), TRAFFIC_WRONG_BYTES);
	}
}

static void every_byte_of_the_payload_counts(void **state)
{
	for (unsigned int i = 0; i < NR_ROWS; i++) {
		uint32_t headers = traffic_headers_bytes(&rows[i].traffic);
		struct traffic_part part;
		struct net_meta meta;

		(void)traffic_make(&rows[i].traffic, 5, false, frame, rows[i].len, &meta);
		for (uint32_t at = headers; at<rows[i].len; at += rows[i].len> 2000 ? 997 : 1) {
			frame[at] ^= 0x10;
			assert_int_equal(traffic_check(SEED, frame, rows[i].len, &meta, &part), TRAFFIC_WRONG_BYTES);
			frame[at] ^= 0x10;
		}
	}
}

static void a_wrong_checksum_is_told_from_wrong_bytes(void **state)
{
	for (unsigned int i = 0; i < NR_ROWS; i++) {
		struct inet_frame parsed;
		struct traffic_part part;
		struct net_meta meta;

		(void)traffic_make(&rows[i].traffic, 5, false, frame, rows[i].len, &meta);
		assert_true(inet_parse(frame, rows[i].len, &parsed));
		frame[parsed.l4_offset + parsed.csum_offset] ^= 1;
		assert_int_equal(traffic_check(SEED, frame, rows[i].len, &meta, &part), TRAFFIC_WRONG_CHECKSUM);
		frame[parsed.l4_offset + parsed.csum_offset] ^= 1;
		meta.is_csum_blank = !meta.is_csum_blank;
		assert_int_equal(traffic_check(SEED, frame, rows[i].len, &meta, &part), TRAFFIC_WRONG_CHECKSUM);
	}
}

/* What a backend, or a kernel behind it, does to a large packet. */
static void each_packet_of_a_large_one_is_checked_by_itself(void **state)
{
	static const struct traffic whole = { .seed = SEED, .gso_size = 1000 },
				    one = { .seed = SEED, .gso_size = 0xffff };
	const uint32_t headers = traffic_headers_bytes(&whole);
	uint8_t *packet = malloc(NET_MAX_SENT_BYTES);
	struct traffic_part part;
	struct net_meta meta;

	(void)traffic_make(&whole, 100, true, frame, headers + 3500, &meta);
	for (uint32_t done = 0; done < 3500; done += part.nr_bytes) {
		uint32_t nr = 3500 - done < 1000 ? 3500 - done : 1000;

		(void)traffic_make(&one, 100 + done, done + nr == 3500, packet, headers + nr, &meta);
		memcpy(packet + headers, frame + headers + done,
		       nr); /* the bytes of the large one are the right ones */
		assert_int_equal(traffic_check(SEED, packet, headers + nr, &meta, &part), TRAFFIC_GOOD);
		assert_int_equal(part.position, 100 + done);
		assert_int_equal(part.is_last, nr == 500);
	}
	free(packet);
}

static void what_others_sent_is_no_part_of_it(void **state)
{
	static const struct traffic traffic = { .seed = SEED };
	struct traffic_part part;
	struct net_meta meta;

	(void)traffic_make(&traffic, 0, false, frame, 200, &meta);
	frame[34] ^= 1; /* the port */
	assert_int_equal(traffic_check(SEED, frame, 200, &meta, &part), TRAFFIC_OTHER);
	frame[34] ^= 1;
	frame[23] = 1; /* ICMP */
	assert_int_equal(traffic_check(SEED, frame, 200, &meta, &part), TRAFFIC_OTHER);
	assert_int_equal(traffic_check(SEED, frame, 0, &meta, &part), TRAFFIC_OTHER);
}

static void padding_is_no_payload_and_less_than_was_said_is_wrong(void **state)
{
	static const struct traffic traffic = { .seed = SEED };
	struct traffic_part part;
	struct net_meta meta;

	memset(frame, 0xaa, 100);
	(void)traffic_make(&traffic, 0, false, frame, 52, &meta);
	assert_int_equal(traffic_check(SEED, frame, 60, &meta, &part), TRAFFIC_GOOD);
	assert_int_equal(part.nr_bytes, 2);
	for (uint32_t len = 42; len < 52; len++) {
		uint8_t *cut = malloc(len); /* a look beyond it shows under ASan */

		memcpy(cut, frame, len);
		assert_int_equal(traffic_check(SEED, cut, len, &meta, &part), TRAFFIC_WRONG_BYTES);
		free(cut);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_was_made_is_found_good),
		T(every_byte_of_the_payload_counts),
		T(a_wrong_checksum_is_told_from_wrong_bytes),
		T(each_packet_of_a_large_one_is_checked_by_itself),
		T(what_others_sent_is_no_part_of_it),
		T(padding_is_no_payload_and_less_than_was_said_is_wrong),
	};

	return cmocka_run_group_tests_name("netload_traffic", tests, NULL, NULL);
}
