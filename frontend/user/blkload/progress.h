/* SPDX-License-Identifier: MIT */
/* A line that is rewritten on a terminal, and a plain line a second elsewhere (with --progress only). On stderr. */
#ifndef BLKLOAD_PROGRESS_H
#define BLKLOAD_PROGRESS_H

#include <stdbool.h>

void progress_start(bool is_wanted);
void progress_show(double seconds, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the line, so that what is printed next begins one. */
void progress_end(void);

#endif
