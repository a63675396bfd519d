// SPDX-License-Identifier: MIT
#include "backend/core/discovery.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "backend/core/machine.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "xenbus/scan.h"

/*
 * libxenstore's connection can end unseen (xenstored is gone, or its thread had no memory for a message): its
 * descriptor stays silent, and a daemon may have nothing to ask for hours.
 */
#define CHECK_NS (NSEC_PER_SEC / 4)

/* Two owners would race on the same state node. The module may load by itself at any time. */
static bool kernel_driver_owns_kind(struct discovery *discovery)
{
	bool is_there = machine_has_backend_driver(discovery->spec.kernel_driver);

	if (is_there && !discovery->said_kernel_driver)
		log_error("the kernel driver %s owns backend/%s in this domain: unload it first, and keep it away as "
			  "modprobe.d/pvring.conf does",
			  discovery->spec.kernel_module, discovery->host->class->kind);
	discovery->said_kernel_driver = is_there;
	return is_there;
}

static bool is_listed(const struct device *dev, const struct xb_backend_id *ids, unsigned int nr_ids)
{
	for (unsigned int i = 0; i < nr_ids; i++) {
		if (ids[i].domid == dev->xb.domid && ids[i].devid == dev->xb.devid)
			return true;
	}
	return false;
}

static bool is_known(struct discovery *discovery, const struct xb_backend_id *id)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &discovery->host->devices, entry) {
		if (dev->xb.domid == id->domid && dev->xb.devid == id->devid)
			return true;
	}
	return false;
}

void discovery_scan(struct discovery *discovery)
{
	struct device *dev, *next;
	struct xb_backend_id *ids;
	unsigned int nr_ids;
	struct errbuf err;

	if (discovery->host->is_stopping || discovery->host->has_lost_store)
		return;
	if (xb_scan(discovery->host->store, discovery->host->class->kind, discovery->spec.only_guest, &ids, &nr_ids,
		    &err)) {
		if (!discovery->said_cannot_look)
			log_error("looking for devices: %s", err.text);
		discovery->said_cannot_look = discovery->host->must_look_again = true;
		return;
	}
	discovery->said_cannot_look = false;
	if (!discovery->has_scanned && discovery->host->class->tidy)
		discovery->host->class->tidy(discovery->host, discovery->spec.only_guest);
	discovery->has_scanned = true;
	for (dev = TAILQ_FIRST(&discovery->host->devices); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		if (!is_listed(dev, ids, nr_ids))
			device_forget(dev);
	}
	discovery->host->has_left_alone = false;
	for (unsigned int i = 0; i < nr_ids; i++) {
		if (!is_known(discovery, &ids[i]) && !kernel_driver_owns_kind(discovery))
			device_add(discovery->host, ids[i].domid, ids[i].devid);
	}
	if (!discovery->host->has_left_alone)
		discovery->host->nr_left_alone = 0;
	free(ids);
}

static void advance_all(struct discovery *discovery)
{
	struct device *dev, *next;

	for (dev = TAILQ_FIRST(&discovery->host->devices); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		device_advance(dev);
	}
}

static void look_at(struct discovery *discovery, const struct xb_watch *watch)
{
	struct device *dev;

	if (watch == &discovery->scan_watch) {
		discovery_scan(discovery);
		return;
	}
	if (watch == &discovery->release_watch) {
		advance_all(discovery);
		return;
	}
	TAILQ_FOREACH(dev, &discovery->host->devices, entry) {
		if (watch == &dev->xb.own_watch || watch == &dev->xb.peer_watch || watch == &dev->xb.node_watch) {
			dev->must_look |= watch == &dev->xb.own_watch;
			device_advance(dev);
			return;
		}
	}
}

/* Guests can do without it, the toolstack cannot: so nothing that is connected ends with it. */
static void lose_store(struct discovery *discovery, const struct errbuf *why)
{
	discovery->host->has_lost_store = true;
	loop_fd_remove(&discovery->store_fd, NULL);
	log_error("%s: the connection is lost: devices in use go on being served, nothing else is done until xenstored "
		  "can be reached again",
		  why->text);
}

static void store_task(struct loop_task *task)
{
	struct discovery *discovery = container_of(task, struct discovery, drain);
	struct device_host *host = discovery->host;
	struct pollfd poll_fd = { .fd = discovery->store_fd.fd, .events = POLLIN };
	struct xb_watch *watch;
	struct errbuf err;

	if (host->is_stopping || host->has_lost_store)
		return;
	if (xb_watch_drain(host->store, &err)) {
		lose_store(discovery, &err);
		return;
	}
	while ((watch = xb_watch_next_dirty(host->store)))
		look_at(discovery, watch);
	/* The loop is told of new input only: what one drain left over is looked after here, others in between. */
	if (poll(&poll_fd, 1, 0) > 0)
		loop_defer(host->loop, &discovery->drain);
}

static void store_readable(struct loop_fd *lfd)
{
	struct discovery *discovery = container_of(lfd, struct discovery, store_fd);

	loop_defer(discovery->host->loop, &discovery->drain);
}

static int listen_to_store(struct discovery *discovery, struct errbuf *err)
{
	int fd = xb_watch_fd(discovery->host->store, err);

	if (fd < 0)
		return fd;
	loop_fd_add(discovery->host->loop, &discovery->store_fd, fd, store_readable);
	return 0;
}

static int check_store(void *arg)
{
	return device_host_check_store(arg);
}

static void regain_store(struct discovery *discovery)
{
	struct device_host *host = discovery->host;
	struct errbuf err;
	int rc;

	/* The kernel must have let go of the descriptor that the next one takes the place of. */
	if (discovery->has_other_store || discovery->store_fd.is_armed)
		return;
	rc = xb_store_reopen(host->store, check_store, host, &err);
	if (rc == -ESTALE) {
		log_error("xenstored has begun anew and knows none of the devices in use: they go on being served, new "
			  "ones are not until this daemon is started again");
		discovery->has_other_store = true;
	}
	if (rc || listen_to_store(discovery, &err))
		return;
	log_info("xenstore can be reached again");
	host->has_lost_store = false;
	host->must_look_again = true;
}

static void check(struct loop_timer *timer)
{
	struct discovery *discovery = container_of(timer, struct discovery, check);
	struct device_host *host = discovery->host;

	loop_timer_start(host->loop, timer, CHECK_NS, check);
	if (host->has_lost_store && !host->is_stopping)
		regain_store(discovery);
	if (host->must_look_again && !host->has_lost_store) {
		host->must_look_again = false;
		discovery_scan(discovery);
		advance_all(discovery);
	}
	loop_defer(host->loop, &discovery->drain);
}

int discovery_start(struct discovery *discovery, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc;

	if (kernel_driver_owns_kind(discovery))
		return errbuf_set(err, -EBUSY, "nothing is left to serve");
	rc = xb_scan_path(discovery->host->store, discovery->host->class->kind, discovery->spec.only_guest, path,
			  sizeof(path), err);
	if (rc == 0)
		rc = xb_watch_add(discovery->host->store, &discovery->scan_watch, path, err);
	if (rc == 0)
		rc = xb_watch_add(discovery->host->store, &discovery->release_watch, "@releaseDomain", err);
	discovery->drain.run = store_task;
	if (rc == 0)
		rc = listen_to_store(discovery, err);
	if (rc)
		return rc;
	loop_timer_start(discovery->host->loop, &discovery->check, CHECK_NS, check);
	discovery_scan(discovery);
	return 0;
}

void discovery_init(struct discovery *discovery, struct device_host *host, const struct discovery_spec *spec)
{
	*discovery = (struct discovery){ .spec = *spec, .host = host };
	xb_watch_init(&discovery->scan_watch);
	xb_watch_init(&discovery->release_watch);
}

void discovery_fini(struct discovery *discovery)
{
	xb_watch_remove(&discovery->scan_watch);
	xb_watch_remove(&discovery->release_watch);
}
