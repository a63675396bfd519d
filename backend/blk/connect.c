// SPDX-License-Identifier: MIT
/* A disk's dealings with xenstore: what the toolstack asks for, what we offer, what the guest chose. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/blk/blk.h"
#include "backend/core/machine.h"
#include "backend/core/metrics.h"
#include "common/base/container.h"
#include "xenbus/node.h"
#include "common/wire/xen_blkif.h"

static struct blk_device *to_blk(struct device *dev)
{
	return container_of(dev, struct blk_device, dev);
}

/* ---- what the toolstack asks for ------------------------------------------------------------------------------- */

/* A CD-ROM is read-only whatever the mode says. */
static int parse_device_type(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	char type[16];
	int rc;

	rc = xb_read_string_or(xb->store, xb->dir, "device-type", "disk", type, sizeof(type), err);
	if (rc)
		return rc;
	if (strcmp(type, "disk") != 0 && strcmp(type, "cdrom") != 0)
		return errbuf_set(err, -EINVAL, "%s/device-type: '%s': expected disk or cdrom", xb->dir, type);
	blk->is_cdrom = type[0] == 'c';
	blk->is_read_only |= blk->is_cdrom;
	return 0;
}

static int parse_mode(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	char mode[16];
	int rc;

	rc = xb_read_string(xb->store, xb->dir, "mode", mode, sizeof(mode), err);
	if (rc)
		return rc;
	if (strcmp(mode, "r") != 0 && strcmp(mode, "w") != 0)
		return errbuf_set(err, -EINVAL, "%s/mode: '%s': expected r or w", xb->dir, mode);
	blk->is_read_only = mode[0] == 'r';
	return 0;
}

static int blk_parse(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	struct xb_device *xb = &dev->xb;
	uint32_t safe, may_discard;
	int rc;

	rc = xb_read_string(xb->store, xb->dir, "params", blk->params, sizeof(blk->params), err);
	if (rc == 0)
		rc = xb_read_string_or(xb->store, xb->dir, "dev", "", blk->vdev, sizeof(blk->vdev), err);
	if (rc == 0)
		rc = parse_mode(blk, err);
	if (rc == 0)
		rc = parse_device_type(blk, err);
	if (rc == 0)
		rc = xb_read_u32_or(xb->store, xb->dir, "direct-io-safe", 0, 0, 1, &safe, err);
	if (rc == 0)
		rc = xb_read_u32_or(xb->store, xb->dir, "discard-enable", 1, 0, 1, &may_discard, err);
	if (rc)
		return rc;
	blk->is_direct_io_safe = safe;
	blk->may_discard = may_discard;
	blk->owner.domid = xb->domid;
	memcpy(blk->owner.label, dev->label, sizeof(blk->owner.label));
	memcpy(blk->owner.domain_uuid, dev->rings.ring[0].identity.domain_uuid, sizeof(blk->owner.domain_uuid));
	return 0;
}

/* A page that a PV domain mapped from a guest must never be pinned by direct I/O: see ARCHITECTURE.md. */
static int check_grants(const struct image *image, struct errbuf *err)
{
	if (image->engine->is_direct && blk_config.grants == BLK_GRANTS_MAP && machine_is_pv_domain())
		return errbuf_set(
			err, -EINVAL,
			"image %s: direct I/O with --grants map would pin a guest's pages in this PV "
			"domain, which a killed process could never give back: use --grants copy, or direct=off",
			image->spec.path);
	return 0;
}

static void close_image(struct blk_device *blk)
{
	if (blk->image)
		image_put(blk->image);
	blk->image = NULL;
}

static int blk_open(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	struct image_spec spec;
	int rc;

	close_image(blk);
	rc = image_parse(blk->params, &spec, err);
	if (rc)
		return rc;
	if (blk->is_direct_io_safe && spec.direct == IMAGE_DIRECT_DEFAULT)
		spec.direct = IMAGE_DIRECT_ON;
	rc = image_open(&blk->image, &spec, blk->is_read_only, &blk->owner, err);
	if (rc == 0)
		rc = check_grants(blk->image, err);
	if (rc)
		close_image(blk);
	return rc;
}

static const char *blk_target(const struct device *dev)
{
	return container_of(dev, struct blk_device, dev)->params;
}

static void blk_leave(struct device *dev)
{
	if (to_blk(dev)->image)
		image_leave(to_blk(dev)->image);
}

static void blk_close(struct device *dev)
{
	close_image(to_blk(dev));
}

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

static bool has_discard(const struct blk_device *blk)
{
	return blk->may_discard && !blk->is_read_only && blk->image->engine->discard_granularity_bytes;
}

/* The size is known now: publishing it already tells the hotplug script that the image is well. */
static int blk_offer(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	const struct blk_engine *engine = blk->image->engine;
	const struct {
		const char *name;
		unsigned int value;
	} offers[] = {
		{ "max-ring-page-order", BLK_MAX_RING_PAGE_ORDER },
		{ "multi-queue-max-queues", 1 },
		{ "feature-flush-cache", 1 },
		{ "feature-barrier", 1 },
		{ "feature-max-indirect-segments", BLK_MAX_INDIRECT_SEGMENTS },
		{ "feature-persistent", blk_config.grants == BLK_GRANTS_AUTO },
		{ "feature-discard", has_discard(blk) },
		{ "discard-granularity", has_discard(blk) ? engine->discard_granularity_bytes : 0 },
		{ "discard-alignment", has_discard(blk) ? engine->discard_alignment_bytes : 0 },
		{ "discard-secure", 0 },
	};
	int rc = publish_size(blk, err);

	for (unsigned int i = 0; rc == 0 && i < sizeof(offers) / sizeof(offers[0]); i++)
		rc = xb_write(dev->xb.store, dev->xb.dir, offers[i].name, err, "%u", offers[i].value);
	return rc;
}

static int blk_publish(struct device *dev, struct errbuf *err)
{
	return publish_size(to_blk(dev), err);
}

/* ---- what the guest chose -------------------------------------------------------------------------------------- */

struct blk_peer {
	uint32_t ring_page_order;
	uint32_t nr_queues;
	uint32_t can_persist;
};

static const struct xb_node_u32 peer_nodes[] = {
	{ "ring-page-order", 0, 0, BLK_MAX_RING_PAGE_ORDER, offsetof(struct blk_peer, ring_page_order) },
	{ "multi-queue-num-queues", 1, 1, 1, offsetof(struct blk_peer, nr_queues) },
	{ "feature-persistent", 0, 0, 1, offsetof(struct blk_peer, can_persist) },
};

/* One page: Linux writes ring-ref0 once it has written the order, others go on writing ring-ref. */
static int read_one_ref(struct device *dev, uint32_t *ref, struct errbuf *err)
{
	struct xb_device *xb = &dev->xb;

	if (xb_exists(xb->store, xb->otherend, "ring-page-order") && xb_exists(xb->store, xb->otherend, "ring-ref0"))
		return xb_read_gref(xb->store, xb->otherend, "ring-ref0", ref, err);
	return xb_read_gref(xb->store, xb->otherend, "ring-ref", ref, err);
}

static int read_refs(struct device *dev, uint32_t order, struct errbuf *err)
{
	struct journal_identity *identity = &dev->rings.ring[0].identity;
	char name[24];
	int rc;

	identity->nr_refs = 1 << order;
	if (order == 0)
		return read_one_ref(dev, &identity->ref[0], err);
	for (uint32_t i = 0; i < identity->nr_refs; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		rc = xb_read_gref(dev->xb.store, dev->xb.otherend, name, &identity->ref[i], err);
		if (rc)
			return rc;
	}
	return 0;
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

/* By the daemon that had this ring before. */
static int read_told_size(struct blk_device *blk, struct errbuf *err)
{
	struct xb_device *xb = &blk->dev.xb;
	uint64_t nr_sectors;
	int rc = xb_read_u64(xb->store, xb->dir, "sectors", 0, UINT64_MAX / BLK_SECTOR_BYTES, &nr_sectors, err);

	blk->told_bytes = rc ? 0 : nr_sectors * BLK_SECTOR_BYTES;
	return rc;
}

static int blk_accept(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);
	struct journal_identity *identity = &dev->rings.ring[0].identity;
	struct xb_device *xb = &dev->xb;
	struct ring_layout layout;
	struct blk_peer peer;
	int rc;

	rc = xb_read_nodes(xb->store, xb->otherend, peer_nodes, sizeof(peer_nodes) / sizeof(peer_nodes[0]), &peer, err);
	if (rc == 0)
		rc = read_protocol(blk, err);
	if (rc == 0)
		rc = read_persistence(blk, peer.can_persist, err);
	if (rc == 0)
		rc = read_refs(dev, peer.ring_page_order, err);
	if (rc == 0)
		rc = xb_read_port(xb->store, xb->otherend, "event-channel", &identity->remote_port, err);
	if (rc)
		return rc;
	snprintf(identity->protocol, sizeof(identity->protocol), "%s", blk_abi_name(blk->abi));
	identity->request_bytes = blk_request_bytes(blk->abi);
	identity->response_bytes = blk_response_bytes(blk->abi);
	rc = queue_ring_layout(identity, &layout, err);
	if (rc)
		return rc;
	identity->nr_slots = layout.nr_slots;
	if (dev->is_resuming && blk->image->engine->ops->is_volatile)
		return errbuf_set(err, -ENODATA, "image %s was in the memory of the daemon that ended", blk->params);
	return dev->is_resuming ? read_told_size(blk, err) : 0;
}

/* ---- the queue ------------------------------------------------------------------------------------------------- */

static int blk_lock(struct device *dev, struct errbuf *err)
{
	struct image *image = to_blk(dev)->image;
	int rc = image_lock(image, dev->is_resuming, err);

	if (rc == 0)
		image_measure(image);
	return rc;
}

static void on_started(void *device, int rc, const struct errbuf *err)
{
	struct blk_device *blk = device;

	if (rc)
		blk->queue = NULL;
	device_connected(&blk->dev, rc, err);
}

static void on_failed(void *device, const char *reason)
{
	struct blk_device *blk = device;

	device_fail(&blk->dev, reason);
}

static void say_shrunk(struct blk_device *blk, uint64_t size_bytes)
{
	if (!blk->has_said_shrunk)
		log_warn(
			"%s: image %s has %llu bytes now, and the guest knows a disk of %llu: the rest gives errors",
			blk->dev.label, blk->params, (unsigned long long)size_bytes,
			(unsigned long long)blk->told_bytes);
	blk->has_said_shrunk = true;
}

/* The guest may use what is new as soon as it is told. */
static void on_measured(void *device, uint64_t size_bytes)
{
	struct blk_device *blk = device;

	if (size_bytes < blk->told_bytes) {
		say_shrunk(blk, size_bytes);
		return;
	}
	blk->has_said_shrunk = false;
	if (size_bytes == blk->told_bytes || blk->dev.phase != DEVICE_CONNECTED)
		return;
	log_info("%s: image %s has grown to %llu bytes", blk->dev.label, blk->params, (unsigned long long)size_bytes);
	blk->image->engine->size_bytes = size_bytes;
	blk_queue_grow(blk->queue, size_bytes / BLK_SECTOR_BYTES);
	device_publish(&blk->dev);
}

static void on_stopped(void *device, uint32_t nr_orphans)
{
	struct blk_device *blk = device;

	blk_queue_count(blk->queue, &blk->counted_before);
	blk_counters_close(&blk->counted_before);
	blk->queue = NULL;
	device_disconnected(&blk->dev, nr_orphans);
}

static void blk_connect(struct device *dev)
{
	struct blk_device *blk = to_blk(dev);
	const struct blk_engine *engine = blk->image->engine;
	struct blk_queue_params params = {
		.label = dev->label,
		.log_limits = &dev->guest->limits,
		.image = blk->image,
		.journal = &dev->rings.ring[0].journal,
		.identity = dev->rings.ring[0].identity,
		.abi = blk->abi,
		.limits = { .nr_sectors = engine->size_bytes / BLK_SECTOR_BYTES,
			    .sector_bytes = engine->sector_bytes,
			    .is_read_only = blk->is_read_only,
			    .has_discard = has_discard(blk) },
		.maps_data = blk_config.grants == BLK_GRANTS_MAP,
		.is_persistent = blk->is_persistent && blk_config.grants == BLK_GRANTS_AUTO,
		.budget = &dev->guest->persistent,
		.is_resumed = dev->is_resuming,
	};
	struct blk_queue_events events = {
		.loop = dev->host->loop,
		.helper = dev->host->helper,
		.device = blk,
		.started = on_started,
		.failed = on_failed,
		.measured = on_measured,
		.stopped = on_stopped,
	};
	struct errbuf err;

	blk->queue = blk_queue_new(&params, &events);
	if (!blk->queue) {
		image_unlock(blk->image); /* may block; but no helper can be expected to do it without memory */
		device_connected(dev, errbuf_set(&err, -ENOMEM, "no memory for a queue"), &err);
		return;
	}
	blk_queue_start(blk->queue, device_next_worker(dev->host));
}

static void blk_disconnect(struct device *dev, enum queue_stop how)
{
	blk_queue_stop(to_blk(dev)->queue, how);
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

static void blk_status(struct device *dev, json_t *object)
{
	struct blk_device *blk = to_blk(dev);
	struct blk_counters counters = blk->counted_before;

	if (blk->queue)
		blk_queue_count(blk->queue, &counters);
	json_object_set_new(object, "vdev", text_json(blk->vdev));
	json_object_set_new(object, "image", text_json(blk->params));
	json_object_set_new(object, "mode", json_string(blk->is_read_only ? "r" : "w"));
	json_object_set_new(object, "grants", json_string(blk_grants_names[blk_config.grants]));
	blk_counters_status(&counters, object);
}

const struct device_class blk_class = {
	.kind = "vbd",
	.device_bytes = sizeof(struct blk_device),
	.parse = blk_parse,
	.target = blk_target,
	.open = blk_open,
	.offer = blk_offer,
	.accept = blk_accept,
	.lock = blk_lock,
	.connect = blk_connect,
	.publish = blk_publish,
	.disconnect = blk_disconnect,
	.leave = blk_leave,
	.close = blk_close,
	.status = blk_status,
};
