/* SPDX-License-Identifier: MIT */
/* Sectors that say of themselves which one they are and which write put them there. Pure. */
#ifndef BLKLOAD_PATTERN_H
#define BLKLOAD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_BYTES 512

void pattern_fill(uint8_t *sector_data, uint64_t seed, uint64_t sector, uint32_t generation);
bool pattern_matches(const uint8_t *sector_data, uint64_t seed, uint64_t sector, uint32_t generation);
/* What a sector that does not match holds instead, in words. */
void pattern_describe(const uint8_t *sector_data, uint64_t seed, uint64_t sector, char *buf, size_t size);
/* Of a sector that holds anything. */
uint64_t pattern_checksum(const uint8_t *sector_data);

#endif
