/* SPDX-License-Identifier: MIT */
/*
 * Requests for parts of sectors, on a disk that has larger ones than 512 bytes: an engine before the disk's own, which
 * is asked for whole sectors only ("units" here). Reads and writes of parts go by bounces.h, of what is to be forgotten
 * the whole units are. What is of whole units, in memory too, goes to the disk as it is.
 *
 * Two writes may change different parts of one unit at once, from one ring or from several. What is read must not be
 * written by anybody else before it is written back, or a write that was answered is undone. A write of whole units
 * that meets one of parts has some sectors in common with it, for which no frontend may care (BLK-45), and others, for
 * which it may: they go one after the other, too. It is not enough that the whole one looks for one that is about to
 * write back: it may be with the disk already when that one comes, and land between its read and its write. So all
 * writes on their way are known (claims.h), and one of whole units pays for that with a lock, taken twice, and a place
 * in a list, which is little beside direct I/O; reads and flushes pay nothing. A read needs no order: what it finds
 * beside a write of the same sectors is undefined, and around those what is written back is what was there. Neither
 * needs a discard: what is written back over it is what this disk held, which may be found there until it is written
 * again (BLK-58).
 *
 * Thread: a helper opens and closes; operations on any worker, each goes on on its own loop.
 * Errors: -errno; never logs.
 */
#ifndef BACKEND_BLK_UNALIGNED_H
#define BACKEND_BLK_UNALIGNED_H

#include "backend/blk/engine.h"

/*
 * Puts one before *engine, if that has such sectors; closing it closes both. What sectors it says that it has stays as
 * it is. On failure *engine is as it was.
 */
int unaligned_open(struct blk_engine **engine, const char *path, struct errbuf *err);

#endif
