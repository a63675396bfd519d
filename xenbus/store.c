// SPDX-License-Identifier: MIT
#include "xenbus/store.h"

#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/parse.h"
#include "xenbus/watch.h"

int xb_errno(void)
{
	switch (errno) {
	case 0:
		return -ENOMEM;
	case EINVAL:
	case EBADF:
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return -EIO;
	default:
		return -errno;
	}
}

void xb_store_init(struct xb_store *store)
{
	memset(store, 0, sizeof(*store));
	TAILQ_INIT(&store->dirty);
}

/* The toolstack writes `domid` for every domain, xen-init-dom0 for domain 0. */
static int learn_domid(struct xb_store *store, struct errbuf *err)
{
	unsigned int len;
	char *value = xs_read(store->xs, XBT_NULL, "domid", &len);
	int rc = value ? 0 : xb_errno();

	if (rc)
		return errbuf_set(err, rc,
				  "xenstore: this domain's own 'domid' cannot be read: %s (in domain 0 xen-init-dom0 "
				  "writes it)", strerror(-rc));
	rc = parse_u32(value, 0, XB_DOMID_MAX, &store->domid);
	free(value);
	if (rc)
		return errbuf_set(err, rc, "xenstore: this domain's own 'domid' is not a number from 0 to %u",
				  XB_DOMID_MAX);
	snprintf(store->home, sizeof(store->home), "/local/domain/%u", store->domid);
	return 0;
}

/*
 * libxenstore ends its thread with pthread_cancel(). What glibc needs for that it loads at its first use, and aborts if
 * there is no memory for it: the first use is here, where that is still an error like any other.
 */
static int make_cancellable(struct errbuf *err)
{
	void *frame;

	return backtrace(&frame, 1) == 1 ? 0 : errbuf_set(err, -ENOMEM, "xenstore cannot be reached: no memory");
}

/* Where there is no socket xs_open() takes the kernel's device, on which a call waits until there is a xenstored. */
static int look_for_socket(struct errbuf *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", xs_daemon_socket());
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		rc = errbuf_set(err, -errno, "xenstore: %.100s: %s", addr.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

int xb_store_open(struct xb_store *store, struct errbuf *err)
{
	int rc = make_cancellable(err);

	if (rc)
		return rc;
	store->has_socket = access(xs_daemon_socket(), F_OK) == 0;
	store->xs = xs_open(XS_UNWATCH_FILTER);
	if (!store->xs) {
		rc = xb_errno();
		return errbuf_set(err, rc, "xenstore cannot be reached: %s (is xenstored running, is this root?)",
				  strerror(-rc));
	}
	rc = learn_domid(store, err);
	if (rc)
		xb_store_fini(store);
	return rc;
}

int xb_store_has_domain(struct xb_store *store, uint32_t domid, bool *has, struct errbuf *err)
{
	int rc;

	errno = 0; /* stays so with the answer that there is none */
	*has = xs_is_domain_introduced(store->xs, domid);
	if (*has || errno == 0)
		return 0;
	rc = xb_errno();
	return errbuf_set(err, rc, "xenstore: domain %u cannot be asked for: %s", domid, strerror(-rc));
}

int xb_store_reopen(struct xb_store *store, int (*check)(void *arg), void *arg, struct errbuf *err)
{
	struct xs_handle *lost = store->xs;
	int rc = store->has_socket ? look_for_socket(err) : 0;

	if (rc)
		return rc;
	store->xs = xs_open(XS_UNWATCH_FILTER);
	if (!store->xs) {
		rc = xb_errno();
		store->xs = lost;
		return errbuf_set(err, rc, "xenstore cannot be reached: %s", strerror(-rc));
	}
	rc = learn_domid(store, err);
	if (rc == 0)
		rc = check(arg);
	if (rc == 0)
		rc = xb_watch_add_again(store, err);
	xs_close(rc ? store->xs : lost);
	if (rc)
		store->xs = lost;
	return rc;
}

void xb_store_fini(struct xb_store *store)
{
	for (unsigned int slot = 0; slot < store->nr_slots; slot++) {
		if (store->watches[slot]) {
			free(store->watches[slot]->path);
			xb_watch_init(store->watches[slot]);
		}
	}
	free(store->watches);
	xs_close(store->xs);
	xb_store_init(store);
}

/* One try. true: it is over, *rc says how. */
static bool try_transaction(struct xb_store *store, xb_transaction_fn *body, void *arg, int *rc, struct errbuf *err)
{
	xs_transaction_t txn = xs_transaction_start(store->xs);

	if (txn == XBT_NULL) {
		*rc = xb_errno();
		errbuf_set(err, *rc, "xenstore: a transaction cannot be started: %s", strerror(-*rc));
		return true;
	}
	store->txn = txn;
	*rc = body(store, arg, err);
	store->txn = XBT_NULL;
	if (*rc) {
		xs_transaction_end(store->xs, txn, true);
		return true;
	}
	if (xs_transaction_end(store->xs, txn, false))
		return true;
	if (errno == EAGAIN)
		return false;
	*rc = xb_errno();
	errbuf_set(err, *rc, "xenstore: a transaction cannot be committed: %s", strerror(-*rc));
	return true;
}

int xb_transaction(struct xb_store *store, xb_transaction_fn *body, void *arg, struct errbuf *err)
{
	int rc;

	if (store->txn != XBT_NULL)
		return errbuf_set(err, -EBUSY, "xenstore: a transaction is open already");
	for (int i = 0; i < XB_TRANSACTION_TRIES; i++) {
		if (try_transaction(store, body, arg, &rc, err))
			return rc;
	}
	return errbuf_set(err, -EAGAIN, "xenstore: somebody else changed the same nodes during each of %d transactions",
			  XB_TRANSACTION_TRIES);
}
