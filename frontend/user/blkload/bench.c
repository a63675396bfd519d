// SPDX-License-Identifier: MIT
/* bench: one kind of load for some seconds, and what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "frontend/user/blkload/load.h"
#include "frontend/user/blkload/progress.h"
#include "frontend/user/cpu_times.h"
#include "frontend/user/latencies.h"
#include "frontend/user/segments.h"

/* What is asked for at once, in as many requests as it takes: it is done when they all are. */
struct block {
	struct block *next_free;
	uint32_t nr_out;
};

struct bench {
	struct blkload *bl;
	bool is_write, is_random;
	uint32_t nr_sectors; /* per block */
	uint64_t first, nr_blocks, next_block;
	uint64_t random;
	struct block *blocks; /* [depth] */
	struct block *free;
	struct block *begun; /* of it these are still to be asked for: */
	uint64_t sector;
	uint32_t sectors_left;
	uint64_t end_ns, nr_asked, nr_done, nr_at_tick;
	double tick_seconds;
	struct latencies latency;
};

static void begin_block(struct bench *bench)
{
	uint64_t number;

	if (bench->is_random)
		number = random_below(&bench->random, bench->nr_blocks);
	else
		number = bench->next_block++ % bench->nr_blocks;
	bench->begun = bench->free;
	bench->free = bench->begun->next_free;
	bench->sector = bench->first + number * bench->nr_sectors;
	bench->sectors_left = bench->nr_sectors;
}

static enum load_next next_bench(void *job, struct blkfront_io *io, struct load_request *req)
{
	struct bench *bench = job;
	uint32_t most = blkfront_buffer_sectors(bench->bl->front);

	if (bench->sectors_left == 0) {
		if (!bench->free)
			return LOAD_WAIT;
		if ((bench->nr_asked++ & 15) == 0 && clock_now_ns() >= bench->end_ns)
			return LOAD_END;
		begin_block(bench);
	}
	req->operation = bench->is_write ? BLKIF_OP_WRITE : BLKIF_OP_READ;
	req->sector = bench->sector;
	req->nr_sectors = bench->sectors_left < most ? bench->sectors_left : most;
	bench->sector += req->nr_sectors;
	bench->sectors_left -= req->nr_sectors;
	bench->begun->nr_out++;
	io->user = bench->begun;
	return LOAD_SUBMIT;
}

static bool done_bench(void *job, struct blkfront_io *io, uint64_t latency_ns)
{
	struct bench *bench = job;
	struct block *block = io->user;

	if (io->rc) {
		blkload_error("%s of sector %llu (%u sectors) failed: %s", bench->is_write ? "write" : "read",
			      (unsigned long long)io->sector, io->nr_sectors, strerror(-io->rc));
		return false;
	}
	if (--block->nr_out)
		return true;
	/* Its requests were all asked for at one time, so the last one to complete took as long as the block. */
	block->next_free = bench->free;
	bench->free = block;
	bench->nr_done++;
	latencies_add(&bench->latency, latency_ns);
	return true;
}

static void tick_bench(void *job, double seconds)
{
	struct bench *bench = job;
	double rate = (bench->nr_done - bench->nr_at_tick) / (seconds - bench->tick_seconds);

	progress_show(seconds, "%-9s %7.0f requests/s  %6.0f MiB/s  p50 %4.0f us  p99 %5.0f us", bench->bl->config->rw,
		      rate, rate * bench->nr_sectors * BLK_SECTOR_BYTES / 1048576,
		      latencies_percentile(&bench->latency, 0.5) / 1e3,
		      latencies_percentile(&bench->latency, 0.99) / 1e3);
	bench->nr_at_tick = bench->nr_done;
	bench->tick_seconds = seconds;
}

static void print_json(const struct bench *bench, double seconds, const struct cpu_times *cpu)
{
	const struct blkload_config *config = bench->bl->config;
	double iops = bench->nr_done / seconds;

	printf("{\"rw\": \"%s\", \"bs\": %llu, \"depth\": %u, \"ring_order\": %u, \"seconds\": %.3f, "
	       "\"requests\": %llu, \"iops\": %.0f, \"mib_per_s\": %.1f, ",
	       config->rw, (unsigned long long)config->bs_bytes, config->depth, config->ring_order, seconds,
	       (unsigned long long)bench->nr_done, iops, iops * config->bs_bytes / 1048576);
	latencies_print_json(&bench->latency);
	printf(", ");
	cpu_times_print_json(cpu);
	printf("}\n");
}

static void print_text(const struct bench *bench, double seconds, const struct cpu_times *cpu)
{
	const struct blkload_config *config = bench->bl->config;
	const struct latencies *lat = &bench->latency;
	double iops = bench->nr_done / seconds;

	printf("%s, %llu bytes each, depth %u: %.0f requests/s, %.0f MiB/s, latency p50 %.0f us, p99 %.0f us, "
	       "max %.0f us; %.2f s of CPU in %.1f s\n",
	       config->rw, (unsigned long long)config->bs_bytes, config->depth, iops,
	       iops * config->bs_bytes / 1048576, latencies_percentile(lat, 0.5) / 1e3,
	       latencies_percentile(lat, 0.99) / 1e3, lat->max_ns / 1e3, cpu->user_s + cpu->system_s, seconds);
}

static bool prepare(struct bench *bench, struct blkload *bl)
{
	const struct blkload_config *config = bl->config;
	uint64_t nr;

	bench->bl = bl;
	bench->is_random = strncmp(config->rw, "rand", 4) == 0;
	bench->is_write = strstr(config->rw, "write") != NULL;
	bench->nr_sectors = config->bs_bytes / BLK_SECTOR_BYTES;
	bench->random = config->seed;
	bench->blocks = calloc(config->depth, sizeof(*bench->blocks));
	if (!bench->blocks) {
		blkload_error("out of memory");
		return false;
	}
	for (uint32_t i = 0; i < config->depth; i++) {
		bench->blocks[i].next_free = bench->free;
		bench->free = &bench->blocks[i];
	}
	if (!blkload_range(bl, &bench->first, &nr))
		return false;
	bench->nr_blocks = nr / bench->nr_sectors;
	if (bench->nr_blocks == 0 || config->bs_bytes % bl->disk->sector_bytes) {
		blkload_error("--bs %llu: not whole sectors, or more than there is",
			      (unsigned long long)config->bs_bytes);
		return false;
	}
	if (bench->is_write && bl->disk->is_read_only) {
		blkload_error("the disk is read-only");
		return false;
	}
	return true;
}

int blkload_bench(struct blkload *bl)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct load load = { .bl = bl,
			     .depth = bl->config->depth * bl->config->requests_per_block,
			     .job = bench,
			     .next = next_bench,
			     .done = done_bench,
			     .tick = tick_bench };
	struct cpu_times before, cpu;
	int exit_code = EXIT_USAGE;

	if (!bench || !prepare(bench, bl))
		goto out;
	before = cpu_times_now();
	bench->end_ns = clock_now_ns() + bl->config->seconds * NSEC_PER_SEC;
	exit_code = load_run(&load) ? EXIT_OK : EXIT_IO;
	cpu = cpu_times_since(&before);
	progress_end();
	if (exit_code == EXIT_OK)
		(bl->config->wants_json ? print_json : print_text)(bench, (load.ended_ns - load.begun_ns) / 1e9, &cpu);
out:
	if (bench)
		free(bench->blocks);
	free(bench);
	return exit_code;
}
