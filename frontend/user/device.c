// SPDX-License-Identifier: MIT
#include "frontend/user/device.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "frontend/user/port.h"

#define STATE_BIT(state) (1U << (state))
/* A backend may be faster than we look: its offer is there from InitWait on. */
#define HAS_OFFERED (STATE_BIT(XB_INIT_WAIT) | STATE_BIT(XB_INITIALISED) | STATE_BIT(XB_CONNECTED))
/* States of a backend that holds nothing of ours and never will again without being asked. */
#define HAS_LET_GO (STATE_BIT(XB_UNKNOWN) | STATE_BIT(XB_INITIALISING) | STATE_BIT(XB_INIT_WAIT) | STATE_BIT(XB_CLOSED))

void front_device_init(struct front_device *dev)
{
	xb_store_init(&dev->store);
	xb_device_init(&dev->xb);
	dev->gntshr = NULL;
	dev->epoll_fd = -1;
}

void front_device_fini(struct front_device *dev)
{
	struct errbuf ignored;

	if (dev->epoll_fd >= 0)
		close(dev->epoll_fd);
	if (dev->gntshr)
		xengntshr_close(dev->gntshr);
	if (dev->store.xs) /* libxenstore 4.17 leaks what is pending for a watch that is removed */
		(void)xb_watch_drain(&dev->store, &ignored);
	xb_device_fini(&dev->xb);
	xb_store_fini(&dev->store);
	front_device_init(dev);
}

static int open_store(struct front_device *dev, const char *kind, uint32_t devid, struct errbuf *err)
{
	int rc;

	front_device_init(dev);
	rc = xb_store_open(&dev->store, err);
	if (rc)
		goto out;
	rc = xb_device_open_frontend(&dev->xb, &dev->store, kind, devid, err);
	if (rc)
		goto out;
	rc = xb_device_watch(&dev->xb, err);
out:
	if (rc)
		front_device_fini(dev);
	return rc;
}

/* Everything is read again after each event, so which watch it was does not matter. */
static void forget_dirty(struct front_device *dev)
{
	while (xb_watch_next_dirty(&dev->store))
		;
}

static int wait_for_event(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err)
{
	int rc = xb_watch_wait(&dev->store, deadline_ns, err);

	forget_dirty(dev);
	return rc;
}

/* A directory that was removed is, to a guest, one that it may not read: what is above it never was its own. */
static int read_peer_state(struct front_device *dev, enum xb_state *peer, struct errbuf *err)
{
	int rc = xb_device_peer_state(&dev->xb, peer, err);

	if (rc == -EACCES) {
		*peer = XB_UNKNOWN;
		return 0;
	}
	return rc;
}

/* Waits until the backend is in one of the states. */
static int await_states(struct front_device *dev, unsigned int states, uint64_t deadline_ns, struct errbuf *err)
{
	enum xb_state peer;
	int rc;

	for (;;) {
		rc = read_peer_state(dev, &peer, err);
		if (rc)
			return rc;
		if (STATE_BIT(peer) & states)
			return 0;
		rc = wait_for_event(dev, deadline_ns, err);
		if (rc == -ETIMEDOUT)
			return errbuf_set(err, rc, "%s: the backend stays in state %s: it has not let go",
					  dev->xb.otherend, xb_state_name(peer));
		if (rc)
			return rc;
	}
}

static int action_now(struct front_device *dev, enum xb_action *action, enum xb_state *ours, enum xb_state *peer,
		      struct errbuf *err)
{
	int rc;

	rc = xb_device_own_state(&dev->xb, ours, err);
	if (rc)
		return rc;
	rc = read_peer_state(dev, peer, err);
	if (rc)
		return rc;
	*action = xb_device_action(&dev->xb, *ours, *peer);
	return 0;
}

/* Waits until the backend is in one of the states, as long as the table finds nothing wrong with those on the way. */
static int await_backend(struct front_device *dev, unsigned int wanted, uint64_t deadline_ns, struct errbuf *err)
{
	enum xb_state ours, peer;
	enum xb_action action;
	int rc;

	for (;;) {
		rc = action_now(dev, &action, &ours, &peer, err);
		if (rc)
			return rc;
		if (STATE_BIT(peer) & wanted)
			return 0;
		if (action != XB_ACT_NONE && action != XB_ACT_SETUP && action != XB_ACT_CONNECT)
			return errbuf_set(err, action == XB_ACT_PROTOCOL_ERROR ? -EPROTO : -ECONNREFUSED,
					  "%s: the backend went to state %s while we were %s", dev->xb.otherend,
					  xb_state_name(peer), xb_state_name(ours));
		rc = wait_for_event(dev, deadline_ns, err);
		if (rc == -ETIMEDOUT)
			return errbuf_set(err, rc,
					  "%s: the backend stays in state %s: is there one that serves this device?",
					  dev->xb.otherend, xb_state_name(peer));
		if (rc)
			return rc;
	}
}

/* ---- closing ---------------------------------------------------------------------------------------------------- */

/* -ENOENT of a state that was to be written: the toolstack, or a backend that saw it coming, removed the directory. */
static int close_steps(struct front_device *dev, enum xb_state ours, uint64_t deadline_ns, struct errbuf *err)
{
	int rc, closing_rc = 0;
	struct errbuf late;

	if (ours != XB_CLOSED && ours != XB_CLOSING) {
		rc = xb_device_switch(&dev->xb, XB_CLOSING, err);
		if (rc)
			return rc;
	}
	if (ours != XB_CLOSED) {
		/* Some (QEMU) let go at Closed only: until then ring and pages are theirs. */
		closing_rc = await_states(dev, HAS_LET_GO | STATE_BIT(XB_CLOSING), deadline_ns, err);
		rc = xb_device_switch(&dev->xb, XB_CLOSED, closing_rc ? &late : err);
		if (closing_rc || rc)
			return closing_rc ? closing_rc : rc;
	}
	return await_states(dev, HAS_LET_GO, deadline_ns, err);
}

static int close_by(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err)
{
	enum xb_state ours;
	int rc;

	rc = xb_device_own_state(&dev->xb, &ours, err);
	if (rc || ours == XB_UNKNOWN) /* our directory is gone, and with it the device */
		return rc;
	rc = close_steps(dev, ours, deadline_ns, err);
	return rc == -ENOENT ? 0 : rc;
}

int front_device_close(struct front_device *dev, uint32_t timeout_ms, struct errbuf *err)
{
	return close_by(dev, clock_in_ms(timeout_ms), err);
}

/* ---- connecting -------------------------------------------------------------------------------------------------- */

/* Returns when the backend has made its offer. -ETIMEDOUT says in which state it stayed. */
static int begin(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err)
{
	enum xb_state ours;
	int rc;

	rc = xb_device_own_state(&dev->xb, &ours, err);
	if (rc)
		return rc;
	if (ours != XB_INITIALISING) {
		if (ours != XB_CLOSED)
			rc = close_by(dev, deadline_ns, err);
		else /* a backend still on its way to Closed would miss that we start again */
			rc = await_states(dev, HAS_LET_GO, deadline_ns, err);
		if (rc)
			return rc;
		rc = xb_device_switch(&dev->xb, XB_INITIALISING, err);
		if (rc)
			return rc;
	}
	return await_backend(dev, HAS_OFFERED, deadline_ns, err);
}

static int open_grants(struct front_device *dev, struct errbuf *err)
{
	int rc;

	dev->gntshr = xengntshr_open(NULL, 0);
	if (dev->gntshr)
		return 0;
	rc = errno ? -errno : -EIO;
	return errbuf_set(err, rc, "granting pages: %s: is xen-gntalloc loaded?", strerror(-rc));
}

struct publication {
	struct front_device *dev;
	const struct front_steps *steps;
	void *front;
};

static int publish_all(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct publication *publication = arg;
	struct xb_device *xb = &publication->dev->xb;
	int rc;

	rc = publication->steps->publish(store, xb->dir, publication->front, err);
	if (rc)
		return rc;
	return xb_device_switch(xb, publication->steps->published, err);
}

/* epoll's name for a port is a pointer to it, and NULL for xenstore. */
static int add_source(struct front_device *dev, const struct front_port *port, int fd, struct errbuf *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = (void *)port };
	int rc;

	if (dev->epoll_fd >= 0 && epoll_ctl(dev->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	rc = -errno;
	return errbuf_set(err, rc, "epoll: %s", strerror(-rc));
}

int front_device_add_port(struct front_device *dev, const struct front_port *port, struct errbuf *err)
{
	return add_source(dev, port, front_port_fd(port), err);
}

static int open_events(struct front_device *dev, struct errbuf *err)
{
	int store_fd = xb_watch_fd(&dev->store, err);

	if (store_fd < 0)
		return store_fd;
	dev->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return add_source(dev, NULL, store_fd, err);
}

/* From here on the backend may have mapped what was published. */
static int publish_and_wait(struct front_device *dev, const struct front_steps *steps, uint64_t deadline_ns,
			    void *front, struct errbuf *err)
{
	struct publication publication = { dev, steps, front };
	struct errbuf ignored;
	int rc;

	rc = xb_transaction(&dev->store, publish_all, &publication, err);
	if (rc == 0)
		rc = await_backend(dev, STATE_BIT(XB_CONNECTED), deadline_ns, err);
	if (rc == 0)
		rc = open_events(dev, err);
	if (rc == 0)
		rc = steps->connected(front, err);
	if (rc)
		return rc;
	(void)xb_clear_error(&dev->store, dev->xb.dir, &ignored);
	return steps->published == XB_CONNECTED ? 0 : xb_device_switch(&dev->xb, XB_CONNECTED, err);
}

static void give_up(struct front_device *dev, uint64_t deadline_ns, int rc, const struct errbuf *why)
{
	struct errbuf late;

	(void)xb_report_error(&dev->store, dev->xb.dir, rc, why->text, &late);
	(void)close_by(dev, deadline_ns, &late);
}

int front_device_connect(struct front_device *dev, const struct front_steps *steps, uint32_t devid, uint32_t timeout_ms,
			 void *front, struct errbuf *err)
{
	uint64_t deadline_ns = clock_in_ms(timeout_ms);
	int rc;

	rc = open_store(dev, steps->kind, devid, err);
	if (rc == 0)
		rc = begin(dev, deadline_ns, err);
	if (rc == 0)
		rc = open_grants(dev, err);
	if (rc == 0)
		rc = steps->prepare(front, err);
	if (rc)
		return rc;
	rc = publish_and_wait(dev, steps, deadline_ns, front, err);
	if (rc)
		give_up(dev, clock_in_ms(timeout_ms), rc, err);
	return rc;
}

/* ---- while connected --------------------------------------------------------------------------------------------- */

int front_device_take_events(struct front_device *dev, int timeout_ms, bool *has_news)
{
	struct epoll_event event[8];
	int nr = epoll_wait(dev->epoll_fd, event, 8, timeout_ms);

	*has_news = false;
	for (int i = 0; i < nr; i++) {
		if (event[i].data.ptr)
			front_port_take_event(event[i].data.ptr);
		else
			*has_news = true;
	}
	return nr < 0 && errno != EINTR ? -errno : 0;
}

int front_device_look(struct front_device *dev, enum xb_action *action, struct errbuf *err)
{
	enum xb_state ours, peer;
	int rc;

	rc = xb_watch_drain(&dev->store, err);
	if (rc)
		return rc;
	forget_dirty(dev);
	return action_now(dev, action, &ours, &peer, err);
}
