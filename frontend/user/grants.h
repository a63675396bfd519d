/* SPDX-License-Identifier: MIT */
/*
 * Pages granted to the backend's domain, in one contiguous area, from connect to disconnect.
 *
 * The backend can read and write every page of a pool at any moment, whatever the frontend is doing with it, and sees
 * what earlier requests left there: nothing but data of disks and frames ever goes into one. Pages come zeroed from the
 * kernel.
 *
 * In a guest each page counts against xen-gntalloc's `limit` (1024 for the whole guest unless set otherwise).
 * Thread: one owner. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_GRANTS_H
#define FRONTEND_USER_GRANTS_H

#include <stddef.h>
#include <stdint.h>

#include <xengnttab.h>

struct errbuf;

#define GRANT_PAGE_BYTES 4096U

struct grant_pool {
	xengntshr_handle *gntshr;
	uint8_t *area; /* NULL: nothing is shared */
	uint32_t *refs;
	uint32_t nr_pages;
};

void grant_pool_init(struct grant_pool *pool);
/* Shares nr_pages (at least 1) with domid, for reading and writing. */
int grant_pool_share(struct grant_pool *pool, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_pages,
		     struct errbuf *err);
/*
 * Takes the pages back. One that the backend still has mapped stays with the kernel until it is unmapped, and is never
 * used for anything else before that.
 */
void grant_pool_fini(struct grant_pool *pool);

static inline void *grant_pool_page(const struct grant_pool *pool, uint32_t page)
{
	return pool->area + (size_t)page * GRANT_PAGE_BYTES;
}

#endif
