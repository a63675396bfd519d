// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <linux/major.h>
#include <linux/module.h>

#include "frontend/linux/blk/blk.h"
#include "frontend/linux/blk/request.h"
#include "frontend/linux/compat.h"

/* ---- names: Xen's docs/man/xen-vbd-interface.7 ------------------------------------------------------------------- */

#define VDEV_EXTENDED (1U << 28)

/* Disks are called xvd* whatever their vdev says: whoever has /dev/sda in mind has the guest's own drivers in mind. */
static const struct {
	unsigned int first_major, last_major, first_disk;
	unsigned int partition_bits;
} majors[] = {
	{ XEN_IDE0_MAJOR, XEN_IDE0_MAJOR, 0, 6 },
	{ XEN_IDE1_MAJOR, XEN_IDE1_MAJOR, 2, 6 },
	{ XEN_SCSI_DISK0_MAJOR, XEN_SCSI_DISK0_MAJOR, 0, 4 },
	{ XEN_SCSI_DISK1_MAJOR, XEN_SCSI_DISK7_MAJOR, 16, 4 },
	{ XEN_SCSI_DISK8_MAJOR, XEN_SCSI_DISK15_MAJOR, 128, 4 },
	{ XENVBD_MAJOR, XENVBD_MAJOR, 0, 4 },
};

static bool split_vdev(unsigned int vdev, unsigned int *disk, unsigned int *partition)
{
	unsigned int major = vdev >> 8, minor = vdev & 0xff, i;

	if (vdev & VDEV_EXTENDED) {
		*disk = (vdev & ~VDEV_EXTENDED) >> 8;
		*partition = minor;
		return vdev < 2 * VDEV_EXTENDED;
	}
	for (i = 0; i < ARRAY_SIZE(majors); i++) {
		if (major < majors[i].first_major || major > majors[i].last_major)
			continue;
		*disk = majors[i].first_disk + (major - majors[i].first_major) * 16;
		*disk += minor >> majors[i].partition_bits;
		*partition = minor & ((1U << majors[i].partition_bits) - 1);
		return true;
	}
	return false;
}

/* a to z, aa to zz, ... */
static char *write_letters(char *to, unsigned int n)
{
	if (n >= 26)
		to = write_letters(to, n / 26 - 1);
	*to = 'a' + n % 26;
	return to + 1;
}

static void write_name(char *name, unsigned int disk, unsigned int partition)
{
	char *end;

	strscpy(name, "xvd", DISK_NAME_LEN);
	end = write_letters(name + strlen(name), disk);
	*end = '\0';
	if (partition)
		snprintf(end, name + DISK_NAME_LEN - end, "%u", partition);
}

static DEFINE_MUTEX(names_lock);
static LIST_HEAD(named);

static bool claim_name(struct blk_front *front)
{
	struct blk_front *other;
	bool is_free = true;

	mutex_lock(&names_lock);
	list_for_each_entry(other, &named, node)
		is_free &= strcmp(other->disk->disk_name, front->disk->disk_name) != 0;
	if (is_free)
		list_add(&front->node, &named);
	mutex_unlock(&names_lock);
	return is_free;
}

static void release_name(struct blk_front *front)
{
	mutex_lock(&names_lock);
	list_del_init(&front->node);
	mutex_unlock(&names_lock);
}

int disk_check_vdev(unsigned int vdev)
{
	unsigned int disk, partition;

	if (split_vdev(vdev, &disk, &partition))
		return 0;
	pr_err("there is no name for a disk with the virtual-device %u: give it one such as xvda\n", vdev);
	return -ENODEV;
}

/* ---- what the block layer calls ---------------------------------------------------------------------------------- */

/* Quiesced while there are no rings; so there are, or there never will be any more. */
static struct blk_queue *queue_of(struct blk_mq_hw_ctx *hctx)
{
	struct blk_front *front = hctx->queue->queuedata;

	if (READ_ONCE(front->life.phase) != FRONT_CONNECTED)
		return NULL;
	return &front->queue[hctx->queue_num % front->nr_queues];
}

static blk_status_t disk_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *data)
{
	struct blk_queue *queue = queue_of(hctx);

	return queue ? request_send(queue, data->rq, data->last) : BLK_STS_IOERR;
}

static void disk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blk_queue *queue = queue_of(hctx);

	if (queue)
		queue_push(queue);
}

/* Unlike the others it is not kept away from a disk that is quiesced: stop_queues() waits for who is in here. */
static int disk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *batch)
{
	struct blk_queue *queue;
	int nr = 0;

	rcu_read_lock();
	queue = queue_of(hctx);
	if (queue)
		nr = queue_look(queue, batch);
	rcu_read_unlock();
	return nr;
}

static void disk_map_queues(struct blk_mq_tag_set *tags)
{
	const struct blk_front *front = tags->driver_data;
	struct blk_mq_queue_map *interrupted = &tags->map[HCTX_TYPE_DEFAULT], *polled = &tags->map[HCTX_TYPE_POLL];

	interrupted->nr_queues = tags->nr_hw_queues - front->nr_polled;
	blk_mq_map_queues(interrupted);
	if (front->nr_polled == 0)
		return;
	polled->nr_queues = front->nr_polled;
	polled->queue_offset = interrupted->nr_queues;
	blk_mq_map_queues(polled);
}

static const struct blk_mq_ops queue_ops = {
	.queue_rq = disk_queue_rq,
	.commit_rqs = disk_commit_rqs,
	.poll = disk_poll,
	.map_queues = disk_map_queues,
};

/* A disk has none; some programs want one. */
static int disk_getgeo(struct block_device *bdev, struct hd_geometry *geometry)
{
	geometry->heads = 255;
	geometry->sectors = 63;
	geometry->cylinders = min_t(sector_t, bdev_nr_sectors(bdev) / (255 * 63), U16_MAX);
	return 0;
}

/* By which udev knows a CD-ROM. */
static int disk_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int command, unsigned long argument)
{
	const struct blk_front *front = bdev->bd_disk->private_data;

	if (command == CDROM_GET_CAPABILITY && front->is_cdrom)
		return 0;
	return -ENOTTY;
}

static void free_front(struct blk_front *front)
{
	if (front->tags.tags)
		blk_mq_free_tag_set(&front->tags);
	kfree(front);
}

static void disk_free(struct gendisk *disk)
{
	free_front(disk->private_data);
}

static const struct block_device_operations disk_ops = {
	.owner = THIS_MODULE,
	.getgeo = disk_getgeo,
	.ioctl = disk_ioctl,
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = disk_free,
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void fill_limits(const struct blk_front *front, struct queue_limits *lim)
{
	const struct blk_terms *terms = &front->terms;

	lim->logical_block_size = terms->sector_bytes;
	lim->physical_block_size = terms->physical_sector_bytes;
	lim->max_segments = front->max_request_segments;
	lim->max_hw_sectors = front->max_request_segments * (PAGE_SIZE / SECTOR_SIZE);
	lim->max_segment_size = PAGE_SIZE;
	lim->seg_boundary_mask = PAGE_SIZE - 1;
	lim->dma_alignment = terms->sector_bytes - 1;
	if (!front->has_discard)
		return;
	lim->max_hw_discard_sectors = UINT_MAX & ~(unsigned int)(terms->sector_bytes / SECTOR_SIZE - 1);
	lim->discard_granularity = terms->discard_granularity_bytes;
	lim->discard_alignment = terms->discard_alignment_bytes;
	if (terms->has_secure_discard)
		lim->max_secure_erase_sectors = lim->max_hw_discard_sectors;
}

static int make_tags(struct blk_front *front)
{
	front->tags.ops = &queue_ops;
	front->tags.driver_data = front;
	front->tags.nr_maps = front->nr_polled ? HCTX_MAX_TYPES : 1;
	front->tags.nr_hw_queues = front->nr_queues;
	front->tags.queue_depth = front->queue[0].ring.layout.nr_slots;
	front->tags.numa_node = NUMA_NO_NODE;
	front->tags.flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT; /* that is the backend's */
	front->tags.cmd_size = request_data_bytes(front->max_request_segments);
	return blk_mq_alloc_tag_set(&front->tags);
}

static void describe(struct blk_front *front)
{
	struct gendisk *disk = front->disk;
	unsigned int number, partition;

	split_vdev(front->vdev, &number, &partition);
	write_name(disk->disk_name, number, partition);
	disk->fops = &disk_ops;
	disk->private_data = front;
	if (partition)
		disk->flags |= GENHD_FL_NO_PART;
	if (front->terms.info & VDISK_REMOVABLE)
		disk->flags |= GENHD_FL_REMOVABLE;
	set_capacity(disk, front->terms.sectors);
	set_disk_ro(disk, front->terms.info & VDISK_READONLY);
}

int disk_make(struct blk_front *front)
{
	struct queue_limits lim = {};
	struct gendisk *disk;
	int rc;

	front->max_request_segments = front->max_segments;
	front->is_cdrom = front->terms.info & VDISK_CDROM;
	rc = make_tags(front);
	if (rc)
		return rc;
	fill_limits(front, &lim);
	disk = compat_alloc_disk(&front->tags, &lim, front->flush_op != 0, front);
	if (IS_ERR(disk)) {
		rc = PTR_ERR(disk);
		goto err_tags;
	}
	front->disk = disk;
	describe(front);
	if (!claim_name(front)) {
		xenbus_dev_error(front->life.dev, -EBUSY, "there is another disk %s", disk->disk_name);
		rc = -EBUSY;
		goto err_disk;
	}
	return 0;
err_disk:
	front->disk = NULL;
	put_disk(disk);
err_tags:
	blk_mq_free_tag_set(&front->tags);
	return rc;
}

void disk_add(struct blk_front *front)
{
	int rc = device_add_disk(&front->life.dev->dev, front->disk, NULL);

	if (rc)
		dev_err(&front->life.dev->dev, "%s cannot be added: error %d\n", front->disk->disk_name, rc);
	else
		WRITE_ONCE(front->is_added, true);
}

void disk_resize(struct blk_front *front)
{
	if (get_capacity(front->disk) != front->terms.sectors)
		set_capacity_and_notify(front->disk, front->terms.sectors);
}

void disk_put(struct blk_front *front)
{
	bool is_freed_with_disk = front->is_added;

	if (front->disk) {
		release_name(front);
		put_disk(front->disk);
	}
	if (!is_freed_with_disk)
		free_front(front);
}
