/* SPDX-License-Identifier: MIT */
/*
 * What the backend says about the disk, read and checked. The rows of disk.c are everything we look at.
 *
 * Thread: the one that owns the store. Trust: every value is the backend's. Errors: -errno with the node, what it
 * held and what was expected; never logs.
 */
#ifndef FRONTEND_USER_DISK_H
#define FRONTEND_USER_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;
struct xb_store;

/* Published with InitWait, before there is a ring. */
struct blk_offer {
	uint32_t max_ring_order;
	uint32_t max_queues;
	uint32_t can_persist; /* it keeps grants mapped if we offer the same */
};

/* Published with Connected. */
struct blk_disk {
	uint64_t nr_sectors; /* of 512 bytes; a whole number of the disk's own sectors */
	uint32_t sector_bytes;
	uint32_t physical_sector_bytes;
	uint32_t info; /* VDISK_* */
	uint32_t can_flush;
	uint32_t can_barrier;
	uint32_t can_discard;
	uint32_t max_indirect_segments; /* 0: it does not take BLKIF_OP_INDIRECT */
	bool is_read_only;
	bool is_cdrom;
};

int blk_offer_read(struct xb_store *store, const char *backend, struct blk_offer *offer, struct errbuf *err);
int blk_disk_read(struct xb_store *store, const char *backend, struct blk_disk *disk, struct errbuf *err);
/* Reads the size of a disk anew, which is all that may change while it is connected; on failure *disk is as it was. */
int blk_disk_read_size(struct xb_store *store, const char *backend, struct blk_disk *disk, struct errbuf *err);

/* Pure: judges what was read and fills in what follows from it. -EPROTO. */
int blk_disk_check(struct blk_disk *disk, uint64_t sectors, struct errbuf *err);

#endif
