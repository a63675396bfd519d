// SPDX-License-Identifier: MIT
#include "common/base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int parse_digits(const char *text, const char *end, uint64_t *out)
{
	uint64_t value = 0;

	if (text == end)
		return -EINVAL;
	for (const char *p = text; p < end; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
	}
	for (const char *p = text; p < end; p++) {
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value))
			return -ERANGE;
	}
	*out = value;
	return 0;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value;
	int rc;

	rc = parse_digits(text, text + strlen(text), &value);
	if (rc)
		return rc;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t value;
	int rc;

	rc = parse_u64(text, min, max, &value);
	if (rc == 0)
		*out = value;
	return rc;
}

int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	const char *end = text + strlen(text);
	const char *suffix = end > text ? strchr(suffixes, end[-1]) : NULL;
	uint64_t value;
	int rc;

	rc = parse_digits(text, suffix ? end - 1 : end, &value);
	if (rc)
		return rc;
	if (suffix && __builtin_mul_overflow(value, 1ULL << (10 * (suffix - suffixes + 1)), &value))
		return -ERANGE;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? found - digits : -1;
}

int parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t bytes[6];

	for (unsigned int i = 0; i < sizeof(bytes); i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i + 1 < sizeof(bytes) ? ':' : '\0'))
			return -EINVAL;
		bytes[i] = high << 4 | low;
	}
	memcpy(mac, bytes, sizeof(bytes));
	return 0;
}
