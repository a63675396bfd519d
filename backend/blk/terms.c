// SPDX-License-Identifier: MIT
/* What a disk and its guest agree on in xenstore: what we offer, and what the guest chose. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "backend/blk/blk.h"
#include "backend/core/multi_queue.h"
#include "common/wire/xen_blkif.h"
#include "xenbus/node.h"

/* ---- what we offer --------------------------------------------------------------------------------------------- */

static int publish_size(struct blk_device *blk, struct errbuf *err)
{
	const struct blk_engine *engine = blk->image->engine;
	const struct xb_device *xb = &blk->dev.xb;
	int rc;

	rc = xb_write(xb->store, xb->dir, "sectors", err, "%llu",
		      (unsigned long long)engine->size_bytes / BLK_SECTOR_BYTES);
	if (rc == 0)
		rc = xb_write(xb->store, xb->dir, "sector-size", err, "%u", engine->sector_bytes);
	if (rc == 0)
		rc = xb_write(xb->store, xb->dir, "physical-sector-size", err, "%u", engine->physical_sector_bytes);
	if (rc == 0)
		rc = xb_write(xb->store, xb->dir, "info", err, "%u",
			      (blk->is_read_only ? VDISK_READONLY : 0) | (blk->is_cdrom ? VDISK_CDROM : 0));
	if (rc == 0)
		blk->told_bytes = engine->size_bytes;
	return rc;
}

bool blk_has_discard(const struct blk_device *blk)
{
	return blk->may_discard && !blk->is_read_only && blk->image->engine->discard_granularity_bytes;
}

static unsigned int max_queues(const struct device *dev)
{
	return dev->host->nr_workers < BLK_MAX_QUEUES ? dev->host->nr_workers : BLK_MAX_QUEUES;
}

/* There is no node that says 0: one may have been left by a daemon with other options. */
static int offer_indirect(const struct xb_device *xb, struct errbuf *err)
{
	static const char name[] = "feature-max-indirect-segments";
	char path[XB_PATH_MAX];
	int rc;

	if (blk_config.max_indirect_segments)
		return xb_write(xb->store, xb->dir, name, err, "%u", blk_config.max_indirect_segments);
	rc = xb_path(path, sizeof(path), err, "%s/%s", xb->dir, name);
	return rc ? rc : xb_remove(xb->store, path, err);
}

/* The size is known now: publishing it already tells the hotplug script that the image is well. */
int blk_offer(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	const struct blk_engine *engine = blk->image->engine;
	const struct {
		const char *name;
		unsigned int value;
	} offers[] = {
		{ "max-ring-page-order", BLK_MAX_RING_PAGE_ORDER },
		{ "multi-queue-max-queues", max_queues(dev) },
		{ "feature-flush-cache", 1 },
		{ "feature-barrier", 1 },
		{ "feature-persistent", blk_keeps_pages() },
		{ "feature-discard", blk_has_discard(blk) },
		{ "discard-granularity", blk_has_discard(blk) ? engine->discard_granularity_bytes : 0 },
		{ "discard-alignment", blk_has_discard(blk) ? engine->discard_alignment_bytes : 0 },
		{ "discard-secure", 0 },
	};
	int rc = publish_size(blk, err);

	for (unsigned int i = 0; rc == 0 && i < sizeof(offers) / sizeof(offers[0]); i++)
		rc = xb_write(dev->xb.store, dev->xb.dir, offers[i].name, err, "%u", offers[i].value);
	return rc ? rc : offer_indirect(&dev->xb, err);
}

int blk_publish(struct device *dev, struct errbuf *err)
{
	return publish_size(to_blk(dev), err);
}

/* ---- what the guest chose -------------------------------------------------------------------------------------- */

static_assert(BLK_MAX_QUEUES <= DEVICE_MAX_RINGS, "a ring for each");

struct blk_peer {
	uint32_t ring_page_order;
	uint32_t nr_queues;
	uint32_t can_persist;
};

static const struct xb_node_u32 peer_nodes[] = {
	{ "ring-page-order", 0, 0, BLK_MAX_RING_PAGE_ORDER, offsetof(struct blk_peer, ring_page_order) },
	{ "multi-queue-num-queues", 1, 1, BLK_MAX_QUEUES, offsetof(struct blk_peer, nr_queues) },
	{ "feature-persistent", 0, 0, 1, offsetof(struct blk_peer, can_persist) },
};

/* One page: Linux writes ring-ref0 once it has written the order, others go on writing ring-ref. */
static int read_one_ref(struct blk_device *blk, const char *dir, uint32_t *ref, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;

	if (xb_exists(xb->store, xb->otherend, "ring-page-order") && xb_exists(xb->store, dir, "ring-ref0"))
		return xb_read_gref(xb->store, dir, "ring-ref0", ref, err);
	return xb_read_gref(xb->store, dir, "ring-ref", ref, err);
}

/* dir: where the queue's nodes are. */
static int read_refs(struct blk_device *blk, const char *dir, uint32_t order, struct journal_identity *identity,
		     struct errbuf *err)
{
	char name[24];
	int rc;

	identity->nr_refs = 1 << order;
	if (order == 0)
		return read_one_ref(blk, dir, &identity->ref[0], err);
	for (uint32_t i = 0; i < identity->nr_refs; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		rc = xb_read_gref(blk->dev.xb.store, dir, name, &identity->ref[i], err);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_ring(struct blk_device *blk, const char *dir, uint32_t order, struct journal_identity *identity,
		     struct errbuf *err)
{
	struct ring_layout layout;
	int rc = read_refs(blk, dir, order, identity, err);

	if (rc == 0)
		rc = xb_read_port(blk->dev.xb.store, dir, "event-channel", &identity->remote_port, err);
	if (rc)
		return rc;
	snprintf(identity->protocol, sizeof(identity->protocol), "%s", blk_abi_name(blk->abi));
	identity->request_bytes = blk_request_bytes(blk->abi);
	identity->response_bytes = blk_response_bytes(blk->abi);
	rc = queue_ring_layout(identity, &layout, err);
	if (rc == 0)
		identity->nr_slots = layout.nr_slots;
	return rc;
}

static int read_rings(struct blk_device *blk, const struct blk_peer *peer, struct errbuf *err)
{
	struct device_rings *rings = &blk->dev.rings;
	char dir[MULTI_QUEUE_DIR_MAX];
	int rc = device_rings_use(rings, peer->nr_queues, err);

	for (unsigned int i = 0; rc == 0 && i < peer->nr_queues; i++) {
		multi_queue_dir(&blk->dev.xb, peer->nr_queues, i, dir);
		rings->ring[i].identity.queue = i;
		rc = read_ring(blk, dir, peer->ring_page_order, &rings->ring[i].identity, err);
	}
	return rc;
}

static int read_protocol(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	char protocol[32];
	struct errbuf why;
	int rc;

	rc = xb_read_string_or(xb->store, xb->otherend, "protocol", "", protocol, sizeof(protocol), err);
	if (rc)
		return rc;
	blk->abi = blk_config.default_abi;
	if (!*protocol)
		return 0;
	rc = blk_abi_parse(protocol, &blk->abi, &why);
	return rc ? errbuf_set(err, rc, "%s/protocol: %s", xb->otherend, why.text) : 0;
}

/*
 * Whether the frontend counts on its pages staying mapped, or on each being unmapped before the answer. Our own node
 * is asked, too: it may be that of a daemon with other options, which had this ring before.
 */
static int read_persistence(struct blk_device *blk, bool frontend_can, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	uint32_t was_offered;
	int rc;

	rc = xb_read_u32_or(xb->store, xb->dir, "feature-persistent", 0, 0, 1, &was_offered, err);
	blk->is_persistent = rc == 0 && frontend_can && was_offered;
	return rc;
}

/* How large its requests may be, which it knows from our node: likewise. */
static int read_max_indirect_segments(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;

	return xb_read_u32_or(xb->store, xb->dir, "feature-max-indirect-segments", 0, 0, BLK_MAX_INDIRECT_SEGMENTS,
			      &blk->max_indirect_segments, err);
}

/* By the daemon that had this ring before. */
static int read_told_size(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	uint64_t nr_sectors;
	int rc = xb_read_u64(xb->store, xb->dir, "sectors", 0, UINT64_MAX / BLK_SECTOR_BYTES, &nr_sectors, err);

	blk->told_bytes = rc ? 0 : nr_sectors * BLK_SECTOR_BYTES;
	return rc;
}

int blk_accept(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	struct xb_device *xb = &dev->xb;
	struct blk_peer peer;
	int rc;

	rc = xb_read_nodes(xb->store, xb->otherend, peer_nodes, sizeof(peer_nodes) / sizeof(peer_nodes[0]), &peer, err);
	if (rc == 0)
		rc = multi_queue_check(xb, peer.nr_queues, BLK_MAX_QUEUES, err);
	if (rc == 0)
		rc = read_protocol(blk, err);
	if (rc == 0)
		rc = read_persistence(blk, peer.can_persist, err);
	if (rc == 0)
		rc = read_max_indirect_segments(blk, err);
	if (rc == 0)
		rc = read_rings(blk, &peer, err);
	if (rc)
		return rc;
	if (dev->is_resuming && blk->image->engine->ops->is_volatile)
		return errbuf_set(err, -ENODATA, "image %s was in the memory of the daemon that ended", blk->params);
	return dev->is_resuming ? read_told_size(blk, err) : 0;
}
