/* SPDX-License-Identifier: MIT */
/*
 * A connection to xenstore, with at most one transaction open in it and the watches registered through it.
 *
 * Use: xb_store_init(), xb_store_open(), then node.h, watch.h, state.h, device.h and scan.h; everything done inside an
 * xb_transaction() body belongs to that transaction.
 * Thread: the main thread of the process, and it alone (libxenstore keeps a reader thread of its own inside).
 * Errors: -errno with the whole path, the value found and what was expected in err, never NULL. Never logs.
 * Trust: whatever is read may have been written by the peer; only directories of our own domain are believed.
 */
#ifndef XENBUS_STORE_H
#define XENBUS_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "common/base/errbuf.h"

#define XB_PATH_MAX (XENSTORE_ABS_PATH_MAX + 1) /* any path, with its NUL */
#define XB_DIR_MAX  256                         /* a device's directory, with its NUL */
#define XB_DOMID_MAX 0x7fefU                    /* the last number a domain can have */

struct xb_watch;
TAILQ_HEAD(xb_watch_list, xb_watch);

struct xb_store {
	struct xs_handle *xs;
	xs_transaction_t txn; /* 0: none is open */
	uint32_t domid;       /* of the domain we run in */
	char home[32];        /* "/local/domain/DOMID" of that domain */
	bool has_socket;      /* else xenstored is in another domain, and the kernel talks to it */
	/* watch.h */
	struct xb_watch **watches; /* by slot; NULL: free */
	unsigned int nr_slots;
	uint32_t next_generation;
	struct xb_watch_list dirty;
};

/*
 * The -errno of a call of libxenstore that has failed. Where it had no memory it sets none; that the connection has
 * ended it says in several ways, all of which are -EIO here: our -EINVAL is about values.
 */
int xb_errno(void);

/* The call says nothing about the store, as there was no memory or no connection: ask again. */
static inline bool xb_is_unknown(int rc)
{
	return rc == -ENOMEM || rc == -EIO || rc == -EAGAIN;
}

void xb_store_init(struct xb_store *store);
/* Connects (XENSTORED_PATH and XENSTORED_RUNDIR say where, as for any libxenstore program) and learns our own domid. */
int xb_store_open(struct xb_store *store, struct errbuf *err);
/* Is the domain known to xenstored? One that has died is not, though its nodes may be there for a while. */
int xb_store_has_domain(struct xb_store *store, uint32_t domid, bool *has, struct errbuf *err);
/*
 * After the connection was lost: connects anew, with the same watches, each of them dirty. check() looks first whether
 * it is the same store; what it returns but 0 is returned. On failure all is as it was.
 * Does not wait for a xenstored that is not there, but as any call for one that does not answer.
 */
int xb_store_reopen(struct xb_store *store, int (*check)(void *arg), void *arg, struct errbuf *err);
/* Disconnects; every xb_watch still registered is forgotten (and may be removed later, or not). */
void xb_store_fini(struct xb_store *store);

/*
 * Runs body inside a transaction and commits it when body returns 0; any other value aborts and is returned.
 * When somebody else changed what body saw, body runs again, from the start: it may only read and write the store and
 * overwrite what arg points to. -EAGAIN: gave up after XB_TRANSACTION_TRIES. Transactions do not nest: -EBUSY.
 */
#define XB_TRANSACTION_TRIES 100
typedef int xb_transaction_fn(struct xb_store *store, void *arg, struct errbuf *err);
int xb_transaction(struct xb_store *store, xb_transaction_fn *body, void *arg, struct errbuf *err);

#endif
