/* SPDX-License-Identifier: MIT */
/*
 * Watches, each coalesced to one dirty flag: a peer that writes a node a million times costs one visit, not a queue.
 *
 * Use: embed an xb_watch, xb_watch_add() it; when xb_watch_fd() is readable call xb_watch_drain(), then walk
 *	while ((watch = xb_watch_next_dirty(store)))
 *		container_of(watch, ...) and read again everything that matters
 * A watch is dirty once right after it was added, as xenstore has it. The walk may add and remove any watch, the one
 * just returned included. What an event says (its path) is never used: only that its token is a watch of ours.
 *
 * The fd is level-triggered: it stays readable while events are left. xenstored going away does not show on it (a
 * property of libxenstore); it shows as the error of the next call.
 * Thread: as store.h. Never logs.
 */
#ifndef XENBUS_WATCH_H
#define XENBUS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "xenbus/store.h"

struct xb_watch {
	struct xb_store *store; /* NULL: not registered */
	char *path;
	unsigned int slot;
	uint32_t generation; /* with slot: the token; a late event of an earlier watch is nobody's */
	bool is_dirty;
	TAILQ_ENTRY(xb_watch) dirty_entry;
};

void xb_watch_init(struct xb_watch *watch);
/* -EBUSY: it is registered already. A domain other than 0 may have 128 of them, xenstored's default quota. */
int xb_watch_add(struct xb_store *store, struct xb_watch *watch, const char *path, struct errbuf *err);
/* Every watch, on a new connection (xb_store_reopen()). */
int xb_watch_add_again(struct xb_store *store, struct errbuf *err);
/* No event of it is seen after this; not registered: nothing happens. */
void xb_watch_remove(struct xb_watch *watch);

/* -errno if there is none. */
int xb_watch_fd(struct xb_store *store, struct errbuf *err);
/* Takes in what is pending, never blocks and never stays: after XB_DRAIN_MAX events it returns, the fd readable. */
#define XB_DRAIN_MAX 10000
int xb_watch_drain(struct xb_store *store, struct errbuf *err);
/* The watch that has been dirty longest, now clean; NULL: none. */
struct xb_watch *xb_watch_next_dirty(struct xb_store *store);

/*
 * For programs that do nothing else meanwhile: drains once there is something to drain. -ETIMEDOUT: nothing came until
 * deadline_ns (clock.h); one that is over still takes in what is pending.
 */
int xb_watch_wait(struct xb_store *store, uint64_t deadline_ns, struct errbuf *err);

#endif
