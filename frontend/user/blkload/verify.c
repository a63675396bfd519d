// SPDX-License-Identifier: MIT
/*
 * verify: random writes, reads, flushes and barriers, many out at once but never two on the same sector, so that what
 * every sector must hold is known at any time. First the range is read once, to know what it holds; at the end it is
 * read again, sectors that were never written included: a write that went somewhere else shows there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "frontend/user/blkload/barrier.h"
#include "frontend/user/blkload/load.h"
#include "frontend/user/blkload/pattern.h"
#include "frontend/user/blkload/progress.h"
#include "frontend/user/latencies.h"
#include "frontend/user/segments.h"

/* What is known of a sector: WRITTEN and the number of the write, or 31 bits of checksum, or nothing. */
#define WRITTEN 0x80000000U
#define UNKNOWN 0xffffffffU
#define NUMBER	0x7fffffffU

#define TRIES	   16  /* to find sectors on which nothing is out */
#define FLUSH_EACH 128 /* requests, on average; as many writes are barriers */
#define MAX_RANGE  (64ULL << 30 >> 9)

enum phase { LEARN, MIX, READ_BACK };
static const char *const phase_names[] = { "reading what is there", "random requests", "reading all of it again" };

struct verify {
	struct blkload *bl;
	enum phase phase;
	uint64_t first, nr; /* sectors */
	uint32_t unit, min_units, max_units;
	uint32_t *known;       /* [nr] */
	uint8_t *is_busy;      /* [nr] */
	uint32_t *generation;  /* [nr_buffers]: of the write that is out */
	struct barrier_watch barriers[BLKFRONT_MAX_QUEUES]; /* orders nothing but its own ring */
	uint8_t *copy;	       /* of what was read: the backend can still write the buffer */
	uint64_t random, next; /* next: LEARN, READ_BACK */
	uint32_t nr_writes;
	uint64_t end_ns;
	uint64_t nr_requests, nr_mixed, nr_bytes, nr_errors;
	struct latencies latency;
};

static void set_busy(struct verify *v, uint64_t sector, uint32_t nr, bool is_busy)
{
	memset(v->is_busy + (sector - v->first), is_busy, nr);
}

/* In LEARN and READ_BACK: one after the other. */
static enum load_next next_in_order(struct verify *v, struct load_request *req)
{
	uint64_t left = v->nr - v->next;
	uint32_t most = blkfront_buffer_sectors(v->bl->front) / v->unit * v->unit;

	if (left == 0)
		return LOAD_END;
	req->operation = BLKIF_OP_READ;
	req->sector = v->first + v->next;
	req->nr_sectors = left < most ? left : most;
	v->next += req->nr_sectors;
	return LOAD_SUBMIT;
}

/* A place of random size and position on which nothing is out, anywhere in the buffer. */
static bool find_place(struct verify *v, struct load_request *req)
{
	uint32_t room = blkfront_buffer_sectors(v->bl->front), units;

	for (unsigned int i = 0; i < TRIES; i++) {
		req->first_sector = random_below(&v->random, BLK_SECTORS_PER_PAGE / v->unit) * v->unit;
		units = v->min_units + random_below(&v->random, v->max_units - v->min_units + 1);
		req->nr_sectors = units * v->unit;
		if (req->nr_sectors > room - req->first_sector)
			req->first_sector = 0;
		req->sector = v->first + random_below(&v->random, (v->nr - req->nr_sectors) / v->unit + 1) * v->unit;
		if (!memchr(v->is_busy + (req->sector - v->first), 1, req->nr_sectors))
			return true;
	}
	return false;
}

static void fill(struct verify *v, struct blkfront_io *io, const struct load_request *req)
{
	uint8_t *data = io->data + req->first_sector * BLK_SECTOR_BYTES;

	v->nr_writes = (v->nr_writes + 1) & NUMBER;
	if ((v->nr_writes | WRITTEN) == UNKNOWN)
		v->nr_writes = 0;
	v->generation[io->index] = v->nr_writes;
	for (uint32_t i = 0; i < req->nr_sectors; i++)
		pattern_fill(data + i * BLK_SECTOR_BYTES, v->bl->config->seed, req->sector + i, v->nr_writes);
}

/* There are no indirect barriers. */
static bool can_be_barrier(const struct verify *v, const struct load_request *req)
{
	return v->bl->disk->can_barrier &&
	       req->first_sector + req->nr_sectors <= BLK_MAX_SEGMENTS * BLK_SECTORS_PER_PAGE;
}

static void ask_for_write(struct verify *v, struct blkfront_io *io, struct load_request *req)
{
	bool is_barrier = can_be_barrier(v, req) && random_below(&v->random, FLUSH_EACH) == 0;

	req->operation = is_barrier ? BLKIF_OP_WRITE_BARRIER : BLKIF_OP_WRITE;
	fill(v, io, req);
	barrier_watch_submitted(&v->barriers[io->queue], io->index, is_barrier);
}

static enum load_next next_mixed(struct verify *v, struct blkfront_io *io, struct load_request *req)
{
	const struct blkload_config *config = v->bl->config;

	if (config->nr_requests ? v->nr_mixed >= config->nr_requests : clock_now_ns() >= v->end_ns)
		return LOAD_END;
	if (v->bl->disk->can_flush && random_below(&v->random, FLUSH_EACH) == 0) {
		req->operation = BLKIF_OP_FLUSH_DISKCACHE;
	} else {
		if (!find_place(v, req))
			return LOAD_WAIT;
		req->operation = BLKIF_OP_READ;
		if (!v->bl->disk->is_read_only && random_next(&v->random) >> 63)
			ask_for_write(v, io, req);
		set_busy(v, req->sector, req->nr_sectors, true);
	}
	v->nr_mixed++;
	return LOAD_SUBMIT;
}

static enum load_next next_verify(void *job, struct blkfront_io *io, struct load_request *req)
{
	struct verify *v = job;

	return v->phase == MIX ? next_mixed(v, io, req) : next_in_order(v, req);
}

/* true: the sector holds what it must. */
static bool check_sector(struct verify *v, uint64_t sector, const uint8_t *data)
{
	uint64_t seed = v->bl->config->seed;
	uint32_t *known = &v->known[sector - v->first];
	uint32_t sum = pattern_checksum(data) & NUMBER;
	char found[160];

	if (v->phase == LEARN)
		*known = sum;
	if (*known == UNKNOWN)
		return true;
	if (*known & WRITTEN) {
		if (pattern_matches(data, seed, sector, *known & NUMBER))
			return true;
		pattern_describe(data, seed, sector, found, sizeof(found));
		blkload_error("sector %llu: holds %s instead of write %u", (unsigned long long)sector, found,
			      *known & NUMBER);
		return false;
	}
	if (*known == sum)
		return true;
	pattern_describe(data, seed, sector, found, sizeof(found));
	blkload_error("sector %llu: was never written and has changed: it holds %s", (unsigned long long)sector, found);
	return false;
}

static bool check_read(struct verify *v, const struct blkfront_io *io)
{
	memcpy(v->copy, io->data + io->first_sector * BLK_SECTOR_BYTES, (size_t)io->nr_sectors * BLK_SECTOR_BYTES);
	for (uint32_t i = 0; i < io->nr_sectors; i++) {
		if (!check_sector(v, io->sector + i, v->copy + i * BLK_SECTOR_BYTES))
			return false;
	}
	return true;
}

static bool is_in_order(struct verify *v, const struct blkfront_io *io)
{
	const char *why = barrier_watch_answered(&v->barriers[io->queue], io->index);

	if (why)
		blkload_error("%s of sector %llu (%u sectors): %s", blk_operation_name(io->operation),
			      (unsigned long long)io->sector, io->nr_sectors, why);
	return !why;
}

/* The load goes on without it. */
static bool is_refusal(const struct blkfront_io *io)
{
	return io->rc == -EOPNOTSUPP &&
	       (io->operation == BLKIF_OP_FLUSH_DISKCACHE || io->operation == BLKIF_OP_WRITE_BARRIER);
}

static bool done_verify(void *job, struct blkfront_io *io, uint64_t latency_ns)
{
	struct verify *v = job;
	uint32_t known = io->rc ? UNKNOWN : v->generation[io->index] | WRITTEN;
	bool ok = io->rc == 0 || is_refusal(io);

	v->nr_requests++;
	v->nr_bytes += (uint64_t)io->nr_sectors * BLK_SECTOR_BYTES;
	latencies_add(&v->latency, latency_ns);
	if (io->nr_sectors)
		set_busy(v, io->sector, io->nr_sectors, false);
	if (!ok)
		blkload_error("%s of sector %llu (%u sectors) failed: %s", blk_operation_name(io->operation),
			      (unsigned long long)io->sector, io->nr_sectors, strerror(-io->rc));
	if (io->operation == BLKIF_OP_WRITE || io->operation == BLKIF_OP_WRITE_BARRIER)
		for (uint32_t i = 0; i < io->nr_sectors; i++)
			v->known[io->sector - v->first + i] = known;
	else if (io->operation == BLKIF_OP_READ && ok)
		ok = check_read(v, io);
	else if (io->operation == BLKIF_OP_READ && v->phase == LEARN)
		memset(&v->known[io->sector - v->first], 0xff, io->nr_sectors * sizeof(*v->known));
	ok &= is_in_order(v, io);
	v->nr_errors += !ok;
	return ok || v->bl->config->keeps_going;
}

static void tick_verify(void *job, double seconds)
{
	const struct verify *v = job;

	progress_show(seconds, "%s: %llu requests, %.0f MiB, %llu errors, slowest %.1f ms", phase_names[v->phase],
		      (unsigned long long)v->nr_requests, v->nr_bytes / 1048576.0, (unsigned long long)v->nr_errors,
		      v->latency.max_ns / 1e6);
}

static bool watch_barriers(struct verify *v)
{
	for (unsigned int i = 0; i < BLKFRONT_MAX_QUEUES; i++) {
		if (!barrier_watch_init(&v->barriers[i], blkfront_nr_buffers(v->bl->front)))
			return false;
	}
	return true;
}

static bool prepare(struct verify *v, struct blkload *bl)
{
	const struct blkload_config *config = bl->config;
	uint64_t room = blkfront_buffer_sectors(bl->front);

	v->bl = bl;
	v->unit = bl->disk->sector_bytes / BLK_SECTOR_BYTES;
	v->random = config->seed;
	if (!blkload_range(bl, &v->first, &v->nr))
		return false;
	if (v->nr > MAX_RANGE) {
		blkload_error("more than 64G to keep in mind: give a --length");
		return false;
	}
	v->min_units = config->bs_min_bytes / bl->disk->sector_bytes;
	v->max_units = config->bs_max_bytes / bl->disk->sector_bytes;
	if (v->max_units * v->unit > room)
		v->max_units = room / v->unit;
	if (v->max_units * v->unit > v->nr)
		v->max_units = v->nr / v->unit;
	if (v->min_units == 0)
		v->min_units = 1;
	if (v->min_units > v->max_units) {
		blkload_error("--bs-min or --bs-max does not fit this disk's sectors of %u bytes",
			      bl->disk->sector_bytes);
		return false;
	}
	v->known = calloc(v->nr, sizeof(*v->known));
	v->is_busy = calloc(v->nr, 1);
	v->generation = calloc(blkfront_nr_buffers(bl->front), sizeof(*v->generation));
	v->copy = malloc(room * BLK_SECTOR_BYTES);
	if (watch_barriers(v) && v->known && v->is_busy && v->generation && v->copy)
		return true;
	blkload_error("out of memory");
	return false;
}

static bool run_phase(struct verify *v, enum phase phase)
{
	struct load load = { .bl = v->bl,
			     .depth = v->bl->config->depth,
			     .job = v,
			     .next = next_verify,
			     .done = done_verify,
			     .tick = tick_verify };

	v->phase = phase;
	v->next = 0;
	v->end_ns = clock_now_ns() + v->bl->config->seconds * NSEC_PER_SEC;
	return load_run(&load) && (phase == MIX || v->next == v->nr);
}

static bool report(const struct verify *v, bool is_complete)
{
	progress_end();
	if (v->nr_errors == 0 && is_complete) {
		printf("verified %llu requests, %llu bytes; latency p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
		       (unsigned long long)v->nr_requests, (unsigned long long)v->nr_bytes,
		       latencies_percentile(&v->latency, 0.5) / 1e6, latencies_percentile(&v->latency, 0.99) / 1e6,
		       v->latency.max_ns / 1e6);
		return true;
	}
	printf("NOT verified: %llu errors in %llu requests%s\n", (unsigned long long)v->nr_errors,
	       (unsigned long long)v->nr_requests, is_complete ? "" : ", and not all was read back");
	return false;
}

int blkload_verify(struct blkload *bl)
{
	struct verify *v = calloc(1, sizeof(*v));
	int exit_code = EXIT_USAGE;
	bool is_complete;

	if (!v || !prepare(v, bl))
		goto out;
	is_complete = run_phase(v, LEARN) && run_phase(v, MIX);
	if (blkload_stop)
		blkload_stop = 0; /* a second signal ends the reading back too */
	is_complete = is_complete && run_phase(v, READ_BACK);
	exit_code = report(v, is_complete) ? EXIT_OK : EXIT_IO;
out:
	if (v) {
		free(v->known);
		free(v->is_busy);
		free(v->generation);
		free(v->copy);
		for (unsigned int i = 0; i < BLKFRONT_MAX_QUEUES; i++)
			barrier_watch_fini(&v->barriers[i]);
	}
	free(v);
	return exit_code;
}
