/* SPDX-License-Identifier: MIT */
/*
 * A disk's image: what the toolstack's text names, opened, measured and locked.
 *
 *	/path                  a raw file (through the page cache) or a block device (direct)
 *	file:/path[,direct=on|off]
 *	null:SIZE              reads zeros, forgets writes
 *	mem:SIZE               memory, lost with the daemon
 *
 * The lock is one byte at 2^62 of the file, an OFD lock: shared for a read-only disk. It is the only fence against
 * late I/O of a process that died: the kernel gives it when the last reference of that process, I/O in flight
 * included, is gone. One byte, so that qemu-dm, which locks its own bytes 100 to 299 of the same image, is not felt.
 * It lies on the file's inode, so on a block device it is the node's: within this process two nodes of one device are
 * known as one image, while two processes (two daemons, or this one and a program that it replaces) are kept apart only
 * if both name the device by the same node.
 *
 * Thread: image_parse() any; the rest on a helper thread, as it may block, but for image_get(). No image ever waits for
 * another one's storage.
 * Errors: -errno with a reason that names the image; never logs.
 */
#ifndef BACKEND_BLK_IMAGE_H
#define BACKEND_BLK_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "backend/blk/engine.h"

struct errbuf;

/*
 * How long a lock of a program that we know nothing of is waited for. It may be that of a killed daemon, which goes
 * only with its last I/O in flight: 2 s have been seen on a slow disk.
 */
#define IMAGE_FOREIGN_LOCK_WAIT_NS (10 * 1000000000ULL)

enum image_direct { IMAGE_DIRECT_DEFAULT, IMAGE_DIRECT_ON, IMAGE_DIRECT_OFF };

struct image_spec {
	const struct blk_engine_ops *engine;
	char path[PATH_MAX]; /* of a file or block device; else "" */
	uint64_t size_bytes; /* of null: and mem: */
	enum image_direct direct;
};

/* Who opens it: one guest may replace itself (reboot, restore) on an image, two may not share it. */
struct image_owner {
	char label[40]; /* "vbd 5/51712" */
	char domain_uuid[40];
	uint32_t domid;
};

/* What two images have in common if they are one: the file; a block device, whatever node names it, has no ino. */
struct image_key {
	dev_t dev;
	ino_t ino;
};

struct image {
	struct blk_engine *engine;
	struct image_spec spec;
	struct image_owner owner;
	bool is_read_only;
	unsigned int nr_refs; /* atomic */
	/* under image.c's lock */
	TAILQ_ENTRY(image) entry;
	struct image_key key;
	bool is_leaving;
	bool is_locked; /* or is about to be, or not yet given back */
	/* owner: who made is_locked true, until it is false again */
	uint64_t waiting_since_ns, refused_ns; /* by a foreign lock: since when, and when last; 0: not */
};

int image_parse(const char *text, struct image_spec *spec, struct errbuf *err);

/* With one reference. -EBUSY: somebody else uses it. */
int image_open(struct image **image, const struct image_spec *spec, bool is_read_only, const struct image_owner *owner,
	       struct errbuf *err);
struct image *image_get(struct image *image); /* any thread */
void image_put(struct image *image);
/* Nobody will lock it again: once its requests are back another may open the file. Any thread. */
void image_leave(struct image *image);

/*
 * For one connection, until image_unlock(), which comes when the last of its requests is back. -EAGAIN: held, and
 * expected to become free (by a connection before this one, by the same guest's former self, or with is_resuming by the
 * process before us): try again later.
 */
int image_lock(struct image *image, bool is_resuming, struct errbuf *err);
void image_unlock(struct image *image);
/* It may have grown since it was opened. What it has lost is still the disk's, and gives errors. */
void image_measure(struct image *image);

#endif
