// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

#define BATCH	64
#define TICK_NS (NSEC_PER_SEC / 4)

struct run {
	struct load *load;
	struct blkfront *front;
	uint64_t *begun_ns; /* [nr_buffers], when each was submitted */
	uint64_t last_done_ns, next_tick_ns;
	bool is_ending; /* nothing more is submitted */
};

/* false: the front refused a request, which a job never asks for unless the disk changed under it. */
static bool submit_more(struct run *run, uint64_t now)
{
	struct load *load = run->load;
	struct load_request req;
	struct blkfront_io *io;
	enum load_next next;
	int rc;

	while (!run->is_ending && blkfront_nr_out(run->front) < load->depth) {
		io = blkfront_get(run->front);
		if (!io)
			break;
		req = (struct load_request){ 0 };
		next = load->next(load->job, io, &req);
		if (next != LOAD_SUBMIT) {
			blkfront_put(run->front, io);
			run->is_ending = next == LOAD_END;
			break;
		}
		rc = blkfront_submit_at(run->front, io, req.operation, req.sector, req.nr_sectors, req.first_sector);
		if (rc == -ESHUTDOWN) { /* wait_more() says why */
			blkfront_put(run->front, io);
			break;
		}
		if (rc) {
			blkload_error("sector %llu, %u sectors: cannot be asked for: %s",
				      (unsigned long long)req.sector, req.nr_sectors, strerror(-rc));
			return false;
		}
		run->begun_ns[io->index] = now;
	}
	blkfront_push(run->front);
	return true;
}

/* How many completed; -1: the front is broken, or the job has seen enough. */
static int reap(struct run *run, uint64_t *now)
{
	struct blkfront_io *done[BATCH];
	bool go_on = true;
	int nr;

	nr = blkfront_poll(run->front, done, BATCH);
	if (nr < 0)
		blkload_error("%s", blkfront_why(run->front));
	if (nr > 0)
		*now = run->last_done_ns = clock_now_ns();
	for (int i = 0; i < nr; i++) {
		go_on &= run->load->done(run->load->job, done[i], *now - run->begun_ns[done[i]->index]);
		blkfront_put(run->front, done[i]);
	}
	return go_on ? nr : -1;
}

/* false: no more waiting. */
static bool wait_more(struct run *run, uint64_t now)
{
	const struct blkload_config *config = run->load->bl->config;

	if (blkfront_state(run->front) == BLKFRONT_CLOSING) {
		blkload_error("%s", blkfront_why(run->front));
		return false;
	}
	if (blkfront_nr_out(run->front) && now - run->last_done_ns > config->io_timeout_s * NSEC_PER_SEC) {
		blkload_error("no answer for %u s, %u requests are out", config->io_timeout_s,
			      blkfront_nr_out(run->front));
		return false;
	}
	(void)blkfront_wait(run->front, 250); /* broken: the next poll says so */
	return true;
}

static bool loop(struct run *run)
{
	struct load *load = run->load;
	uint64_t now = run->last_done_ns;
	int nr;

	for (;;) {
		run->is_ending |= blkload_stop != 0;
		if (blkfront_nr_out(run->front) == 0)
			run->last_done_ns = now;
		if (!submit_more(run, now))
			return false;
		nr = reap(run, &now);
		if (nr < 0)
			return false;
		if (nr == 0) {
			if (run->is_ending && blkfront_nr_out(run->front) == 0)
				return true;
			if (!wait_more(run, now))
				return false;
			now = clock_now_ns();
		}
		if (load->tick && now >= run->next_tick_ns) {
			run->next_tick_ns = now + TICK_NS;
			load->tick(load->job, (now - load->begun_ns) / 1e9);
		}
	}
}

bool load_run(struct load *load)
{
	struct run run = { .load = load, .front = load->bl->front };
	bool ok;

	run.begun_ns = calloc(blkfront_nr_buffers(run.front), sizeof(*run.begun_ns));
	if (!run.begun_ns) {
		blkload_error("out of memory");
		return false;
	}
	load->begun_ns = run.last_done_ns = clock_now_ns();
	run.next_tick_ns = load->begun_ns + TICK_NS;
	ok = loop(&run);
	load->ended_ns = clock_now_ns();
	free(run.begun_ns);
	return ok;
}
