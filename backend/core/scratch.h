/* SPDX-License-Identifier: MIT */
/*
 * Memory of a worker's for what lasts no longer than one queue's turn: frames on their way to a guest.
 *
 * Its pages are granted to this very domain, if it can do that (xen-gntalloc). Then a copy from one of them to a guest's
 * page names two references (grants_lent.h), and is Xen's work alone. For a copy from an address the kernel looks up and
 * pins the page each time, which in a PV domain costs more than to copy it. Without, this is memory like any other.
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

struct scratch {
	uint8_t *memory; /* begins with a page; nobody's at the begin of a turn */
	size_t size_bytes;
	uint32_t domid; /* ours */
	xengntshr_handle *xgs;
	uint32_t *grefs; /* one a page; NULL: they are not granted */
};

/* 0 or -ENOMEM; also without grants. No pages: nothing but zeros. */
int scratch_open(struct scratch *scratch, uint32_t own_domid, uint32_t nr_pages);
void scratch_close(struct scratch *scratch);

/* false: they are not in one page of it, or that is not granted. */
bool scratch_lends(const struct scratch *scratch, const void *bytes, size_t len_bytes, struct grants_lent *lent);

#endif
