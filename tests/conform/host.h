/* SPDX-License-Identifier: MIT */
/*
 * What the suite does in the backend's domain: a device for each case, the backend's process, what cases ask of the
 * toolstack. It is asked for as text, so that the suite itself may be elsewhere:
 *
 *	attach w|r|c|l	a new image and a disk on it, writable, read-only, a CD-ROM, or writable with sectors of 4096
 *			octets: "=DEVID". Else "CLAUSE REASON", which the backend fails, "- REASON", or "? REASON" if
 *			there can be no such disk here
 *	attach v	two vifs at one bridge, the first being the case's: "=DEVID+DEVID"
 *	attach u	a USB controller of eight ports with --usb-device at port 1: "=DEVID"
 *	neighbour	another device like it of the same guest's, a disk that is writable: "=DEVID"; it goes with the
 *			first
 *	plug PORT NAME	at the controller's port is what peer/toolstack.h calls that from now on
 *	detach		the case has ended: "=", or what came of it: "=died", "=held"
 *	restart		the backend, if we have started it
 *	peer TYPE	how the backend of such devices is called in reports: "=NAME", or "- REASON" if there is none of
 *			--kind
 *
 * and whatever peer/toolstack.h asks for.
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_HOST_H
#define TESTS_CONFORM_HOST_H

#include "ctl/toolstack_device.h"
#include "tests/conform/options.h"
#include "tests/conform/peer/toolstack.h"

#define HOST_CLAUSES "BUS-18" /* that a backend may break when a disk is made */

#define HOST_MAX_DEVICES 3

struct host;
struct host_device;

struct host_class {
	const char *types;        /* the letters of attach; the first is what a neighbour is */
	const char *kinds[2];     /* of a backend's directory: if nobody says another, and QEMU's */
	unsigned int nr_attached; /* by one attach; the answer has their numbers, with a '+' between them */
	/* A new one, in xenstore. -EOPNOTSUPP: there can be no such device here. */
	int (*create)(struct host *host, struct host_device *device, char type, struct errbuf *err);
	/* What it gets once the backend has offered it; NULL: nothing. */
	int (*equip)(struct host *host, struct host_device *device, struct errbuf *err);
	/* What the toolstack has put to a port; NULL: it has none. */
	int (*plug)(struct host *host, struct host_device *device, const char *what, struct errbuf *err);
	void (*drop)(struct host_device *device); /* what create() has made beside the nodes, all of it or not */
};

struct host_device {
	const struct host_class *class;
	struct ts_device dev;
	/* A disk. */
	char image[64]; /* "": there is none */
	char loop[32];  /* the block device on it */
	int loop_fd;    /* -1: there is none */
};

struct host {
	struct xb_store *store;
	const struct conform_options *options;
	struct mailbox mailbox;
	struct toolstack toolstack;
	struct host_device devices[HOST_MAX_DEVICES];
	unsigned int nr_devices; /* of these, the first being the case's */
	unsigned int nr_made;    /* so far */
	pid_t peer; /* 0: not ours */
};

extern const struct host_class host_disks, host_vifs, host_vusbs;

int host_begin(struct host *host, struct xb_store *store, const struct conform_options *options, struct errbuf *err);
void host_end(struct host *host);

/* What the backend's directories of such devices are called. */
const char *host_kind(const struct host *host, const struct host_class *class);
void host_do(struct host *host, const char *question, char answer[MAILBOX_TEXT]);

/* What a guest asks for by its mailbox: opened, then looked into again and again. */
int host_listen(struct host *host, struct errbuf *err);
void host_serve(void *host); /* one question, if there is one */

#endif
