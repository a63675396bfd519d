/* SPDX-License-Identifier: MIT */
/*
 * A file as a block device whose logical sectors are larger than 512 octets: a loop device of Linux's.
 *
 * Use: loop_attach(), and close() of what it returns; the device goes when nobody else has it open either.
 * Errors: -errno with the reason; never logs.
 */
#ifndef TESTS_CONFORM_LOOP_H
#define TESTS_CONFORM_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/errbuf.h"

/* An open file, of the device whose path it writes; or -errno. */
int loop_attach(const char *file, uint32_t sector_bytes, char *path, size_t size, struct errbuf *err);

#endif
