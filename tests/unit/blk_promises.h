/* SPDX-License-Identifier: MIT */
/*
 * What docs/protocol.md, 7.6, promises a frontend of order and durability, as a judge: it is told what was published on
 * a ring and what was answered, and says what a sector may hold when it is read, and after a power cut.
 *
 * A request's number is its place in the ring, its tag what every sector that it writes holds; by zeros nobody is
 * known. Where requests that
 * change the same sector are out together there must be a BARRIER among or between them, so that each sector has one
 * history. What a DISCARD leaves is 0 or anything that was there before.
 * A time is the number of requests published and answered by then.
 */
#include <stdbool.h>
#include <string.h>

#include "common/wire/xen_blkif.h"

#define PROMISES_MAX_REQUESTS 160
#define PROMISES_NR_SECTORS   128

struct promised {
	uint8_t operation;
	uint64_t sector, nr_sectors;
	bool writes_zeros; /* and not its tag */
	unsigned int published, answered; /* when; answered 0: not yet */
};

struct promises {
	unsigned int now;
	struct promised request[PROMISES_MAX_REQUESTS];
	unsigned int nr_requests, nr_out;
	struct {
		unsigned int number[PROMISES_MAX_REQUESTS]; /* of the requests that change it, in the ring's order */
		unsigned int nr;
	} history[PROMISES_NR_SECTORS];
	/* of each READ, the first of each sector's history that it may return */
	unsigned int read_from[PROMISES_MAX_REQUESTS][PROMISES_NR_SECTORS];
};

static uint64_t promises_tag(const struct promises *p, unsigned int number)
{
	return p->request[number].writes_zeros ? 0 : number + 1;
}

static bool promises_changes(const struct promised *request)
{
	return request->operation != BLKIF_OP_READ && request->nr_sectors > 0;
}

/* ---- what a frontend may publish -------------------------------------------------------------------------------- */

static bool promises_overlap(const struct promised *a, const struct promised *b)
{
	return a->sector < b->sector + b->nr_sectors && b->sector < a->sector + a->nr_sectors;
}

/* Is each sector's history still one if this is published next? */
static bool promises_may_publish(const struct promises *p, const struct promised *next)
{
	bool is_after_barrier = next->operation == BLKIF_OP_WRITE_BARRIER;

	if (p->nr_requests == PROMISES_MAX_REQUESTS)
		return false;
	for (unsigned int i = p->nr_requests; promises_changes(next) && !is_after_barrier && i-- > 0;) {
		const struct promised *before = &p->request[i];

		is_after_barrier = before->operation == BLKIF_OP_WRITE_BARRIER;
		if (!before->answered && !is_after_barrier && promises_changes(before) &&
		    promises_overlap(before, next))
			return false;
	}
	return true;
}

/* Where in a sector's history the last answered change is; 0, the first, if none is. */
static unsigned int promises_last_answered(const struct promises *p, uint64_t sector)
{
	unsigned int at = p->history[sector].nr;

	while (at > 0 && !p->request[p->history[sector].number[at - 1]].answered)
		at--;
	return at;
}

static unsigned int promises_publish(struct promises *p, const struct promised *next)
{
	unsigned int number = p->nr_requests++;

	p->request[number] = *next;
	p->request[number].published = ++p->now;
	p->nr_out++;
	for (uint64_t s = next->sector; s < next->sector + next->nr_sectors; s++) {
		if (promises_changes(next))
			p->history[s].number[p->history[s].nr++] = number;
		else
			p->read_from[number][s] = promises_last_answered(p, s);
	}
	return number;
}

static void promises_answer(struct promises *p, unsigned int number)
{
	assert_int_equal(p->request[number].answered, 0);
	p->request[number].answered = ++p->now;
	p->nr_out--;
}

/* ---- what a sector may hold -------------------------------------------------------------------------------------- */

/* After the first `at` changes of its history: at 0 nothing was written. */
static bool promises_holds(const struct promises *p, uint64_t sector, unsigned int at, uint64_t tag)
{
	unsigned int number;

	if (at == 0)
		return tag == 0;
	number = p->history[sector].number[at - 1];
	if (p->request[number].operation != BLKIF_OP_DISCARD)
		return tag == promises_tag(p, number);
	return tag == 0 || promises_holds(p, sector, at - 1, tag);
}

/* Any change from there on may be what it holds, also those that are not answered. */
static bool promises_allow(const struct promises *p, uint64_t sector, unsigned int from, uint64_t tag)
{
	for (unsigned int at = from; at <= p->history[sector].nr; at++) {
		if (promises_holds(p, sector, at, tag))
			return true;
	}
	return false;
}

/* BLK-44: of a READ, when it is answered. */
static void promises_check_read(const struct promises *p, unsigned int number, uint64_t sector, uint64_t tag)
{
	if (!promises_allow(p, sector, p->read_from[number][sector], tag))
		fail_msg("request %u read %llu from sector %llu", number, (unsigned long long)tag,
			 (unsigned long long)sector);
}

/* ---- what a power cut may leave ---------------------------------------------------------------------------------- */

struct promises_kept {
	unsigned int before; /* requests with a smaller number are durable: they were before a BARRIER that has begun */
	unsigned int answered; /* and those answered before that time: they were before a FLUSH */
};

/* Something of it is on the disk, or it is answered: it has begun, and so has what had to come before it. */
static void promises_find_begun(const struct promises *p, const uint64_t *left, bool *has_begun)
{
	for (unsigned int i = 0; i < p->nr_requests; i++)
		has_begun[i] = p->request[i].answered && p->request[i].operation != BLKIF_OP_READ;
	for (unsigned int s = 0; s < PROMISES_NR_SECTORS; s++) {
		if (left[s])
			has_begun[left[s] - 1] = true;
	}
}

/* BLK-47, 48, 51, 52 and 53. */
static struct promises_kept promises_kept(const struct promises *p, const bool *has_begun)
{
	struct promises_kept kept = { 0, 0 };
	bool is_later_begun = false;

	for (unsigned int i = p->nr_requests; i-- > 0;) {
		const struct promised *request = &p->request[i];
		bool is_barrier = request->operation == BLKIF_OP_WRITE_BARRIER;

		if (is_barrier && !kept.before && (is_later_begun || request->answered))
			kept.before = i + 1; /* its data, too */
		else if (is_barrier && !kept.before && has_begun[i])
			kept.before = i;
		if (request->operation == BLKIF_OP_FLUSH_DISKCACHE && has_begun[i] &&
		    request->published > kept.answered)
			kept.answered = request->published;
		is_later_begun |= has_begun[i];
	}
	return kept;
}

static unsigned int promises_last_durable(const struct promises *p, const struct promises_kept *kept, uint64_t sector)
{
	unsigned int at = p->history[sector].nr;

	for (; at > 0; at--) {
		unsigned int number = p->history[sector].number[at - 1];
		unsigned int answered = p->request[number].answered;

		if (number < kept->before || (answered && answered < kept->answered))
			break;
	}
	return at;
}

static void promises_check_left(const struct promises *p, const uint64_t *left)
{
	bool has_begun[PROMISES_MAX_REQUESTS];
	struct promises_kept kept;
	unsigned int from;

	promises_find_begun(p, left, has_begun);
	kept = promises_kept(p, has_begun);
	for (unsigned int s = 0; s < PROMISES_NR_SECTORS; s++) {
		from = promises_last_durable(p, &kept, s);
		if (!promises_allow(p, s, from, left[s]))
			fail_msg("sector %u was left with %llu; what request %d wrote was durable", s,
				 (unsigned long long)left[s], from ? (int)p->history[s].number[from - 1] : -1);
	}
}
