/* SPDX-License-Identifier: MIT */
/*
 * What the suite does in the backend's domain: a disk for each case, the backend's process, what cases ask of the
 * toolstack. It is asked for as text, so that the suite itself may be elsewhere:
 *
 *	attach w|r|c|l	a new image and a disk on it, writable, read-only, a CD-ROM, or writable with sectors of 4096
 *			octets: "=DEVID". Else "CLAUSE REASON", which the backend fails, "- REASON", or "? REASON" if
 *			there can be no such disk here
 *	neighbour	a second disk of the same guest, writable: "=DEVID"; it goes with the first
 *	detach		the case has ended: "=", or what came of it: "=died", "=held"
 *	restart		the backend, if we have started it
 *	peer		how the backend is called in reports: "=NAME"
 *
 * and whatever peer/toolstack.h asks for.
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_HOST_H
#define TESTS_CONFORM_HOST_H

#include "ctl/vbd.h"
#include "tests/conform/options.h"
#include "tests/conform/peer/toolstack.h"

#define HOST_CLAUSES "BUS-18" /* that a backend may break when a disk is made */

struct host_disk {
	struct ts_device vbd;
	bool is_there;
	char image[64];
	char loop[32]; /* the block device on it */
	int loop_fd;   /* -1: there is none */
};

struct host {
	struct xb_store *store;
	const struct conform_options *options;
	struct mailbox mailbox;
	struct toolstack toolstack;
	struct host_disk disk, neighbour;
	pid_t peer; /* 0: not ours */
	unsigned int nr_disks;
};

int host_begin(struct host *host, struct xb_store *store, const struct conform_options *options, struct errbuf *err);
void host_end(struct host *host);

void host_do(struct host *host, const char *question, char answer[MAILBOX_TEXT]);

/* What a guest asks for by its mailbox: opened, then looked into again and again. */
int host_listen(struct host *host, struct errbuf *err);
void host_serve(void *host); /* one question, if there is one */

#endif
