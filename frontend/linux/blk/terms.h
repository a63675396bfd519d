/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two sides agree on by xenstore: what the backend offers, each value within bounds once it is here, and what
 * we publish.
 *
 * Thread: xenbus', may sleep. Errors: -errno; says which node is wrong, in the kernel's log and in the error node.
 */
#ifndef FRONTEND_LINUX_BLK_TERMS_H
#define FRONTEND_LINUX_BLK_TERMS_H

#include <linux/types.h>
#include <xen/xenbus.h>

struct blk_front;

struct blk_terms {
	/* of a backend in InitWait */
	u64 max_ring_page_order;
	u64 max_queues;
	/* of one that is Connected */
	u64 sectors; /* of 512 octets, whole logical sectors */
	u64 sector_bytes;
	u64 physical_sector_bytes;
	u64 info; /* VDISK_* */
	u64 has_flush;
	u64 has_barrier;
	u64 has_discard;
	u64 discard_granularity_bytes;
	u64 discard_alignment_bytes;
	u64 has_secure_discard;
	u64 is_persistent;
	u64 max_indirect_segments;
};

/* The first two. Both are read once for a connection. */
int terms_read_offer(struct xenbus_device *dev, struct blk_terms *terms);

/* The others. */
int terms_read_disk(struct xenbus_device *dev, struct blk_terms *terms);

/* The size alone, for a disk that may have another one. */
int terms_read_size(struct xenbus_device *dev, struct blk_terms *terms);

/* Is the backend one that the toolstack calls trusted? */
bool terms_is_trusted(struct xenbus_device *dev);

/* Publishes front's queues, and removes what an earlier connection left. */
int terms_publish(struct blk_front *front);

/* Removes what it published. */
void terms_unpublish(struct xenbus_device *dev);

#endif
