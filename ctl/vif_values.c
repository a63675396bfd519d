// SPDX-License-Identifier: MIT
#include "ctl/vif_values.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/ip_prefix.h"
#include "common/base/parse.h"
#include "common/wire/null_frames.h"
#include "common/wire/pair_name.h"

/* ---- MAC addresses --------------------------------------------------------------------------------------------- */

int vif_parse_mac(const char *text, char mac[VIF_MAC_SIZE], struct errbuf *err)
{
	static const uint8_t nobodys[6];
	uint8_t bytes[6];

	if (parse_mac(text, bytes))
		return errbuf_set(err, -EINVAL, "'%.40s' is not a MAC address: expected one like 00:16:3e:12:34:56",
				  text);
	snprintf(mac, VIF_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
		 bytes[5]);
	if (bytes[0] & 1)
		return errbuf_set(err, -EINVAL, "'%s' is not a MAC address of one station, but of a group", mac);
	if (memcmp(bytes, nobodys, sizeof(bytes)) == 0)
		return errbuf_set(err, -EINVAL, "'%s' is not a MAC address of any station", mac);
	return 0;
}

/* ---- rates ----------------------------------------------------------------------------------------------------- */

struct unit {
	const char *suffix;
	uint64_t times;
	unsigned int divided_by;
};

static const struct unit rate_units[] = {
	{ "b/s", 1, 8 },
	{ "B/s", 1, 1 },
	{ "Kb/s", 1000, 8 },
	{ "KB/s", 1000, 1 },
	{ "Mb/s", 1000000, 8 },
	{ "MB/s", 1000000, 1 },
	{ "Gb/s", 1000000000, 8 },
	{ "GB/s", 1000000000, 1 },
	{ NULL, 0, 0 },
};

static const struct unit interval_units[] = {
	{ "", 1000000, 1 },
	{ "s", 1000000, 1 },
	{ "m", 1000, 1 },
	{ "ms", 1000, 1 },
	{ "u", 1, 1 },
	{ "us", 1, 1 },
	{ NULL, 0, 0 },
};

/* Neither the number nor what it comes to may be over max. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t max, uint64_t *out)
{
	size_t nr_digits = strspn(text, "0123456789");
	char digits[24];
	int rc;

	if (nr_digits >= sizeof(digits))
		return -ERANGE;
	snprintf(digits, sizeof(digits), "%.*s", (int)nr_digits, text);
	while (units->suffix && strcmp(units->suffix, text + nr_digits) != 0)
		units++;
	if (!units->suffix)
		return -EINVAL;
	rc = parse_u64(digits, 1, UINT32_MAX, out);
	if (rc)
		return rc;
	*out = *out * units->times / units->divided_by;
	return *out > max ? -ERANGE : 0;
}

int vif_parse_rate(const char *text, char rate[VIF_RATE_SIZE], struct errbuf *err)
{
	uint64_t bytes_per_second = 0, interval_us = 50000, bytes;
	const char *interval = strchr(text, '@');
	char first[40];
	int rc;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(text, "@"), text);
	rc = parse_with_unit(first, rate_units, UINT64_MAX, &bytes_per_second);
	if (rc == 0 && interval)
		rc = parse_with_unit(interval + 1, interval_units, UINT32_MAX, &interval_us);
	if (rc == 0 && __builtin_mul_overflow(bytes_per_second, interval_us, &bytes))
		rc = -ERANGE;
	if (rc == -ERANGE)
		return errbuf_set(err, -EINVAL, "'%.60s' is not a rate: a number in it is 0 or too large", text);
	if (rc)
		return errbuf_set(err, rc, "'%.60s' is not a rate: expected one like 10Mb/s or 1MB/s@20ms", text);
	if (bytes < 1000000)
		return errbuf_set(err, -EINVAL, "'%.60s' lets nothing through: it is less than a byte an interval",
				  text);
	snprintf(rate, VIF_RATE_SIZE, "%ju,%ju", (uintmax_t)(bytes / 1000000), (uintmax_t)interval_us);
	return 0;
}

/* ---- names and addresses --------------------------------------------------------------------------------------- */

int vif_check_name(const char *what, const char *name, struct errbuf *err)
{
	bool is_good = *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

	if (strlen(name) >= IFNAMSIZ)
		return errbuf_set(err, -EINVAL, "'%.40s' is too long for the name of a %s: at most %d characters", name,
				  what, IFNAMSIZ - 1);
	for (const char *p = name; *p; p++)
		is_good &= isgraph((unsigned char)*p) && !strchr("/:%", *p);
	return is_good ? 0 : errbuf_set(err, -EINVAL, "'%s' cannot be the name of a %s", name, what);
}

int vif_check_bridge(const char *text, struct errbuf *err)
{
	const char *name = text + strlen(NET_PAIR_SCHEME);
	uint32_t frame_bytes;

	if (net_null_is(text))
		return net_null_parse(text, &frame_bytes, err);
	if (strncmp(text, NET_PAIR_SCHEME, strlen(NET_PAIR_SCHEME)) != 0)
		return vif_check_name("bridge", text, err);
	if (*name && strlen(name) < NET_PAIR_MAX_NAME)
		return 0;
	return errbuf_set(err, -EINVAL, "'%.80s': expected " NET_PAIR_SCHEME " and a name of 1 to %d bytes", text,
			  NET_PAIR_MAX_NAME - 1);
}

int vif_check_ip(const char *list, struct errbuf *err)
{
	struct ip_prefixes prefixes;
	int rc = ip_prefixes_parse(list, &prefixes, err);

	if (rc == 0 && prefixes.nr == 0)
		return errbuf_set(err, -EINVAL, "'%s' is not an IP address", list);
	return rc;
}
