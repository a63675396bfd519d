/* SPDX-License-Identifier: MIT */
/* pvring-blkload: what its subcommands share. Each has one file, named after it. */
#ifndef BLKLOAD_H
#define BLKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"
#include "frontend/user/blk.h"

enum exit_code { EXIT_OK = 0, EXIT_IO = 1, EXIT_USAGE = 2, EXIT_CONNECT = 3 };

/* What the command line says; subcommands read what concerns them. */
struct blkload_config {
	uint32_t devid;
	uint32_t ring_order;
	uint32_t nr_queues;
	uint32_t nr_segments; /* of a request at most */
	uint32_t timeout_s;    /* connect, disconnect */
	uint32_t io_timeout_s; /* a request without an answer */
	bool has_devid;
	bool is_not_persistent;
	enum blk_abi abi;
	bool omits_protocol;
	bool has_small_sectors;
	bool wants_progress, wants_json, keeps_going;
	uint32_t depth; /* 0: not given */
	uint32_t seconds;
	uint32_t nr_requests; /* 0: not given */
	uint64_t bs_bytes, bs_min_bytes, bs_max_bytes;
	uint32_t requests_per_block;	     /* bench: how many the ring needs for bs_bytes; otherwise 1 */
	uint64_t offset_bytes, length_bytes; /* length 0: to the end of the disk */
	uint64_t seed;
	const char *rw;
	const char *file; /* of read and write */
};

struct blkload {
	const struct blkload_config *config;
	struct blkfront *front;
	const struct blk_disk *disk;
};

/* Set by SIGINT and SIGTERM: finish what is out, close, and go. */
extern volatile int blkload_stop;

/* Each returns an exit code and has said on stderr what was wrong. */
int blkload_info(struct blkload *bl);
int blkload_hold(struct blkload *bl);
int blkload_read(struct blkload *bl);
int blkload_write(struct blkload *bl);
int blkload_bench(struct blkload *bl);
int blkload_verify(struct blkload *bl);
int blkload_discard(struct blkload *bl);

/* "pvring-blkload: ..." on stderr, after ending the progress line. */
void blkload_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The part of the disk that --offset and --length name, in sectors. false: said what is wrong with it. */
bool blkload_range(const struct blkload *bl, uint64_t *first, uint64_t *nr);

#endif
