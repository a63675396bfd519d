// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/pcapng.h"

static char *bytes;
static size_t len;
static FILE *file;

static int setup(void **state)
{
	file = open_memstream(&bytes, &len);
	return !file || fflush(file); /* which also says how long it is */
}

static int teardown(void **state)
{
	fclose(file);
	free(bytes);
	return 0;
}

static uint32_t word(size_t at)
{
	uint32_t value;

	assert_true(at + sizeof(value) <= len);
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static const struct pcapng_interface interface = { PCAPNG_ETHERNET, "vif1.0", "it" };

/* The block there, whose length stands at both of its ends; where the next one begins. */
static size_t block(size_t at, uint32_t type)
{
	uint32_t block_len = word(at + 4);

	assert_int_equal(word(at), type);
	assert_int_equal(block_len % 4, 0);
	assert_int_equal(word(at + block_len - 4), block_len);
	return at + block_len;
}

/* An option's value; padded with zeroes. *at: where it begins, then where the next one does. */
static const void *option(size_t *at, uint16_t type, uint16_t size)
{
	const char *value = bytes + *at + 4;

	assert_int_equal(word(*at), type | (uint32_t)size << 16);
	*at += 4 + size;
	for (; *at % 4; ++*at)
		assert_int_equal(bytes[*at], 0);
	return value;
}

static void a_file_begins_with_who_wrote_it_and_the_interface(void **state)
{
	size_t at, next;

	assert_int_equal(pcapng_begin(file, "me 1.0", &interface), 0);
	fflush(file);
	next = block(0, 0x0a0d0d0a);
	assert_int_equal(word(8), 0x1a2b3c4d);
	assert_int_equal(word(12), 1); /* 1.0 */
	assert_int_equal(word(16), UINT32_MAX);
	assert_int_equal(word(20), UINT32_MAX);
	at = 24;
	option(&at, 3, word(at) >> 16);
	assert_memory_equal(option(&at, 4, 6), "me 1.0", 6);
	option(&at, 0, 0);
	assert_int_equal(at + 4, next);

	at = next;
	next = block(at, 1);
	assert_int_equal(word(at + 8), 1); /* Ethernet */
	assert_int_equal(word(at + 12), 0);
	at += 16;
	assert_memory_equal(option(&at, 2, 6), "vif1.0", 6);
	assert_memory_equal(option(&at, 3, 2), "it", 2);
	assert_int_equal(*(const uint8_t *)option(&at, 9, 1), 9);
	option(&at, 0, 0);
	assert_int_equal(at + 4, next);
	assert_int_equal(next, len);
}

static void a_packet_of_any_size_is_padded(void **state)
{
	for (uint32_t size = 0; size < 9; size++) {
		const struct pcapng_packet packet = {
			.time_ns = 0x1122334455667788,
			.flags = PCAPNG_INBOUND | PCAPNG_TCP_SEGMENTS,
			.queue = 5,
			.bytes = "abcdefghi",
			.captured_bytes = size,
			.original_bytes = 100,
			.comment = "said",
		};
		size_t start = len, at;

		assert_int_equal(pcapng_packet(file, &packet), 0);
		fflush(file);
		assert_int_equal(block(start, 6), len);
		assert_int_equal(word(start + 8), 0);
		assert_int_equal(word(start + 12), 0x11223344);
		assert_int_equal(word(start + 16), 0x55667788);
		assert_int_equal(word(start + 20), size);
		assert_int_equal(word(start + 24), 100);
		assert_memory_equal(bytes + start + 28, "abcdefghi", size);
		at = start + 28 + (size + 3) / 4 * 4;
		assert_int_equal(*(const uint32_t *)option(&at, 2, 4), 0x801);
		assert_int_equal(*(const uint32_t *)option(&at, 6, 4), 5);
		assert_memory_equal(option(&at, 1, 4), "said", 4);
		option(&at, 0, 0);
		assert_int_equal(at + 4, len);
	}
}

static void a_comment_that_is_too_long_is_cut(void **state)
{
	static char comment[PCAPNG_MAX_TEXT_BYTES * 3];
	size_t at = 28 + 8 + 8;

	memset(comment, 'x', sizeof(comment) - 1);
	assert_int_equal(pcapng_packet(file, &(struct pcapng_packet){ .bytes = "", .comment = comment }), 0);
	fflush(file);
	assert_int_equal(block(0, 6), len);
	option(&at, 1, PCAPNG_MAX_TEXT_BYTES);
}

static void statistics_say_what_was_lost(void **state)
{
	static const uint32_t time[] = { 1, 2, 1, 3 };
	const struct pcapng_statistics statistics = { 1ULL << 32 | 2, 1ULL << 32 | 3, 100, 30 };
	const uint64_t counts[] = { 100, 30, 70 };
	size_t at = 20;

	assert_int_equal(pcapng_statistics(file, &statistics), 0);
	fflush(file);
	assert_int_equal(block(0, 5), len);
	assert_int_equal(word(12), 1);
	assert_int_equal(word(16), 3);
	assert_memory_equal(option(&at, 2, 8), &time[0], 8);
	assert_memory_equal(option(&at, 3, 8), &time[2], 8);
	assert_memory_equal(option(&at, 4, 8), &counts[0], 8);
	assert_memory_equal(option(&at, 7, 8), &counts[1], 8);
	assert_memory_equal(option(&at, 8, 8), &counts[2], 8);
	option(&at, 0, 0);
	assert_int_equal(at + 4, len);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(pcapng_begin(full, "me", &interface), -ENOSPC);
	fclose(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_begins_with_who_wrote_it_and_the_interface),
		TEST(a_packet_of_any_size_is_padded),
		TEST(a_comment_that_is_too_long_is_cut),
		TEST(statistics_say_what_was_lost),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
