/* SPDX-License-Identifier: MIT */
/*
 * IP addresses as people write them, each alone or with the length of the prefix that it stands for.
 *
 * Thread: any. Errors: -EINVAL with the text and what was expected; never logs.
 */
#ifndef COMMON_BASE_IP_PREFIX_H
#define COMMON_BASE_IP_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"

#define IPV4_ADDRESS_BYTES 4
#define IPV6_ADDRESS_BYTES 16
#define IP_PREFIXES_MAX    32

struct ip_prefix {
	uint8_t version; /* 4 or 6 */
	uint8_t nr_bits;
	uint8_t address[IPV6_ADDRESS_BYTES];
};

struct ip_prefixes {
	unsigned int nr;
	struct ip_prefix prefix[IP_PREFIXES_MAX];
};

/* "10.0.0.1 fe80::/64": any number of them, with blanks between. -EINVAL: with the one that is none in err. */
int ip_prefixes_parse(const char *text, struct ip_prefixes *out, struct errbuf *err);
/* Is it one of them, or in one? address: of 4 or 16 bytes, as version says. */
bool ip_prefixes_have(const struct ip_prefixes *prefixes, uint8_t version, const uint8_t *address);

#endif
