/* SPDX-License-Identifier: MIT */
/*
 * Strict numbers from text written by someone else: decimal digits only (but for an address). No sign, no blanks, no
 * 0x, no leading or trailing rubbish, no silent wrap: what strtoul() forgives, a xenstore node or an option does not.
 *
 * Thread: any. Never logs.
 */
#ifndef COMMON_BASE_PARSE_H
#define COMMON_BASE_PARSE_H

#include <stdint.h>

/* 0, -EINVAL (not a number) or -ERANGE (not from min to max); *out is written on success only. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* "00:16:3e:01:02:03", in letters of either case; *mac is written on success only. 0 or -EINVAL. */
int parse_mac(const char *text, uint8_t mac[6]);

/* A size in bytes: a number that may end in K, M, G or T (powers of 1024). */
int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out);

#endif
