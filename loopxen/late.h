/* SPDX-License-Identifier: MIT */
/*
 * LOOPXEN_FAIL=unmap:K: unmaps that return before they are done. Linux's gntdev does so when a page is still in use
 * elsewhere (by I/O that is under way, say): the pages are gone from the process, the peer's grants are not free yet.
 *
 * Thread: any. Never logs.
 */
#ifndef LOOPXEN_LATE_H
#define LOOPXEN_LATE_H

#include <stdbool.h>

#include "loopxen/region.h"

#define LATE_UNMAP_MS 250

/* true: its maps end in LATE_UNMAP_MS, or with the process, by themselves. false: there are no means for that. */
bool late_unmap(const struct region *r);

#endif
