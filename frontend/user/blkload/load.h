/* SPDX-License-Identifier: MIT */
/*
 * The loop under every subcommand that does I/O: keeps up to `depth` requests out, hands back what completes.
 *
 * A job fills in the requests and judges the completions; the loop ends when next() has no more and nothing is out,
 * when a callback says so, when the front fails, when a request goes unanswered too long, or on a signal (then what
 * is out is waited for first).
 */
#ifndef BLKLOAD_LOAD_H
#define BLKLOAD_LOAD_H

#include "frontend/user/blkload/blkload.h"

struct load_request {
	uint8_t operation;
	uint64_t sector;
	uint32_t nr_sectors;
	uint32_t first_sector; /* where in io->data */
};

enum load_next {
	LOAD_SUBMIT, /* *req is filled in */
	LOAD_WAIT,   /* not before something completes */
	LOAD_END,    /* no more */
};

struct load {
	struct blkload *bl;
	uint32_t depth;
	void *job;
	enum load_next (*next)(void *job, struct blkfront_io *io, struct load_request *req);
	/* false: stop. The io is put back afterwards. */
	bool (*done)(void *job, struct blkfront_io *io, uint64_t latency_ns);
	/* About four times a second. */
	void (*tick)(void *job, double seconds);
	/* Results. */
	uint64_t begun_ns, ended_ns;
};

/* true: ended because the job was through or a signal came; false: said why on stderr. */
bool load_run(struct load *load);

#endif
