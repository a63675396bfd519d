/* SPDX-License-Identifier: MIT */
/* What pvring-blkd's own files share: a disk of a guest, and its options. */
#ifndef BACKEND_BLK_BLK_H
#define BACKEND_BLK_BLK_H

#include "backend/blk/image.h"
#include "backend/blk/queues.h"
#include "backend/core/device.h"
#include "common/base/container.h"

/* --grants: how a request's data gets to the guest. */
enum blk_grants {
	BLK_GRANTS_AUTO, /* persistent where the frontend offers it, else copies */
	BLK_GRANTS_COPY,
	BLK_GRANTS_MAP,
	BLK_NR_GRANTS,
};

extern const char *const blk_grants_names[BLK_NR_GRANTS];
extern const char *const blk_zeros_names[BLK_NR_ZEROS];

struct blk_config {
	enum blk_grants grants;
	enum blk_zeros zeros;
	enum blk_abi default_abi; /* of a frontend that does not write `protocol` */
	uint32_t max_persistent_pages; /* of each ring */
	uint32_t max_indirect_segments; /* of a request; 0: no indirect one is offered */
};

extern struct blk_config blk_config;
extern const struct device_class blk_class;

/* Whether persistent grants are offered. */
static inline bool blk_keeps_pages(void)
{
	return blk_config.grants == BLK_GRANTS_AUTO && blk_config.max_persistent_pages > 0;
}

#define BLK_MAX_RING_PAGE_ORDER 4
#define BLK_MAX_QUEUES          16

struct blk_device {
	struct device dev;
	/* From the toolstack's nodes; the main thread's. */
	char params[PATH_MAX + 64];
	char vdev[32];
	bool is_read_only;
	bool is_cdrom;
	bool is_direct_io_safe;
	bool may_discard;
	struct image_owner owner;
	struct image *image; /* NULL: not open */
	uint64_t told_bytes; /* the guest, in xenstore */
	bool has_said_shrunk;
	uint64_t image_bytes; /* when it was last measured; 0: that could not be found out */
	uint64_t nr_measured; /* how often, but for what had begun when somebody asked */
	bool must_measure_again;
	/* What the frontend chose. */
	enum blk_abi abi;
	bool is_persistent;
	uint32_t max_indirect_segments; /* as the frontend was told */
	struct blk_queues *queues; /* NULL: not connected */
	struct blk_counters counted_before; /* by the queues of earlier connections */
};

static inline struct blk_device *to_blk(struct device *dev)
{
	return container_of(dev, struct blk_device, dev);
}

bool blk_has_discard(const struct blk_device *blk);

/* For struct device_class. */
int blk_offer(struct device *dev, struct errbuf *err);
int blk_publish(struct device *dev, struct errbuf *err);
int blk_accept(struct device *dev, struct errbuf *err);

#endif
