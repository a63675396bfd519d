/* SPDX-License-Identifier: MIT */
/*
 * The handle of gnttab and gntshr, and the memory regions it gave out: an address, and per page the map's index
 * (gnttab) or the grant reference (gntshr).
 *
 * Thread: any; the handle has a lock. Never logs.
 */
#ifndef LOOPXEN_REGION_H
#define LOOPXEN_REGION_H

#include <pthread.h>
#include <stdint.h>

#define HANDLE_BUCKETS 1024u

struct region {
	struct region *next;
	uint8_t *addr; /* NULL: not mapped (any more) */
	uint32_t nr;   /* pages */
	uint32_t slot; /* gntshr: of the domain whose grants these are */
	uint32_t id[];
};

struct xengntdev_handle {
	int fd;  /* useless, as the real one */
	int pid; /* who opened it: a forked child may only close it */
	uint32_t proc, slot;
	pthread_mutex_t lock;
	struct region *bucket[HANDLE_BUCKETS]; /* by address */
};

struct xengntdev_handle *handle_open(void); /* NULL with errno */
/* Gives every region left to RELEASE, unless this is a forked child. */
int handle_close(struct xengntdev_handle *h, void (*release)(struct region *));
void handle_add(struct xengntdev_handle *h, struct region *r);
/* Takes the region out, if there is one of exactly this size at this address. */
struct region *handle_take(struct xengntdev_handle *h, void *addr, uint32_t nr);

/* Reserves address space for nr pages; NULL with errno. */
struct region *region_new(uint32_t nr);
void region_free(struct region *r);

#endif
