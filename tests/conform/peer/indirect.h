/* SPDX-License-Identifier: MIT */
/*
 * Indirect requests, whose segments stand in pages of their own. Each segment is one sector; the i-th is the i-th of
 * the data pages, and where there are more than those hold, they begin again.
 *
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_INDIRECT_H
#define TESTS_CONFORM_PEER_INDIRECT_H

#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/octets.h"

#define INDIRECT         "feature-max-indirect-segments"
#define INDIRECT_PAGES   8 /* of segments, the last of the data pages */
#define INDIRECT_PAGE    (FRONT_DATA_PAGES - INDIRECT_PAGES)
#define INDIRECT_SECTORS (JUDGE_PAGE * PAGE_SECTORS) /* that have a place of their own in the data pages */

struct octets indirect_make(struct front *front, uint8_t operation, uint64_t sector, unsigned int nr);
/* A number that the backend has to serve. */
unsigned int indirect_limit(struct front *front, unsigned int nr);

#endif
