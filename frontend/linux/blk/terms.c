// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/blk/terms.h"

#include <linux/log2.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/protocols.h>

#include "frontend/linux/blk/blk.h"
#include "frontend/linux/nodes.h"

/* ---- the backend's nodes ----------------------------------------------------------------------------------------- */

#define TERM(name, min, max, absent, field) { name, min, max, absent, offsetof(struct blk_terms, field), false }
#define MAX_SECTORS ((u64)S64_MAX / SECTOR_SIZE)

static const struct term offer_terms[] = {
	TERM("max-ring-page-order", 0, XENBUS_MAX_RING_GRANT_ORDER, 0, max_ring_page_order),
	TERM("multi-queue-max-queues", 1, BLK_MAX_QUEUES, 1, max_queues),
};

static const struct term size_term = {
	"sectors", 1, MAX_SECTORS, 0, offsetof(struct blk_terms, sectors), true,
};

static const struct term disk_terms[] = {
	{ "sector-size", SECTOR_SIZE, PAGE_SIZE, SECTOR_SIZE, offsetof(struct blk_terms, sector_bytes), true },
	TERM("physical-sector-size", 0, U32_MAX, 0, physical_sector_bytes),
	TERM("info", 0, U32_MAX, 0, info),
	TERM("feature-flush-cache", 0, 1, 0, has_flush),
	TERM("feature-barrier", 0, 1, 0, has_barrier),
	TERM("feature-discard", 0, 1, 0, has_discard),
	TERM("discard-granularity", 0, U32_MAX, 0, discard_granularity_bytes),
	TERM("discard-alignment", 0, U32_MAX, 0, discard_alignment_bytes),
	TERM("discard-secure", 0, 1, 0, has_secure_discard),
	TERM("feature-persistent", 0, 1, 0, is_persistent),
	TERM("feature-max-indirect-segments", 0, BLK_MAX_SEGMENTS, 0, max_indirect_segments),
};

int terms_read_offer(struct xenbus_device *dev, struct blk_terms *terms)
{
	return nodes_read_terms(dev, terms, offer_terms, ARRAY_SIZE(offer_terms));
}

int terms_read_size(struct xenbus_device *dev, struct blk_terms *terms)
{
	u64 sectors;
	int rc;

	rc = nodes_read_term(dev, terms, &size_term);
	if (rc)
		return rc;
	sectors = round_down(terms->sectors, terms->sector_bytes / SECTOR_SIZE);
	if (sectors == 0) {
		xenbus_dev_error(dev, -ERANGE, "the backend's sectors are less than one of its sector-size");
		return -ERANGE;
	}
	terms->sectors = sectors;
	return 0;
}

/* They say what is faster, not what is right: what makes no sense is as good as absent. */
static void make_sense_of_hints(struct blk_terms *terms)
{
	u64 sector = terms->sector_bytes;

	if (!is_power_of_2(terms->physical_sector_bytes) || terms->physical_sector_bytes < sector)
		terms->physical_sector_bytes = sector;
	if (terms->discard_granularity_bytes == 0 || terms->discard_granularity_bytes % sector)
		terms->discard_granularity_bytes = sector;
	if (terms->discard_alignment_bytes >= terms->discard_granularity_bytes ||
	    terms->discard_alignment_bytes % sector)
		terms->discard_alignment_bytes = 0;
}

int terms_read_disk(struct xenbus_device *dev, struct blk_terms *terms)
{
	int rc;

	rc = nodes_read_terms(dev, terms, disk_terms, ARRAY_SIZE(disk_terms));
	if (rc)
		return rc;
	if (!is_power_of_2(terms->sector_bytes)) {
		xenbus_dev_error(dev, -ERANGE, "the backend's sector-size is no power of two");
		return -ERANGE;
	}
	make_sense_of_hints(terms);
	return terms_read_size(dev, terms);
}

bool terms_is_trusted(struct xenbus_device *dev)
{
	u64 trusted;

	return nodes_read_number(dev->nodename, "trusted", &trusted) || trusted != 0;
}

/* ---- ours -------------------------------------------------------------------------------------------------------- */

static bool is_of_connection(const char *node)
{
	return str_has_prefix(node, "ring-ref") || str_has_prefix(node, "queue-") || !strcmp(node, "event-channel") ||
	       !strcmp(node, "ring-page-order") || !strcmp(node, "num-ring-pages") ||
	       !strcmp(node, "multi-queue-num-queues");
}

/* A directory that has been removed is not to come back: -ENOENT. */
static int remove_nodes(struct xenbus_transaction xbt, const void *arg)
{
	const char *dir = arg;
	unsigned int nr, i;
	char **nodes;
	int rc = 0;

	if (!xenbus_exists(xbt, dir, "state"))
		return -ENOENT;
	nodes = xenbus_directory(xbt, dir, "", &nr);
	if (IS_ERR(nodes))
		return PTR_ERR(nodes);
	for (i = 0; rc == 0 && i < nr; i++)
		if (is_of_connection(nodes[i]))
			rc = xenbus_rm(xbt, dir, nodes[i]);
	kfree(nodes);
	return rc;
}

static int write_queue(struct xenbus_transaction xbt, const struct blk_queue *queue, const char *dir)
{
	unsigned int i, nr_pages = queue->nr_ring_pages;
	char node[sizeof("ring-ref") + 10];
	int rc = 0;

	if (nr_pages == 1)
		rc = xenbus_printf(xbt, dir, "ring-ref", "%u", queue->ring_ref[0]);
	for (i = 0; rc == 0 && nr_pages > 1 && i < nr_pages; i++) {
		snprintf(node, sizeof(node), "ring-ref%u", i);
		rc = xenbus_printf(xbt, dir, node, "%u", queue->ring_ref[i]);
	}
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "event-channel", "%u", queue->port);
	return rc;
}

static int write_queues(struct xenbus_transaction xbt, const struct blk_front *front)
{
	const char *dir = front->life.dev->nodename;
	unsigned int i;
	char *sub;
	int rc;

	if (front->nr_queues == 1)
		return write_queue(xbt, &front->queue[0], dir);
	rc = xenbus_printf(xbt, dir, "multi-queue-num-queues", "%u", front->nr_queues);
	for (i = 0; rc == 0 && i < front->nr_queues; i++) {
		sub = kasprintf(GFP_KERNEL, "%s/queue-%u", dir, i);
		if (!sub)
			return -ENOMEM;
		rc = write_queue(xbt, &front->queue[i], sub);
		kfree(sub);
	}
	return rc;
}

static int write_nodes(struct xenbus_transaction xbt, const void *arg)
{
	const struct blk_front *front = arg;
	const char *dir = front->life.dev->nodename;
	int rc;

	rc = remove_nodes(xbt, dir);
	if (rc == 0 && front->ring_page_order > 0)
		rc = xenbus_printf(xbt, dir, "ring-page-order", "%u", front->ring_page_order);
	if (rc == 0)
		rc = write_queues(xbt, front);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "feature-persistent", "%u", front->offers_persistent);
	return rc;
}

int terms_publish(struct blk_front *front)
{
	int rc = nodes_change(write_nodes, front);

	if (rc)
		xenbus_dev_error(front->life.dev, rc, "publishing the ring");
	return rc;
}

void terms_unpublish(struct xenbus_device *dev)
{
	int rc = nodes_change(remove_nodes, dev->nodename);

	if (rc && rc != -ENOENT)
		xenbus_dev_error(dev, rc, "removing the ring's nodes");
}
