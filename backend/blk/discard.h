/* SPDX-License-Identifier: MIT */
/*
 * Can a file or block device forget what it holds, and in what units? Both are asked to by punching holes: with a file
 * the file system gives its blocks back, a block device unmaps them, if it can do that and read as zeros afterwards.
 * What a file system can do only a try would tell, which has to wait where it is frozen: the guest's first one does.
 *
 * Thread: a helper, as it reads sysfs. Never logs: what cannot be found out cannot be done.
 */
#ifndef BACKEND_BLK_DISCARD_H
#define BACKEND_BLK_DISCARD_H

#include <fcntl.h>
#include <sys/stat.h>

#define DISCARD_FALLOCATE_MODE (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

struct blk_engine;

/* Of an engine that is open for writing and measured: fills in its discard_*. */
void discard_measure(struct blk_engine *engine, const struct stat *st);

#endif
