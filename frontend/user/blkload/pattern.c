// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/pattern.h"

#include <stdio.h>
#include <string.h>

#include "common/base/random.h"

#define WORDS (PATTERN_BYTES / sizeof(uint64_t))
#define MAGIC 0x70767269706e6721ULL

struct pattern {
	uint64_t magic, seed, sector, generation;
	uint64_t noise[WORDS - 4];
};

static struct pattern make(uint64_t seed, uint64_t sector, uint32_t generation)
{
	struct pattern pattern = { MAGIC, seed, sector, generation, { 0 } };
	uint64_t state = random_mix(seed) ^ random_mix(sector) ^ generation;

	for (unsigned int i = 0; i < sizeof(pattern.noise) / sizeof(pattern.noise[0]); i++)
		pattern.noise[i] = random_next(&state);
	return pattern;
}

void pattern_fill(uint8_t *sector_data, uint64_t seed, uint64_t sector, uint32_t generation)
{
	struct pattern pattern = make(seed, sector, generation);

	memcpy(sector_data, &pattern, sizeof(pattern));
}

bool pattern_matches(const uint8_t *sector_data, uint64_t seed, uint64_t sector, uint32_t generation)
{
	struct pattern pattern = make(seed, sector, generation);

	return memcmp(sector_data, &pattern, sizeof(pattern)) == 0;
}

void pattern_describe(const uint8_t *sector_data, uint64_t seed, uint64_t sector, char *buf, size_t size)
{
	struct pattern found;
	unsigned long long at, generation;

	memcpy(&found, sector_data, sizeof(found));
	at = found.sector;
	generation = found.generation;
	if (found.magic != MAGIC)
		snprintf(buf, size, "no data of ours (%016llx...)", (unsigned long long)found.magic);
	else if (found.seed != seed)
		snprintf(buf, size, "data of a run with seed %llu", (unsigned long long)found.seed);
	else if (at == sector && pattern_matches(sector_data, seed, at, generation))
		snprintf(buf, size, "write %llu", generation);
	else if (pattern_matches(sector_data, seed, at, generation))
		snprintf(buf, size, "sector %llu as of write %llu", at, generation);
	else
		snprintf(buf, size, "a mixture that begins with sector %llu as of write %llu", at, generation);
}

uint64_t pattern_checksum(const uint8_t *sector_data)
{
	uint64_t word, sum = 0;

	for (unsigned int i = 0; i < WORDS; i++) {
		memcpy(&word, sector_data + i * sizeof(word), sizeof(word));
		sum = random_mix(sum ^ word) + i;
	}
	return sum;
}
