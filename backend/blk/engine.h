/* SPDX-License-Identifier: MIT */
/*
 * What does the I/O below a disk. An engine knows nothing of guests; what is above knows nothing of files.
 *
 * open(), close() and measure() run on a helper thread and may block; submit() runs on the worker that owns the loop
 * and may not. An operation belongs to its caller; between submit() and done() the engine alone touches it. done() may
 * run before submit() returns.
 * Errors: -errno; engines never log.
 */
#ifndef BACKEND_BLK_ENGINE_H
#define BACKEND_BLK_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include "backend/blk/claims.h"
#include "backend/core/loop.h"

struct bounce;
struct errbuf;
struct image_spec;
struct unaligned;

/* A discard may do nothing, and says -EOPNOTSUPP if it turns out that it never does anything. */
enum blk_op_kind { BLK_OP_READ, BLK_OP_WRITE, BLK_OP_FLUSH, BLK_OP_DISCARD };

/* How a write that is nothing but zeros is done; each can do what is before it, too. */
enum blk_zeros {
	BLK_ZEROS_AS_DATA,
	BLK_ZEROS_AS_RANGE, /* the storage is told, and keeps its place */
	BLK_ZEROS_AS_HOLE,  /* and may give it back */
	BLK_NR_ZEROS,
};

struct blk_op {
	/* The caller fills in. */
	enum blk_op_kind kind;
	uint64_t offset_bytes;
	uint64_t len_bytes;
	struct iovec *iov; /* the engine may change the array to go on after a part was done */
	unsigned int nr_iov;
	int buffer_index; /* iov[0] lies in this registered buffer of the loop; -1: in none */
	void (*done)(struct blk_op *op, int rc); /* rc: 0 (all of it is done) or -errno */
	enum blk_zeros zeros; /* of a write; the engine makes it less if it can do no more */
	/* The engine's own. */
	struct loop_op loop_op;
	struct blk_engine *engine;
	struct loop *loop;
	uint32_t done_bytes;
	/* That of unaligned.h and bounces.h, which stand before another one. */
	struct {
		struct unaligned *unaligned;
		struct claim claim;
		void (*done)(struct blk_op *op, int rc); /* the caller's */
		struct bounce *bounce;
		struct loop_msg go; /* on with what had to wait */
		STAILQ_ENTRY(blk_op) entry;
	} before;
};

struct blk_engine;

struct blk_engine_ops {
	const char *name;
	bool is_volatile; /* the data is gone with the process: a ring on it cannot be handed over */
	int (*open)(struct blk_engine **engine, const struct image_spec *spec, bool is_read_only, struct errbuf *err);
	void (*close)(struct blk_engine *engine);
	/* The size in bytes, by now; 0: that cannot be found out. NULL: it never changes. */
	uint64_t (*measure)(const struct blk_engine *engine);
	void (*submit)(struct blk_engine *engine, struct loop *loop, struct blk_op *op);
};

/* Begins every engine's own struct. */
struct blk_engine {
	const struct blk_engine_ops *ops;
	uint64_t size_bytes; /* a multiple of sector_bytes */
	uint32_t sector_bytes, physical_sector_bytes;
	uint32_t discard_granularity_bytes; /* 0: no discard */
	uint32_t discard_alignment_bytes;
	bool is_direct; /* bypasses the page cache: buffers must be aligned, and are better registered */
	int fd;         /* of a file or block device; -1 */
	enum blk_zeros zeros; /* the most that it can do; atomic, workers find out */
	bool has_lost_writes; /* atomic. A flush has failed: what is gone nobody knows, so no later one can succeed */
};

extern const struct blk_engine_ops engine_uring, engine_null, engine_mem;

#endif
