/* SPDX-License-Identifier: MIT */
/* Numbers as network headers have them: big-endian, at any address. Pure. */
#ifndef COMMON_WIRE_BIG_ENDIAN_H
#define COMMON_WIRE_BIG_ENDIAN_H

#include <stdint.h>

static inline uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = value >> 8;
	bytes[1] = value & 0xff;
}

static inline uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static inline void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, value >> 16);
	put16(bytes + 2, value & 0xffff);
}

#endif
