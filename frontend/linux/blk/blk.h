/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk of the guest's, and its life: main → connect → disk → queue → request → grants, terms.
 *
 * The mutex is held wherever the phase changes: by xenbus' thread, by what finds a ring broken, by the removal. Nobody
 * is in queue_rq() then: the disk's queues are quiesced for as long as there are no rings.
 */
#ifndef FRONTEND_LINUX_BLK_BLK_H
#define FRONTEND_LINUX_BLK_BLK_H

#include <linux/blk-mq.h>
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <xen/interface/io/blkif.h>
#include <xen/xenbus.h>

#include "frontend/linux/blk/queue.h"
#include "frontend/linux/blk/terms.h"

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

enum blk_phase {
	BLK_IDLE,      /* no rings, and no disk */
	BLK_OFFERED,   /* our rings are published; a disk from an earlier connection waits, quiesced */
	BLK_CONNECTED, /* there is a disk, and it works */
	BLK_SUSPENDED, /* no rings; the disk waits, quiesced, for a new backend */
	BLK_CLOSED,    /* the disk fails what it is asked for; the rings are kept until the backend has let go */
};

struct blk_front {
	struct xenbus_device *dev;
	struct mutex lock;
	enum blk_phase phase;
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

	/* After BLK_CLOSED. */
	struct delayed_work release;
	unsigned int release_tries;
	struct completion released;

	/* What broke a ring, once one is; the first only. */
	const char *broken;
	struct work_struct fail;
	struct delayed_work watchdog;
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

/* ---- connect.c: from phase to phase; front->lock is held -------------------------------------------------------- */

/* BLK_IDLE. */
void front_init(struct blk_front *front);

/* Rings for a backend that is there: to BLK_OFFERED. */
int front_offer(struct blk_front *front);

/* The backend is connected: to BLK_CONNECTED. */
int front_connect(struct blk_front *front);

/* The size may have changed. */
void front_resize(struct blk_front *front);

/* The old rings mean nothing any more, and what was not answered is kept: to BLK_SUSPENDED, or BLK_IDLE. */
void front_suspend(struct blk_front *front);

/*
 * To BLK_CLOSED, in xenstore, too. What is not answered has failed, but the backend may be at work on it: nobody hears
 * of it, and no page is used again, before the backend has let go, for some seconds at most. Then front->released is
 * complete.
 */
void front_close(struct blk_front *front);

/* ---- from anywhere ---------------------------------------------------------------------------------------------- */

/* The backend has done what no backend does: this disk ends, and says why. A text that stays. */
void front_break(struct blk_front *front, const char *why);

#endif
