// SPDX-License-Identifier: MIT
#include "frontend/user/disk.h"

#include <errno.h>
#include <stddef.h>

#include <xen/xen.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

#include "common/base/errbuf.h"
#include "frontend/user/grants.h"
#include "frontend/user/segments.h"
#include "xenbus/node.h"

static const struct xb_node_u32 offer_nodes[] = {
	{ "max-ring-page-order", 0, 0, UINT32_MAX, offsetof(struct blk_offer, max_ring_order) },
	{ "multi-queue-max-queues", 1, 1, UINT32_MAX, offsetof(struct blk_offer, max_queues) },
	{ "feature-persistent", 0, 0, 1, offsetof(struct blk_offer, can_persist) },
};

static const struct xb_node_u32 disk_nodes[] = {
	{ "sector-size", BLK_SECTOR_BYTES, 0, UINT32_MAX, offsetof(struct blk_disk, sector_bytes) },
	{ "physical-sector-size", 0, 0, UINT32_MAX, offsetof(struct blk_disk, physical_sector_bytes) },
	{ "info", 0, 0, UINT32_MAX, offsetof(struct blk_disk, info) },
	{ "feature-flush-cache", 0, 0, 1, offsetof(struct blk_disk, can_flush) },
	{ "feature-barrier", 0, 0, 1, offsetof(struct blk_disk, can_barrier) },
	{ "feature-discard", 0, 0, 1, offsetof(struct blk_disk, can_discard) },
	{ "feature-max-indirect-segments", 0, 0, UINT32_MAX, offsetof(struct blk_disk, max_indirect_segments) },
};

#define MAX_PHYSICAL_SECTOR_BYTES (1U << 20)
#define MAX_SECTORS		  (INT64_MAX / BLK_SECTOR_BYTES) /* byte offsets are off_t */

static bool is_power_of_two(uint32_t value, uint32_t min, uint32_t max)
{
	return value >= min && value <= max && (value & (value - 1)) == 0;
}

int blk_disk_check(struct blk_disk *disk, uint64_t sectors, struct errbuf *err)
{
	if (!is_power_of_two(disk->sector_bytes, BLK_SECTOR_BYTES, GRANT_PAGE_BYTES))
		return errbuf_set(err, -EPROTO, "sector-size is %u, not a power of two from %u to %u",
				  disk->sector_bytes, BLK_SECTOR_BYTES, GRANT_PAGE_BYTES);
	if (disk->physical_sector_bytes == 0)
		disk->physical_sector_bytes = disk->sector_bytes;
	if (!is_power_of_two(disk->physical_sector_bytes, disk->sector_bytes, MAX_PHYSICAL_SECTOR_BYTES))
		return errbuf_set(err, -EPROTO, "physical-sector-size is %u, not a power of two from %u to %u",
				  disk->physical_sector_bytes, disk->sector_bytes, MAX_PHYSICAL_SECTOR_BYTES);
	disk->nr_sectors = sectors - sectors % (disk->sector_bytes / BLK_SECTOR_BYTES);
	if (disk->nr_sectors == 0 || disk->nr_sectors > MAX_SECTORS)
		return errbuf_set(err, -EPROTO, "sectors is %llu: no disk has that many of %u bytes",
				  (unsigned long long)sectors, disk->sector_bytes);
	disk->is_read_only = disk->info & VDISK_READONLY;
	disk->is_cdrom = disk->info & VDISK_CDROM;
	return 0;
}

int blk_offer_read(struct xb_store *store, const char *backend, struct blk_offer *offer, struct errbuf *err)
{
	return xb_read_nodes(store, backend, offer_nodes, sizeof(offer_nodes) / sizeof(offer_nodes[0]), offer, err);
}

int blk_disk_read_size(struct xb_store *store, const char *backend, struct blk_disk *disk, struct errbuf *err)
{
	struct blk_disk resized = *disk;
	uint64_t sectors;
	int rc;

	rc = xb_read_u64(store, backend, "sectors", 0, UINT64_MAX, &sectors, err);
	if (rc)
		return rc;
	rc = blk_disk_check(&resized, sectors, err);
	if (rc == 0)
		*disk = resized;
	return rc;
}

int blk_disk_read(struct xb_store *store, const char *backend, struct blk_disk *disk, struct errbuf *err)
{
	int rc;

	rc = xb_read_nodes(store, backend, disk_nodes, sizeof(disk_nodes) / sizeof(disk_nodes[0]), disk, err);
	if (rc)
		return rc;
	return blk_disk_read_size(store, backend, disk, err);
}
