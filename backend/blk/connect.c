// SPDX-License-Identifier: MIT
/* A disk from the toolstack's nodes to its queues and back. What it and its guest agree on: terms.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/blk/blk.h"
#include "backend/core/machine.h"
#include "backend/core/metrics.h"
#include "xenbus/node.h"

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

/* ---- the queues ------------------------------------------------------------------------------------------------ */

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
		blk->queues = NULL;
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

/* One that was under way when an operator asked may have begun before the image was what he asks about. */
static void note_measured(struct blk_device *blk, uint64_t size_bytes)
{
	blk->image_bytes = size_bytes;
	if (blk->must_measure_again)
		blk_queues_measure(blk->queues);
	else
		blk->nr_measured++;
	blk->must_measure_again = false;
}

/* The guest may use what is new as soon as it is told. */
static void on_measured(void *device, uint64_t size_bytes)
{
	struct blk_device *blk = device;

	note_measured(blk, size_bytes);
	if (size_bytes == 0)
		return;
	if (size_bytes < blk->told_bytes) {
		say_shrunk(blk, size_bytes);
		return;
	}
	blk->has_said_shrunk = false;
	if (size_bytes == blk->told_bytes || blk->dev.phase != DEVICE_CONNECTED)
		return;
	log_info("%s: image %s has grown to %llu bytes", blk->dev.label, blk->params, (unsigned long long)size_bytes);
	blk->image->engine->size_bytes = size_bytes;
	blk_queues_grow(blk->queues, size_bytes / BLK_SECTOR_BYTES);
	device_publish(&blk->dev);
}

static void on_stopped(void *device, uint32_t nr_orphans)
{
	struct blk_device *blk = device;

	blk_queues_count(blk->queues, &blk->counted_before);
	blk_counters_close(&blk->counted_before);
	blk->queues = NULL;
	device_disconnected(&blk->dev, nr_orphans);
}

/* Holes only where the operator lets a guest give storage back. */
static enum blk_zeros choose_zeros(const struct blk_device *blk)
{
	enum blk_zeros most = blk->may_discard ? BLK_ZEROS_AS_HOLE : BLK_ZEROS_AS_RANGE;

	if (most > blk->image->engine->zeros)
		most = blk->image->engine->zeros;
	return blk_config.zeros < most ? blk_config.zeros : most;
}

static void blk_connect(struct device *dev)
{
	struct blk_device *blk = to_blk(dev);
	const struct blk_engine *engine = blk->image->engine;
	const struct blk_queue_params like = {
		.label = dev->label,
		.log_limits = &dev->guest->limits,
		.image = blk->image,
		.abi = blk->abi,
		.limits = { .nr_sectors = engine->size_bytes / BLK_SECTOR_BYTES,
			    .is_read_only = blk->is_read_only,
			    .has_discard = blk_has_discard(blk),
			    .max_indirect_segments = blk->max_indirect_segments },
		.maps_data = blk_config.grants == BLK_GRANTS_MAP,
		.max_persistent_pages = blk->is_persistent && blk_keeps_pages() ? blk_config.max_persistent_pages : 0,
		.zeros = choose_zeros(blk),
		.budget = &dev->guest->persistent,
		.is_resumed = dev->is_resuming,
	};
	const struct blk_queues_events events = {
		.device = blk,
		.started = on_started,
		.failed = on_failed,
		.measured = on_measured,
		.stopped = on_stopped,
	};
	struct errbuf err;

	blk->queues = blk_queues_start(dev->host, &dev->rings, &like, &events);
	if (blk->queues)
		return;
	image_unlock(blk->image); /* may block; but no helper can be expected to do it without memory */
	device_connected(dev, errbuf_set(&err, -ENOMEM, "no memory for %u queue(s)", dev->rings.nr), &err);
}

static void blk_disconnect(struct device *dev, enum queue_stop how)
{
	blk_queues_stop(to_blk(dev)->queues, how);
}

static int blk_measure(struct device *dev, struct errbuf *err)
{
	struct blk_device *blk = to_blk(dev);

	if (!blk->queues || dev->phase != DEVICE_CONNECTED)
		return errbuf_set(err, -ENOTCONN,
				  "%s: its guest is not connected: it finds all there is when it connects", dev->label);
	if (!blk->image->engine->ops->measure)
		return errbuf_set(err, -EOPNOTSUPP, "%s: image %s never changes its size", dev->label, blk->params);
	blk->must_measure_again = !blk_queues_measure(blk->queues);
	return 0;
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

static void blk_status(struct device *dev, json_t *object)
{
	struct blk_device *blk = to_blk(dev);
	struct blk_counters counters = blk->counted_before;

	if (blk->queues) {
		blk_queues_count(blk->queues, &counters);
		json_object_set_new(object, "queue_requests", blk_queues_requests(blk->queues));
	}
	json_object_set_new(object, "vdev", text_json(blk->vdev));
	json_object_set_new(object, "image", text_json(blk->params));
	json_object_set_new(object, "mode", json_string(blk->is_read_only ? "r" : "w"));
	json_object_set_new(object, "grants", json_string(blk_grants_names[blk_config.grants]));
	json_object_set_new(object, "queues", json_integer(blk->queues ? dev->rings.nr : 0));
	json_object_set_new(object, "size_bytes", json_integer(blk->told_bytes));
	json_object_set_new(object, "image_bytes", json_integer(blk->image_bytes));
	json_object_set_new(object, "nr_measured", json_integer(blk->nr_measured));
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
	.measure = blk_measure,
	.leave = blk_leave,
	.close = blk_close,
	.status = blk_status,
};
