// SPDX-License-Identifier: MIT
#include <string.h>

#include "tests/conform/peer/front_disk.h"

/* Words that name their sector and their place in it: what is shifted, swapped or stale is not equal. */
static void fill_sector(uint8_t bytes[512], uint64_t sector)
{
	for (uint64_t i = 0; i < 512 / sizeof(uint64_t); i++) {
		uint64_t word = (sector + 1) * 0x9e3779b97f4a7c15ULL + i;

		memcpy(bytes + i * sizeof(word), &word, sizeof(word));
	}
}

void pattern_fill(uint8_t *bytes, uint64_t sector, unsigned int nr_sectors)
{
	for (unsigned int i = 0; i < nr_sectors; i++)
		fill_sector(bytes + i * 512, sector + i);
}

bool pattern_is(const uint8_t *bytes, uint64_t sector, unsigned int nr_sectors)
{
	uint8_t want[512];

	for (unsigned int i = 0; i < nr_sectors; i++) {
		fill_sector(want, sector + i);
		if (memcmp(bytes + i * 512, want, sizeof(want)) != 0)
			return false;
	}
	return true;
}

#define MARK 0xa5

void mark_fill(uint8_t *bytes, size_t len)
{
	memset(bytes, MARK, len);
}

bool mark_is(const uint8_t *bytes, size_t len)
{
	while (len && *bytes == MARK) {
		bytes++;
		len--;
	}
	return len == 0;
}
