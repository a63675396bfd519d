/* SPDX-License-Identifier: MIT */
/*
 * A daemon's devices are handed to a new process of the same program, whose file may be another version by now. That
 * one is started beside the daemon and gets ready meanwhile, all but for the devices, which have one owner: it opens
 * the store, starts its workers, and asks for each claim. If it does not get so far it ends, and nothing has happened.
 * Else the daemon lets go of one device after the other and says so each time, so that a guest waits for as long as its
 * own device takes. The control socket is handed down: whoever connects meanwhile is answered by one of the two.
 *
 * The new one has the daemon's arguments and environment. Its standard error is the daemon's to listen to until it is
 * ready, as a program that cannot even be loaded has no other way to say why.
 *
 * Thread: the main thread. Never logs.
 */
#ifndef BACKEND_CORE_UPGRADE_H
#define BACKEND_CORE_UPGRADE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "backend/core/loop.h"
#include "common/base/errbuf.h"

/* ---- the daemon that is there ---------------------------------------------------------------------------------- */

struct upgrade {
	struct loop *loop;
	char program[PATH_MAX];
	char **argv;
	bool (*ready)(struct upgrade *upgrade);  /* the new process is: hand over to it, and end. false: not to it */
	void (*failed)(struct upgrade *upgrade); /* it is not, and is gone: `failure` says why */
	pid_t pid;                               /* of the new process; 0: there is none */
	struct errbuf failure;                   /* of the last one; empty: none has failed */
	/* ours */
	bool is_ready;
	struct loop_fd hand, said;
	struct loop_timer deadline;
	char text[1024]; /* the end of what it has said */
	size_t text_bytes;
};

/* At the start of the program: by which name its file is found later. */
void upgrade_init(struct upgrade *upgrade, struct loop *loop, char **argv);
/* ready() or failed() follows. -EBUSY: one is under way. */
int upgrade_start(struct upgrade *upgrade, int listener_fd, struct errbuf *err);
/* After ready(): the daemon answers nobody any more, or has let go of something else. */
void upgrade_tell(struct upgrade *upgrade);

/* ---- the new process ------------------------------------------------------------------------------------------- */

struct upgrade_heir {
	int listener_fd; /* of the control socket; -1: this process was started by no daemon */
	void (*told)(struct upgrade_heir *heir, bool is_over); /* the daemon has let go of something; or is gone */
	/* ours */
	int stderr_fd;
	struct loop_fd hand;
};

/* Once, before anything is opened. */
void upgrade_inherit(struct upgrade_heir *heir);
/* Tells the daemon. told() follows, again and again. */
void upgrade_is_ready(struct upgrade_heir *heir, struct loop *loop);

#endif
