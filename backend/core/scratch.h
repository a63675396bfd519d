/* SPDX-License-Identifier: MIT */
/*
 * Memory of a worker's for what comes from guests or goes to them, and does not stay: a part that each queue has for
 * its turn, and a part for what is in flight.
 *
 * Its pages are granted to this very domain, if it can do that (xen-gntalloc). Then a copy between one of them and a
 * guest's page names two references, and is Xen's work alone. For a copy at an address the kernel looks up and pins the
 * page each time, which in a PV domain costs more than to copy it. Without, the first part is memory like any other,
 * and nobody gets any of the second: his own is as good.
 *
 * Thread: the worker's. Never logs.
 */
#ifndef BACKEND_CORE_SCRATCH_H
#define BACKEND_CORE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xengnttab.h>

struct grants_lent;

struct scratch_pages {
	uint32_t turn, flight;
};

struct scratch {
	uint8_t *memory;   /* begins with a page */
	size_t turn_bytes; /* the first part: nobody's at the begin of a turn */
	size_t size_bytes;
	size_t taken_bytes; /* of both; what is behind was not taken since nothing was in flight */
	uint32_t nr_taken;
	uint32_t domid; /* ours */
	xengntshr_handle *xgs;
	uint32_t *grefs; /* one a page; NULL: they are not granted */
};

/* 0 or -ENOMEM; also without grants, which it does not try for if it may not. No pages: nothing but zeros. */
int scratch_open(struct scratch *scratch, uint32_t own_domid, const struct scratch_pages *pages, bool may_grant);
void scratch_close(struct scratch *scratch);

/*
 * From now on until scratch_give(), which needs not be told what; at_bytes is taken_bytes or more. NULL: there is no
 * room, or the pages are not granted. Room that was taken is there again when everything was given back, not before: it
 * is for what is over soon.
 */
uint8_t *scratch_take(struct scratch *scratch, size_t at_bytes, size_t len_bytes);
void scratch_give(struct scratch *scratch);

/* false: they are not in one page of it, or that is not granted. */
bool scratch_lends(const struct scratch *scratch, const void *bytes, size_t len_bytes, struct grants_lent *lent);

#endif
