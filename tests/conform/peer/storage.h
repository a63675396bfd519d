/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a disk's storage while a backend uses it: the toolstack's part of toolstack_image_bytes(),
 * toolstack_resize_image(), toolstack_make_storage() and toolstack_fail_storage(). Storage that is to fail is a file in
 * memory, which can be sealed against writing. There is one at a time, and it goes with the suite.
 *
 * Errors: -errno with the reason. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_STORAGE_H
#define TESTS_CONFORM_PEER_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/errbuf.h"

/* Holds what every disk holds; its path is good for everybody in our domain who may look into this process. */
int storage_make(char *path, size_t size, struct errbuf *err);
int storage_fail(struct errbuf *err);
/* An image's file: an absolute path at the end of `params`. */
int storage_measure(const char *params, uint64_t *size_bytes, struct errbuf *err);
int storage_resize(const char *params, uint64_t size_bytes, struct errbuf *err);

#endif
