/* SPDX-License-Identifier: MIT */
/*
 * One disk of the scripted backend: the smallest thing that keeps every clause of docs/protocol.md, one request after
 * the other. Its parts: life.c (states), takeover.c (from a process to the next), ring.c (what is taken and answered),
 * request.c (what is refused), transfer.c (between pages and image), image.c.
 *
 * Thread: the main thread. Never logs: why a connection was refused stands in the error node.
 */
#ifndef TESTS_CONFORM_SCRIPTED_DISK_H
#define TESTS_CONFORM_SCRIPTED_DISK_H

#include "tests/conform/peer/back.h"

#define DISK_MAX_SEGMENTS 1024 /* of an indirect request: two pages full */

struct disk {
	struct back back; /* the first, so that what writes its nodes finds the rest */
	bool was_offered; /* in this or in an earlier process */
	bool is_connected;    /* by us */
	bool must_see_closed; /* BUS-30 */
	unsigned int nr_connections;
	/* The image. */
	int fd; /* -1: it cannot be served, and fault says why */
	struct errbuf fault;
	/* The ring. */
	bool must_notify;   /* RING-25: once, when it is taken over */
	bool must_be_woken; /* EVT-2, RING-25: no look before an event */
	unsigned int nr_empty_events;
	bool is_spoilt;   /* GNT-5: a grant of this batch could not be used */
	uint64_t last_id; /* BLK-15: of the request before */
	bool has_last_id;
	uint8_t early[BLK_MAX_REQUEST_BYTES]; /* RING-12: the next request, perhaps */
	uint8_t *kept;    /* GNT-10: a page that is still mapped */
	uint8_t buffer[DISK_MAX_SEGMENTS * BACK_PAGE_BYTES];
};

/* A request, decoded. */
struct task {
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	bool is_indirect;
	uint8_t operation; /* of an indirect one, its indirect_op */
	uint16_t handle;
	uint64_t id, sector, nr_sectors;
	unsigned int nr_segments;
	struct blk_segment segment[DISK_MAX_SEGMENTS];
};

/* ---- life.c ---- */
/* Serves it until it is gone, or closed for good. It was begun: back_begin(). */
void disk_serve(struct disk *disk, uint32_t sector_bytes);

/* ---- takeover.c ---- */
/* SIGTERM only wakes us from now on, until takeover_end(). */
void takeover_begin(struct disk *disk);
void takeover_end(struct disk *disk);
/* Ends the process, and leaves a record of the ring if there is one. */
__attribute__((noreturn)) void takeover_leave(struct disk *disk);
/* Goes on with a ring of which there is a record that fits. */
void takeover_resume(struct disk *disk);

/* ---- ring.c ---- */
enum ring_look {
	RING_SLEEPS, /* there is nothing to do before the next event */
	RING_HAS_MORE,
	RING_IS_BROKEN,
};
/* Does not look before an event that comes later. */
void disk_wait_for_event(struct disk *disk);
/* Takes and answers what is there. */
enum ring_look disk_look_into_ring(struct disk *disk, bool has_event);

/* ---- request.c ---- */
void task_decode(const struct disk *disk, struct task *task);
/* Of an indirect one: all are in one page. false: that cannot be used. */
bool task_copy_segments(struct disk *disk, struct task *task);
/* BLKIF_RSP_OKAY: it can be carried out. */
int16_t task_judge(struct disk *disk, struct task *task);

/* ---- transfer.c ---- */
int16_t task_carry_out(struct disk *disk, const struct task *task);
void disk_unmap_kept(struct disk *disk);
/* What nobody may do: a READ's pages get something foreign, or what they got once more. */
void disk_store_again(struct disk *disk, const struct task *task, bool is_foreign);

/* ---- image.c ---- */
/* As the toolstack's nodes say; disk->fault says why not. */
bool image_open(struct disk *disk);
void image_close(struct disk *disk);
uint64_t image_nr_sectors(const struct disk *disk);
/* Since the last look, which takes notice of it. */
bool image_has_grown(struct disk *disk);
/* Each: false, the storage has failed. */
bool image_read(struct disk *disk, uint64_t sector, void *bytes, size_t len);
bool image_write(struct disk *disk, uint64_t sector, const void *bytes, size_t len);
bool image_flush(struct disk *disk);
bool image_barrier(struct disk *disk, uint64_t sector, const void *bytes, size_t len);
void image_discard(struct disk *disk, uint64_t sector, uint64_t nr_sectors);

#endif
