/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file with a fuzz_input() that makes what a peer could send of any bytes,
 * gives it to what is to cope with it, and asserts what holds then. libFuzzer finds bytes that reach more (make fuzz);
 * replay.c gives it those that were found, in make check.
 *
 * The bytes are eaten from their front; of what is not there any more there are zeros. So an input may be as short as
 * it likes, and what stands last, a frame say, ends where the memory ends that a sanitizer watches.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The target's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

struct fuzz_input {
	const uint8_t *next;
	size_t left_bytes;
};

static inline void fuzz_take(struct fuzz_input *input, void *to, size_t len_bytes)
{
	size_t there = len_bytes < input->left_bytes ? len_bytes : input->left_bytes;

	memset(to, 0, len_bytes);
	if (there > 0)
		memcpy(to, input->next, there);
	input->next += there;
	input->left_bytes -= there;
}

static inline uint8_t fuzz_u8(struct fuzz_input *input)
{
	uint8_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

static inline uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint16_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

static inline uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

static inline uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

/* All of it is there to be read. */
static inline void fuzz_read(const void *bytes, size_t len_bytes)
{
	volatile uint8_t seen = 0;

	for (size_t i = 0; i < len_bytes; i++)
		seen = ((const uint8_t *)bytes)[i];
	(void)seen;
}

/* Memory of exactly that length, so that what is read or written beyond it is found. To be freed. */
static inline void *fuzz_copy(const void *from, size_t len_bytes)
{
	void *copy = malloc(len_bytes);

	assert(copy || len_bytes == 0);
	if (len_bytes > 0)
		memcpy(copy, from, len_bytes);
	return copy;
}

#endif
