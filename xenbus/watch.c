// SPDX-License-Identifier: MIT
#include "xenbus/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

/* A token is "SLOT.GENERATION": found without a search, and never the same twice. */
struct token {
	char text[32];
};

static struct token token_of(const struct xb_watch *watch)
{
	struct token token;

	snprintf(token.text, sizeof(token.text), "%u.%u", watch->slot, watch->generation);
	return token;
}

void xb_watch_init(struct xb_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
}

static int take_slot(struct xb_store *store, struct xb_watch *watch)
{
	struct xb_watch **bigger;
	unsigned int slot = 0, nr;

	while (slot < store->nr_slots && store->watches[slot])
		slot++;
	if (slot == store->nr_slots) {
		nr = store->nr_slots ? 2 * store->nr_slots : 16;
		bigger = reallocarray(store->watches, nr, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		memset(bigger + store->nr_slots, 0, (nr - store->nr_slots) * sizeof(*bigger));
		store->watches = bigger;
		store->nr_slots = nr;
	}
	store->watches[slot] = watch;
	watch->slot = slot;
	watch->generation = store->next_generation++;
	return 0;
}

int xb_watch_add(struct xb_store *store, struct xb_watch *watch, const char *path, struct errbuf *err)
{
	char *copy = NULL;
	int rc;

	if (watch->store)
		return errbuf_set(err, -EBUSY, "%s: this watch is on %s already", path, watch->path);
	copy = strdup(path);
	rc = copy ? take_slot(store, watch) : -ENOMEM;
	if (rc)
		goto out;
	errno = 0; /* stays so if it can start no thread */
	if (!xs_watch(store->xs, path, token_of(watch).text)) {
		rc = xb_errno();
		store->watches[watch->slot] = NULL;
		goto out;
	}
	watch->store = store;
	watch->path = copy;
	copy = NULL;
out:
	free(copy);
	return rc ? errbuf_set(err, rc, "%s cannot be watched: %s", path, strerror(-rc)) : 0;
}

int xb_watch_add_again(struct xb_store *store, struct errbuf *err)
{
	for (unsigned int slot = 0; slot < store->nr_slots; slot++) {
		const struct xb_watch *watch = store->watches[slot];
		int rc = 0;

		errno = 0; /* stays so if the first one can start no thread */
		if (watch && !xs_watch(store->xs, watch->path, token_of(watch).text))
			rc = xb_errno();
		if (rc)
			return errbuf_set(err, rc, "%s cannot be watched: %s", watch->path, strerror(-rc));
	}
	return 0;
}

void xb_watch_remove(struct xb_watch *watch)
{
	struct xb_store *store = watch->store;

	if (!store)
		return;
	/* That can only fail when xenstored is gone, and the watch with it. */
	xs_unwatch(store->xs, watch->path, token_of(watch).text);
	if (watch->is_dirty)
		TAILQ_REMOVE(&store->dirty, watch, dirty_entry);
	store->watches[watch->slot] = NULL;
	free(watch->path);
	xb_watch_init(watch);
}

int xb_watch_fd(struct xb_store *store, struct errbuf *err)
{
	int fd = xs_fileno(store->xs);

	return fd >= 0 ? fd : errbuf_set(err, -EIO, "xenstore: there is no file descriptor to wait on");
}

static void mark_dirty(struct xb_store *store, const char *token)
{
	struct xb_watch *watch;
	unsigned int slot, generation;

	if (sscanf(token, "%u.%u", &slot, &generation) != 2 || slot >= store->nr_slots)
		return;
	watch = store->watches[slot];
	if (!watch || watch->generation != generation || watch->is_dirty)
		return;
	watch->is_dirty = true;
	TAILQ_INSERT_TAIL(&store->dirty, watch, dirty_entry);
}

/* One event was lost: it may have been any watch's. */
static void mark_all_dirty(struct xb_store *store)
{
	for (unsigned int slot = 0; slot < store->nr_slots; slot++) {
		if (store->watches[slot])
			mark_dirty(store, token_of(store->watches[slot]).text);
	}
}

int xb_watch_drain(struct xb_store *store, struct errbuf *err)
{
	for (int i = 0; i < XB_DRAIN_MAX; i++) {
		char **event = xs_check_watch(store->xs);
		int rc = event ? 0 : xb_errno();

		if (rc == -EAGAIN)
			return 0;
		if (rc && rc != -ENOMEM)
			return errbuf_set(err, rc, "xenstore: watches cannot be read: %s", strerror(-rc));
		if (event)
			mark_dirty(store, event[XS_WATCH_TOKEN]);
		else
			mark_all_dirty(store);
		free(event);
	}
	return 0;
}

struct xb_watch *xb_watch_next_dirty(struct xb_store *store)
{
	struct xb_watch *watch = TAILQ_FIRST(&store->dirty);

	if (watch) {
		TAILQ_REMOVE(&store->dirty, watch, dirty_entry);
		watch->is_dirty = false;
	}
	return watch;
}

int xb_watch_wait(struct xb_store *store, uint64_t deadline_ns, struct errbuf *err)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	struct timespec timeout = { left_ns / NSEC_PER_SEC, left_ns % NSEC_PER_SEC };
	struct pollfd pfd = { .events = POLLIN };
	int r;

	pfd.fd = xb_watch_fd(store, err);
	if (pfd.fd < 0)
		return pfd.fd;
	do {
		r = ppoll(&pfd, 1, &timeout, NULL);
	} while (r < 0 && errno == EINTR && clock_now_ns() < deadline_ns);
	if (r < 0)
		return errbuf_set(err, -errno, "xenstore: waiting for watches: %s", strerror(errno));
	if (r == 0)
		return errbuf_set(err, -ETIMEDOUT, "xenstore: nothing changed in time");
	return xb_watch_drain(store, err);
}
