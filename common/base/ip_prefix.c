// SPDX-License-Identifier: MIT
#include "common/base/ip_prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"

static int parse_one(const char *text, size_t len_bytes, struct ip_prefix *out)
{
	struct ip_prefix prefix = { .version = 4 };
	char copy[INET6_ADDRSTRLEN + sizeof("/128")];
	uint32_t nr_bits;
	char *slash;

	if (len_bytes >= sizeof(copy))
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", (int)len_bytes, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, copy, prefix.address) != 1) {
		prefix.version = 6;
		if (inet_pton(AF_INET6, copy, prefix.address) != 1)
			return -EINVAL;
	}
	nr_bits = prefix.version == 4 ? 32 : 128;
	if (slash && parse_u32(slash + 1, 0, nr_bits, &nr_bits))
		return -EINVAL;
	prefix.nr_bits = nr_bits;
	*out = prefix;
	return 0;
}

int ip_prefixes_parse(const char *text, struct ip_prefixes *out, struct errbuf *err)
{
	size_t len;

	out->nr = 0;
	for (text += strspn(text, " "); *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (out->nr == IP_PREFIXES_MAX)
			return errbuf_set(err, -EINVAL, "'%.40s...': expected at most %d IP addresses", text,
					  IP_PREFIXES_MAX);
		if (parse_one(text, len, &out->prefix[out->nr]))
			return errbuf_set(err, -EINVAL, "'%.*s' is not an IP address", len < 60 ? (int)len : 60, text);
		out->nr++;
	}
	return 0;
}

static bool has(const struct ip_prefix *prefix, uint8_t version, const uint8_t *address)
{
	unsigned int nr_whole = prefix->nr_bits / 8, nr_rest = prefix->nr_bits % 8;

	if (version != prefix->version || memcmp(prefix->address, address, nr_whole) != 0)
		return false;
	return nr_rest == 0 || (prefix->address[nr_whole] ^ address[nr_whole]) >> (8 - nr_rest) == 0;
}

bool ip_prefixes_have(const struct ip_prefixes *prefixes, uint8_t version, const uint8_t *address)
{
	for (unsigned int i = 0; i < prefixes->nr; i++) {
		if (has(&prefixes->prefix[i], version, address))
			return true;
	}
	return false;
}
