/* SPDX-License-Identifier: MIT */
/* Chance that a seed repeats: the same numbers in the same order. One thread. */
#ifndef TESTS_FUZZ_GUEST_DICE_H
#define TESTS_FUZZ_GUEST_DICE_H

#include <stdbool.h>
#include <stdint.h>

extern uint64_t dice_state;

/* splitmix64 */
static inline uint64_t dice_u64(void)
{
	uint64_t z = dice_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* From 0 on. */
static inline uint64_t dice_below(uint64_t limit)
{
	return dice_u64() % limit;
}

/* Both included. */
static inline uint64_t dice_from(uint64_t least, uint64_t most)
{
	return least + dice_below(most - least + 1);
}

static inline bool dice_one_in(unsigned int nr)
{
	return dice_below(nr) == 0;
}

#endif
