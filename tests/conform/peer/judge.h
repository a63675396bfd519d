/* SPDX-License-Identifier: MIT */
/*
 * What cases about requests share: a request, and the answer that is due for it. Each fails the peer for the clause
 * that it is given.
 *
 * Pages: the caller's from 0 on; the eleven from JUDGE_PAGE on are for looking at the disk.
 */
#ifndef TESTS_CONFORM_PEER_JUDGE_H
#define TESTS_CONFORM_PEER_JUDGE_H

#include "tests/conform/peer/front_disk.h"

#define JUDGE_PAGE   44
#define PAGE_SECTORS 8
#define DISK_SECTORS 4160 /* of the disk that the suite makes: one for each segment that a request can have, and more */
#define UNTOUCHED    1016 /* a sector that is never written by a case that asks whether the backend goes on */

/* Sectors first to last of one page. */
struct blk_request judge_request(struct front *front, uint8_t operation, uint64_t sector, unsigned int page,
				 uint8_t first, uint8_t last);
/* nr_segments whole pages from `page` on. */
struct blk_request judge_pages(struct front *front, uint8_t operation, uint64_t sector, unsigned int page,
			       unsigned int nr_segments);
const char *judge_status(int status); /* its name */
bool judge_is_filled(const uint8_t *bytes, uint8_t with, size_t nr);

void must_answer(struct front *front, const char *clause, const struct blk_request *request, int status);
/* The whole answer, whatever it says. */
struct blk_response must_respond(struct front *front, const char *clause, const struct blk_request *request);
/* As many answers, all OKAY, to what is in the ring already. */
void must_answer_all(struct front *front, const char *clause, unsigned int nr);
/* What comes next and whose it is; OKAY. */
uint64_t must_answer_next(struct front *front, const char *clause);
/* The disk has from `sector` on what pattern_fill() makes of `pattern`; at most 88 sectors. */
void must_hold(struct front *front, const char *clause, uint64_t sector, unsigned int nr_sectors, uint64_t pattern);
/* The whole disk has what the suite has put there. */
void must_be_unchanged(struct front *front, const char *clause);
/* Those sectors, as they are now; good until the next look. */
const uint8_t *must_read(struct front *front, const char *clause, uint64_t sector, unsigned int nr_sectors);
/* pattern_fill(pattern) goes to the disk, with one request of whole pages and an OKAY. */
void must_write(struct front *front, const char *clause, uint64_t sector, unsigned int nr_pages, uint64_t pattern);

#endif
