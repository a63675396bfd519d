/* SPDX-License-Identifier: MIT */
/*
 * The scripted frontend: the smallest thing that keeps every clause of docs/protocol.md, one batch of requests after
 * the other. Its parts: life.c (states), offer.c (what the backend has published), publish.c (what we do), ring.c (what
 * is asked and answered), work.c (the workloads), resident.c (as a kernel's driver).
 *
 * Thread: the main thread. It ends with the exit status of the workload; what the environment does is an ERROR.
 */
#ifndef TESTS_CONFORM_SCRIPTED_FRONT_GUEST_H
#define TESTS_CONFORM_SCRIPTED_FRONT_GUEST_H

#include "tests/conform/peer/front_disk.h"

#define GUEST_MAX_OUT 1024
#define GUEST_FAILED  1 /* exit status: an I/O error */
#define GUEST_REFUSED 3 /* there is no disk */

struct guest {
	struct front front;
	/* What the backend has published, read once for a connection. */
	uint32_t max_order;
	uint64_t nr_sectors;
	uint32_t sector_bytes, info;
	uint32_t can_flush, can_barrier, can_discard, can_persist, max_indirect;
	/* Requests, by id. */
	struct {
		bool is_out;
		uint8_t operation;
		int16_t status;
	} request[GUEST_MAX_OUT];
	uint64_t next_id;
	unsigned int nr_out, nr_failed;
	bool is_broken; /* the ring: nothing is believed any more */
	bool is_ending; /* the backend wants the disk back, or is gone */
	struct blk_response early; /* RING-12: what comes next, perhaps */
	bool has_early;
};

/* ---- life.c ---- */
/* Until the workload is done: its exit status. */
int guest_live(struct guest *guest, const char *work);
/* Its parts. false: there is no disk. */
bool guest_come_up(struct guest *guest);
void guest_go_down(struct guest *guest);
/* Takes notice of the backend's state. */
void guest_look(struct guest *guest);

/* ---- offer.c ---- */
/* Each: false, it cannot be used. */
bool guest_read_offer(struct guest *guest);
bool guest_read_disk(struct guest *guest);
void guest_read_size(struct guest *guest);

/* ---- publish.c ---- */
void guest_make(struct guest *guest);
void guest_publish(struct guest *guest);

/* ---- ring.c ---- */
/* One request for whole sectors of some pages from `page` on, not published yet. */
void guest_put(struct guest *guest, uint8_t operation, uint64_t sector, unsigned int page, unsigned int nr_pages);
/* READs into pages from the second one on; the first one is full of segments. */
void guest_put_indirect(struct guest *guest, uint64_t sector, unsigned int nr_pages);
void guest_discard(struct guest *guest, uint64_t sector, uint64_t nr_sectors);
/* Publishes, and waits until all are answered. false: not all are, or not with OKAY. */
bool guest_do_all(struct guest *guest);
/* Until something comes. */
void guest_sleep(struct guest *guest);

/* ---- work.c ---- */
int guest_work(struct guest *guest, const char *work);

/* ---- resident.c ---- */
/* Lives with all disks of this guest, and does not return. */
int guest_reside(void);
/* One who resides does that with a disk: its exit status. */
int guest_ask(uint32_t devid, const char *work);

#endif
