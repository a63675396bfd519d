/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk of the guest's, and its life: main → connect → disk → queue → request → grants, terms.
 *
 * While there are no rings the disk, if there is one, stands still: its queues are quiesced, so nobody is in queue_rq()
 * when the phase changes. Once closed it fails what it is asked for.
 */
#ifndef FRONTEND_LINUX_BLK_BLK_H
#define FRONTEND_LINUX_BLK_BLK_H

#include <linux/blk-mq.h>
#include <linux/completion.h>
#include <linux/workqueue.h>
#include <xen/interface/io/blkif.h>
#include <xen/xenbus.h>

#include "frontend/linux/blk/queue.h"
#include "frontend/linux/blk/terms.h"
#include "frontend/linux/life.h"

#define BLK_MAX_QUEUES 64
#define BLK_MAX_SEGMENTS 256 /* of a request, pages; as many as xen-blkback takes. One page has room for 512 */

/* The grants and slots below are counted in pages of Xen's. */
static_assert(PAGE_SIZE == XEN_PAGE_SIZE);

/* The module's parameters, within bounds. */
struct blk_config {
	unsigned int max_queues;
	unsigned int poll_queues;
	unsigned int max_ring_page_order;
	unsigned int max_indirect_segments;
	bool feature_persistent;
	bool trusted;
};
extern struct blk_config blk_config;

struct blk_front {
	struct front_life life;
	bool is_quiesced;

	struct blk_terms terms;
	unsigned int ring_page_order;
	unsigned int max_segments; /* of one slot */
	bool offers_persistent;
	bool is_trusted;
	u8 flush_op; /* 0: there is nothing to flush */
	bool has_discard;

	struct blk_queue *queue;
	unsigned int nr_queues;

	/* The disk, if there has ever been a connection. */
	struct gendisk *disk;
	struct blk_mq_tag_set tags;
	unsigned int max_request_segments; /* of the disk, whatever a later backend takes at once */
	unsigned int nr_polled;            /* of the disk's queues, the last ones */
	unsigned int vdev;
	bool is_added; /* known to the kernel's users */
	bool is_cdrom;
	struct list_head node; /* of all disks, for their names */
	struct work_struct add;
	struct delayed_work trim;

	/* After FRONT_CLOSED. */
	struct delayed_work release;
	unsigned int release_tries;
	struct completion released;
};

/* ---- disk.c: towards the kernel's block layer ------------------------------------------------------------------- */

/* Is there a name for it? Says it, if not. */
int disk_check_vdev(unsigned int vdev);

/* Makes front->disk, from its terms, not yet visible. -errno; says why. May sleep. */
int disk_make(struct blk_front *front);

/* Shows it to the kernel, which reads its partitions: ends only once these are answered. */
void disk_add(struct blk_front *front);

/* Takes the size in the terms. */
void disk_resize(struct blk_front *front);

/* Frees front, now or when the last user closes the disk. */
void disk_put(struct blk_front *front);

/* ---- connect.c: from phase to phase ----------------------------------------------------------------------------- */

/* The backend is lent pages for some seconds after the disk is closed: then front->released is complete. */
extern const struct front_steps disk_steps;

/* What the steps use. */
void front_init(struct blk_front *front);

#endif
