// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>

#include "common/base/parse.h"

#define UNTOUCHED 0xdeadu

static const struct {
	const char *text;
	uint64_t min, max;
	int rc;
	uint64_t want;
} numbers[] = {
	{ "0", 0, 10, 0, 0 },
	{ "10", 0, 10, 0, 10 },
	{ "007", 0, 10, 0, 7 },
	{ "11", 0, 10, -ERANGE, 0 },
	{ "1", 2, 10, -ERANGE, 0 },
	{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
	{ "", 0, 10, -EINVAL, 0 },
	{ " 1", 0, 10, -EINVAL, 0 },
	{ "1 ", 0, 10, -EINVAL, 0 },
	{ "1\t", 0, 10, -EINVAL, 0 },
	{ "+1", 0, 10, -EINVAL, 0 },
	{ "-1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "0x1", 0, 10, -EINVAL, 0 },
	{ "1e1", 0, 10, -EINVAL, 0 },
	{ "\xd9\xa1", 0, 10, -EINVAL, 0 },
};

static void only_plain_numbers_within_the_bounds_are_taken(void **state)
{
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t out = UNTOUCHED;

		print_message("# '%s'\n", numbers[i].text);
		assert_int_equal(parse_u64(numbers[i].text, numbers[i].min, numbers[i].max, &out), numbers[i].rc);
		assert_int_equal(out, numbers[i].rc ? UNTOUCHED : numbers[i].want);
	}
}

static void what_does_not_fit_32_bits_does_not_wrap(void **state)
{
	uint32_t out = UNTOUCHED;

	assert_int_equal(parse_u32("4294967296", 0, UINT32_MAX, &out), -ERANGE);
	assert_int_equal(parse_u32("4294967297", 0, 10, &out), -ERANGE);
	assert_int_equal(parse_u32("one", 0, 10, &out), -EINVAL);
	assert_int_equal(out, UNTOUCHED);
	assert_int_equal(parse_u32("4294967295", 0, UINT32_MAX, &out), 0);
	assert_int_equal(out, UINT32_MAX);
}

static const struct {
	const char *text;
	int rc;
	uint64_t want;
} sizes[] = {
	{ "512", 0, 512 },
	{ "1K", 0, 1ULL << 10 },
	{ "3M", 0, 3ULL << 20 },
	{ "1G", 0, 1ULL << 30 },
	{ "16T", 0, 16ULL << 40 },
	{ "0T", 0, 0 },
	{ "16777215T", 0, 16777215ULL << 40 },
	{ "16777216T", -ERANGE, 0 },
	{ "99999999999999999999K", -ERANGE, 0 },
	{ "K", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "1k", -EINVAL, 0 },
	{ "1KB", -EINVAL, 0 },
	{ "1 K", -EINVAL, 0 },
	{ "1.5G", -EINVAL, 0 },
	{ "-1M", -EINVAL, 0 },
};

static void a_size_may_have_one_suffix(void **state)
{
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t out = UNTOUCHED;

		print_message("# '%s'\n", sizes[i].text);
		assert_int_equal(parse_size(sizes[i].text, 0, UINT64_MAX, &out), sizes[i].rc);
		assert_int_equal(out, sizes[i].rc ? UNTOUCHED : sizes[i].want);
	}
}

static void the_bounds_of_a_size_are_in_bytes(void **state)
{
	uint64_t out = UNTOUCHED;

	assert_int_equal(parse_size("1K", 1025, 4096, &out), -ERANGE);
	assert_int_equal(parse_size("5K", 1025, 4096, &out), -ERANGE);
	assert_int_equal(out, UNTOUCHED);
	assert_int_equal(parse_size("4K", 1025, 4096, &out), 0);
	assert_int_equal(out, 4096);
}

static void an_address_has_six_bytes_of_two_digits(void **state)
{
	static const uint8_t expected[6] = { 0x00, 0x16, 0x3e, 0xab, 0xcd, 0xef };
	static const char *const bad[] = {
		"", "0", "00:16:3e:ab:cd", "00:16:3e:ab:cd:", "00:16:3e:ab:cd:e", "00:16:3e:ab:cd:ef:",
		"00:16:3e:ab:cd:ef0", " 0:16:3e:ab:cd:ef", "+0:16:3e:ab:cd:ef", "0x:16:3e:ab:cd:ef",
		"00-16-3e-ab-cd-ef", "00:16:3e:ab:cd:eg", "0:16:3e:ab:cd:ef:0",
	};
	uint8_t mac[6];

	assert_int_equal(parse_mac("00:16:3e:aB:Cd:EF", mac), 0);
	assert_memory_equal(mac, expected, sizeof(mac));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(parse_mac(bad[i], mac), -EINVAL);
		assert_memory_equal(mac, expected, sizeof(mac));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_plain_numbers_within_the_bounds_are_taken),
		cmocka_unit_test(what_does_not_fit_32_bits_does_not_wrap),
		cmocka_unit_test(a_size_may_have_one_suffix),
		cmocka_unit_test(the_bounds_of_a_size_are_in_bytes),
		cmocka_unit_test(an_address_has_six_bytes_of_two_digits),
	};

	return cmocka_run_group_tests_name("common/base/parse", tests, NULL, NULL);
}
