/* SPDX-License-Identifier: MIT */
/*
 * The reaper: runs xenstored, watches every process that uses the libraries, and undoes what a killed one held.
 *
 * A process connects, sends its index and gets one byte back when it is watched; the end of that connection, or of the
 * process, is the end of what it held. Index REAPER_SYNC asks to look at all of them now.
 */
#ifndef LOOPXEN_REAPER_H
#define LOOPXEN_REAPER_H

#include <stdint.h>

#define REAPER_SYNC UINT32_MAX

struct errbuf;

/* The listening socket, made before the reaper is forked so that nobody comes too early. */
int reaper_listen(struct errbuf *err);
/* Never returns. Logs to stderr. */
void reaper_main(int listener, const char *xenstored) __attribute__((noreturn));
/* From a command: every process that is dead by now is undone when this returns. 0 or -errno. */
int reaper_sync(void);

#endif
