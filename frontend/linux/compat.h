/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ, from 6.1 on. What stands here has the name and the shape that a newer kernel gives it, or a
 * name of ours that begins with compat_; nothing else in the modules looks at a version.
 */
#ifndef FRONTEND_LINUX_COMPAT_H
#define FRONTEND_LINUX_COMPAT_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/version.h>

/* ---- how a block device was opened, since 6.5 ------------------------------------------------------------------- */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
typedef fmode_t blk_mode_t;
#endif

/* ---- a disk's limits are given when it is made, since 6.9, and its features are among them, since 6.11 ---------- */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)

static inline struct gendisk *compat_alloc_disk(struct blk_mq_tag_set *set, struct queue_limits *lim, bool has_cache,
						void *data)
{
	if (has_cache)
		lim->features |= BLK_FEAT_WRITE_CACHE;
	return blk_mq_alloc_disk(set, lim, data);
}

static inline void compat_disable_discard(struct request_queue *q)
{
	blk_queue_disable_discard(q);
	blk_queue_disable_secure_erase(q);
}

#else

static inline void compat_set_limits(struct request_queue *q, const struct queue_limits *lim, bool has_cache)
{
	blk_queue_logical_block_size(q, lim->logical_block_size);
	blk_queue_physical_block_size(q, lim->physical_block_size);
	blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	blk_queue_max_segments(q, lim->max_segments);
	blk_queue_max_segment_size(q, lim->max_segment_size);
	blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	blk_queue_dma_alignment(q, lim->dma_alignment);
	blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	blk_queue_max_secure_erase_sectors(q, lim->max_secure_erase_sectors);
	q->limits.discard_granularity = lim->discard_granularity;
	q->limits.discard_alignment = lim->discard_alignment;
	blk_queue_write_cache(q, has_cache, false);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
}

static inline struct gendisk *compat_alloc_disk(struct blk_mq_tag_set *set, struct queue_limits *lim, bool has_cache,
						void *data)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, data);

	if (!IS_ERR(disk))
		compat_set_limits(disk->queue, lim, has_cache);
	return disk;
}

static inline void compat_disable_discard(struct request_queue *q)
{
	blk_queue_max_discard_sectors(q, 0);
	blk_queue_max_secure_erase_sectors(q, 0);
}

#endif
#endif
