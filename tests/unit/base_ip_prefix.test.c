// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "common/base/ip_prefix.h"

static const struct {
	const char *text;
	const char *wrong; /* NULL: nothing is */
	unsigned int nr;
} rows[] = {
	{ "", NULL, 0 },
	{ "  ", NULL, 0 },
	{ "10.0.0.1", NULL, 1 },
	{ "10.0.0.1 10.1.0.0/16", NULL, 2 },
	{ "fe80::1/128 :: 0.0.0.0/0", NULL, 3 },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", NULL, 1 },
	{ "  10.0.0.1 ", NULL, 1 },
	{ "10.0.0", "'10.0.0' is", 0 },
	{ "10.0.0.1 10.0.0.256 10.0.0.2", "'10.0.0.256' is", 0 },
	{ "10.0.0.1/33", "'10.0.0.1/33' is", 0 },
	{ "10.0.0.1/", "'10.0.0.1/' is", 0 },
	{ "/8", "'/8' is", 0 },
	{ "10.0.0.1/8/8", "'10.0.0.1/8/8' is", 0 },
	{ "10.0.0.1/-1", "'10.0.0.1/-1' is", 0 },
	{ "::/129", "'::/129' is", 0 },
	{ "10.0.0.1,10.0.0.2", "'10.0.0.1,10.0.0.2' is", 0 },
	{ "10.0.0.1\t10.0.0.2", "10.0.0.2' is", 0 },
	{ "a.host.of.a.name.much.longer.than.an.address.can.be.written", "'a.host.of.a.name", 0 },
};

static void a_list_has_blanks_between(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip_prefixes prefixes;
		struct errbuf err;
		int rc = ip_prefixes_parse(rows[i].text, &prefixes, &err);

		print_message("'%s'\n", rows[i].text);
		assert_int_equal(rc, rows[i].wrong ? -22 : 0);
		if (rows[i].wrong)
			assert_non_null(strstr(err.text, rows[i].wrong));
		else
			assert_int_equal(prefixes.nr, rows[i].nr);
	}
}

static void a_list_has_an_end(void **state)
{
	struct ip_prefixes prefixes;
	char text[512] = "";
	struct errbuf err;

	for (unsigned int i = 0; i < IP_PREFIXES_MAX; i++)
		strcat(text, "10.0.0.1 ");
	assert_int_equal(ip_prefixes_parse(text, &prefixes, &err), 0);
	assert_int_equal(prefixes.nr, IP_PREFIXES_MAX);
	strcat(text, "10.0.0.2");
	assert_int_equal(ip_prefixes_parse(text, &prefixes, &err), -22);
	assert_non_null(strstr(err.text, "'10.0.0.2...': expected at most 32"));
}

static const struct {
	const char *list;
	uint8_t version, address[16];
	bool has;
} addresses[] = {
	{ "", 4, { 10, 0, 0, 1 }, false },
	{ "10.0.0.1", 4, { 10, 0, 0, 1 }, true },
	{ "10.0.0.1", 4, { 10, 0, 0, 2 }, false },
	{ "10.0.0.1", 6, { 10, 0, 0, 1 }, false },
	{ "a00:1::", 4, { 10, 0, 0, 1 }, false },
	{ "10.0.0.1 10.2.0.0/15", 4, { 10, 3, 255, 255 }, true },
	{ "10.0.0.1 10.2.0.0/15", 4, { 10, 4, 0, 0 }, false },
	{ "10.0.0.1 10.2.0.0/15", 4, { 10, 1, 255, 255 }, false },
	{ "10.2.3.4/16", 4, { 10, 2, 9, 9 }, true },
	{ "10.2.3.4/31", 4, { 10, 2, 3, 5 }, true },
	{ "10.2.3.4/31", 4, { 10, 2, 3, 6 }, false },
	{ "0.0.0.0/0", 4, { 255, 255, 255, 255 }, true },
	{ "0.0.0.0/0", 6, { 0 }, false },
	{ "fe80::/10", 6, { 0xfe, 0xbf, 1 }, true },
	{ "fe80::/10", 6, { 0xfe, 0xc0, 1 }, false },
	{ "fd00::1", 6, { 0xfd, [15] = 1 }, true },
	{ "fd00::1", 6, { 0xfd, [15] = 0 }, false },
};

static void an_address_is_in_a_prefix(void **state)
{
	for (unsigned int i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct ip_prefixes prefixes;
		struct errbuf err;

		print_message("row %u, '%s'\n", i, addresses[i].list);
		assert_int_equal(ip_prefixes_parse(addresses[i].list, &prefixes, &err), 0);
		assert_int_equal(ip_prefixes_have(&prefixes, addresses[i].version, addresses[i].address),
				 addresses[i].has);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_blanks_between),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(an_address_is_in_a_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
