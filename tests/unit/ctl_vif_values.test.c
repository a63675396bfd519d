// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "ctl/vif_values.h"

#define GOOD NULL /* instead of a part of the message */

static const struct {
	const char *text, *rate, *says;
} rates[] = {
	/* The first three are in xl's manual. */
	{ "10Mb/s", "62500,50000", GOOD },
	{ "250KB/s", "12500,50000", GOOD },
	{ "1MB/s@20ms", "20000,20000", GOOD },
	{ "10Mb/s@50ms", "62500,50000", GOOD },
	{ "8b/s@1s", "1,1000000", GOOD },
	{ "1B/s@1", "1,1000000", GOOD },
	{ "1Kb/s", "6,50000", GOOD },
	{ "1Gb/s", "6250000,50000", GOOD },
	{ "1GB/s@1m", "1000000,1000", GOOD },
	{ "1GB/s@1u", "1000,1", GOOD },
	{ "1GB/s@7us", "7000,7", GOOD },
	{ "010Mb/s", "62500,50000", GOOD },
	{ "4294967295B/s@4294967295us", "18446744065119,4294967295", GOOD },
	{ "", NULL, "expected one like" },
	{ "10", NULL, "expected one like" },
	{ "10M", NULL, "expected one like" },
	{ "10mb/s", NULL, "expected one like" },
	{ "10MB/S", NULL, "expected one like" },
	{ "10Tb/s", NULL, "expected one like" },
	{ "10 Mb/s", NULL, "expected one like" },
	{ "-10Mb/s", NULL, "expected one like" },
	{ "1.5Mb/s", NULL, "expected one like" },
	{ "0x10Mb/s", NULL, "expected one like" },
	{ "Mb/s", NULL, "expected one like" },
	{ "@20ms", NULL, "expected one like" },
	{ "1MB/s@", NULL, "expected one like" },
	{ "1MB/s@ms", NULL, "expected one like" },
	{ "1MB/s@20ns", NULL, "expected one like" },
	{ "1MB/s@20ms@20ms", NULL, "expected one like" },
	{ "10Mb/s and a great deal of text behind it", NULL, "expected one like" },
	{ "0Mb/s", NULL, "0 or too large" },
	{ "1MB/s@0", NULL, "0 or too large" },
	{ "4294967296B/s", NULL, "0 or too large" },
	{ "99999999999999999999999999B/s", NULL, "0 or too large" },
	{ "1MB/s@4295s", NULL, "0 or too large" },
	{ "5000000000B/s@1", NULL, "0 or too large" },
	{ "4294967295GB/s@4294s", NULL, "0 or too large" },
	{ "1b/s@1us", NULL, "lets nothing through" },
	{ "7b/s@1s", NULL, "lets nothing through" },
};

static void assert_says(const struct errbuf *err, int rc, const char *says)
{
	if (!says) {
		assert_int_equal(rc, 0);
		return;
	}
	assert_int_equal(rc, -EINVAL);
	if (!strstr(err->text, says))
		fail_msg("'%s' does not say '%s'", err->text, says);
}

static void rates_are_bytes_and_microseconds(void **state)
{
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		char rate[VIF_RATE_SIZE] = "";
		struct errbuf err;
		int rc = vif_parse_rate(rates[i].text, rate, &err);

		print_message("# '%s'\n", rates[i].text);
		assert_says(&err, rc, rates[i].says);
		assert_string_equal(rate, rates[i].rate ?: "");
	}
}

static const struct {
	const char *text, *mac, *says;
} macs[] = {
	{ "00:16:3e:12:34:56", "00:16:3e:12:34:56", GOOD },
	{ "02:AB:cD:ef:00:FF", "02:ab:cd:ef:00:ff", GOOD },
	{ "0:16:3e:12:34:56", NULL, "expected one like" },
	{ "00:16:3e:12:34:5", NULL, "expected one like" },
	{ "00:16:3e:12:34:567", NULL, "expected one like" },
	{ "00:16:3e:12:34", NULL, "expected one like" },
	{ "00:16:3e:12:34:56:", NULL, "expected one like" },
	{ "00-16-3e-12-34-56", NULL, "expected one like" },
	{ "00:16:3e:12:34:5g", NULL, "expected one like" },
	{ "00163e123456", NULL, "expected one like" },
	{ "", NULL, "expected one like" },
	{ "01:16:3e:12:34:56", NULL, "of a group" },
	{ "FF:FF:FF:FF:FF:FF", NULL, "of a group" },
	{ "00:00:00:00:00:00", NULL, "of any station" },
};

static void mac_addresses_are_those_of_stations(void **state)
{
	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		char mac[VIF_MAC_SIZE];
		struct errbuf err;
		int rc = vif_parse_mac(macs[i].text, mac, &err);

		print_message("# '%s'\n", macs[i].text);
		assert_says(&err, rc, macs[i].says);
		if (!rc)
			assert_string_equal(mac, macs[i].mac);
	}
}

static const struct {
	const char *text, *says;
} names[] = {
	{ "xenbr0", GOOD },
	{ "x", GOOD },
	{ "eth0.100", GOOD },
	{ "fifteen-letters", GOOD },
	{ "sixteen--letters", "at most 15" },
	{ "", "cannot be the name of a bridge" },
	{ ".", "cannot be" },
	{ "..", "cannot be" },
	{ "...", GOOD },
	{ "a/b", "cannot be" },
	{ "a b", "cannot be" },
	{ "a:1", "cannot be" },
	{ "vif%d", "cannot be" },
	{ "a\nb", "cannot be" },
	{ "br\303\274cke", "cannot be" },
};

static void names_are_those_that_linux_takes(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct errbuf err;

		print_message("# '%s'\n", names[i].text);
		assert_says(&err, vif_check_name("bridge", names[i].text, &err), names[i].says);
	}
}

static const struct {
	const char *text, *says;
} bridges[] = {
	{ "xenbr0", GOOD },
	{ "pair:x", GOOD },
	{ "pair:", "'pair:': expected pair: and a name of 1 to 63 bytes" },
	{ "null:", GOOD },
	{ "null:14", GOOD },
	{ "null:65535", GOOD },
	{ "null:13", "'null:13': expected null:, or behind it a frame's bytes, 14 to 65535" },
	{ "null:65536", "'null:65536': expected null:, or" },
	{ "null:x", "'null:x': expected null:, or" },
	{ "null:1514 ", "'null:1514 ': expected null:, or" },
	{ "null", GOOD }, /* a bridge of that name */
};

static void a_bridge_may_be_none(void **state)
{
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++) {
		struct errbuf err;

		print_message("# '%s'\n", bridges[i].text);
		assert_says(&err, vif_check_bridge(bridges[i].text, &err), bridges[i].says);
	}
}

static void addresses_are_at_least_one(void **state)
{
	struct errbuf err;

	assert_says(&err, vif_check_ip("10.0.0.1 fe80::/64", &err), GOOD);
	assert_says(&err, vif_check_ip("", &err), "is not an IP address");
	assert_says(&err, vif_check_ip(" ", &err), "is not an IP address");
	assert_says(&err, vif_check_ip("10.0.0.1 10.0.0", &err), "'10.0.0' is not an IP address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_bytes_and_microseconds),
		cmocka_unit_test(mac_addresses_are_those_of_stations),
		cmocka_unit_test(names_are_those_that_linux_takes),
		cmocka_unit_test(a_bridge_may_be_none),
		cmocka_unit_test(addresses_are_at_least_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
