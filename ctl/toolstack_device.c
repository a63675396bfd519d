// SPDX-License-Identifier: MIT
#include "ctl/toolstack_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "xenbus/node.h"
#include "xenbus/state.h"
#include "xenbus/watch.h"

int ts_device_init(struct ts_device *dev, const struct ts_class *class, const char *kind, uint32_t domid,
		   uint32_t devid, uint32_t backend_domid, struct errbuf *err)
{
	int rc;

	*dev = (struct ts_device){
		.class = class,
		.kind = kind,
		.domid = domid,
		.devid = devid,
		.backend_domid = backend_domid,
	};
	rc = xb_path(dev->frontend, sizeof(dev->frontend), err, "/local/domain/%u/device/%s/%u", domid, class->kind,
		     devid);
	if (rc == 0)
		rc = xb_path(dev->backend, sizeof(dev->backend), err, "/local/domain/%u/backend/%s/%u/%u",
			     backend_domid, kind, domid, devid);
	if (rc == 0)
		rc = xb_path(dev->libxl, sizeof(dev->libxl), err, "/libxl/%u/device/%s/%u", domid, class->kind, devid);
	return rc;
}

int ts_device_find(struct ts_device *dev, struct xb_store *store, const struct ts_class *class, uint32_t domid,
		   uint32_t devid, struct errbuf *err)
{
	unsigned int backend_domid = 0;
	char backend[XB_DIR_MAX];
	int rc;

	rc = ts_device_init(dev, class, class->kind, domid, devid, 0, err);
	if (rc)
		return rc;
	/* The toolstack's own copy: the guest may have written to the frontend's. */
	rc = xb_read_string(store, dev->libxl, "backend", backend, sizeof(backend), err);
	if (rc == -ENOENT)
		return errbuf_set(err, rc, "domain %u has no %s %u: %s/backend is missing", domid, class->noun, devid,
				  dev->libxl);
	if (rc)
		return rc;
	sscanf(backend, "/local/domain/%5u/", &backend_domid);
	rc = ts_device_init(dev, class, class->kind, domid, devid, backend_domid, err);
	if (rc == 0 && strcmp(backend, dev->backend) != 0)
		rc = errbuf_set(err, -EPROTO, "%.150s/backend: '%.150s' is not served by pvring: expected %.150s",
				dev->libxl, backend, dev->backend);
	return rc;
}

/* ---- a new device ---------------------------------------------------------------------------------------------- */

static int write_nodes(struct xb_store *store, const char *dir, const struct ts_nodes *nodes, struct errbuf *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nodes->nr; i++) {
		if (nodes->nodes[i].value)
			rc = xb_write(store, dir, nodes->nodes[i].name, err, "%s", nodes->nodes[i].value);
	}
	return rc;
}

/* An empty directory whose nodes will get its permissions. */
static int make_dir(struct xb_store *store, const char *dir, uint32_t owner, uint32_t reader, struct errbuf *err)
{
	int rc = xb_remove(store, dir, err);

	if (rc == 0)
		rc = xb_mkdir(store, dir, err);
	if (rc == 0)
		rc = xb_set_perms(store, dir, owner, reader, err);
	return rc;
}

struct creation {
	const struct ts_device *dev;
	const struct ts_content *content;
};

static int tell_guest(struct xb_store *store, const struct creation *c, struct errbuf *err)
{
	const struct ts_nodes *told = &c->content->told;
	char path[XB_PATH_MAX];
	int rc = write_nodes(store, c->dev->frontend, told, err);

	for (size_t i = 0; rc == 0 && i < told->nr; i++) {
		rc = xb_path(path, sizeof(path), err, "%s/%s", c->dev->frontend, told->nodes[i].name);
		if (rc == 0)
			rc = xb_set_perms(store, path, c->dev->backend_domid, c->dev->domid, err);
	}
	return rc;
}

static int write_frontend(struct xb_store *store, const struct creation *c, struct errbuf *err)
{
	const struct ts_device *dev = c->dev;
	int rc = make_dir(store, dev->frontend, dev->domid, dev->backend_domid, err);

	if (rc == 0)
		rc = xb_write(store, dev->frontend, "backend", err, "%s", dev->backend);
	if (rc == 0)
		rc = xb_write(store, dev->frontend, "backend-id", err, "%u", dev->backend_domid);
	if (rc == 0)
		rc = xb_write(store, dev->frontend, "state", err, "%d", XB_INITIALISING);
	if (rc == 0)
		rc = write_nodes(store, dev->frontend, &c->content->frontend, err);
	return rc ?: tell_guest(store, c, err);
}

/* What stands in the backend's directory, and in the toolstack's. */
static int write_backend_nodes(struct xb_store *store, const struct creation *c, const char *dir, struct errbuf *err)
{
	int rc = xb_write(store, dir, "frontend", err, "%s", c->dev->frontend);

	if (rc == 0)
		rc = xb_write(store, dir, "frontend-id", err, "%u", c->dev->domid);
	if (rc == 0)
		rc = xb_write(store, dir, "online", err, "1");
	if (rc == 0)
		rc = xb_write(store, dir, "state", err, "%d", XB_INITIALISING);
	return rc ?: write_nodes(store, dir, &c->content->backend, err);
}

static int create(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct creation *c = arg;
	const struct ts_device *dev = c->dev;
	char domain[32];
	int rc;

	snprintf(domain, sizeof(domain), "/local/domain/%u", dev->domid);
	if (!xb_exists(store, domain, NULL))
		return errbuf_set(err, -ENOENT, "there is no domain %u: %s is missing", dev->domid, domain);
	if (xb_exists(store, dev->libxl, NULL))
		return errbuf_set(err, -EEXIST, "domain %u has a %s %s already: %s exists", dev->domid,
				  dev->class->noun, c->content->name, dev->libxl);
	rc = xb_write(store, dev->libxl, "backend", err, "%s", dev->backend);
	if (rc == 0)
		rc = write_backend_nodes(store, c, dev->libxl, err);
	if (rc == 0)
		rc = write_frontend(store, c, err);
	if (rc == 0)
		rc = make_dir(store, dev->backend, dev->backend_domid, dev->domid, err);
	return rc ?: write_backend_nodes(store, c, dev->backend, err);
}

int ts_device_create(const struct ts_device *dev, struct xb_store *store, const struct ts_content *content,
		     struct errbuf *err)
{
	return xb_transaction(store, create, &(struct creation){ dev, content }, err);
}

/* ---- its backend's states -------------------------------------------------------------------------------------- */

/* Without a step in between, a guest that is early may have made a connection of it before anybody looks. */
static bool has_gone_on(const struct ts_device *dev, enum xb_state wanted, enum xb_state state)
{
	return !dev->class->hotplug.script && wanted == XB_INIT_WAIT && state == XB_CONNECTED;
}

/* 1: the backend is in the state, or gone (which is fine with Closed only); 0: not yet. */
static int is_in_state(const struct ts_device *dev, struct xb_store *store, enum xb_state wanted, struct errbuf *err)
{
	enum xb_state state;
	int rc = xb_read_state(store, dev->backend, &state, err);

	if (rc)
		return rc;
	if (state == XB_UNKNOWN && wanted != XB_CLOSED)
		return errbuf_set(err, -ENOENT, "%s/state is gone: somebody removed the %s", dev->backend,
				  dev->class->noun);
	return state == wanted || state == XB_UNKNOWN || has_gone_on(dev, wanted, state);
}

static int wait_for_state(const struct ts_device *dev, struct xb_store *store, enum xb_state wanted,
			  unsigned int seconds, struct errbuf *err)
{
	uint64_t deadline_ns = clock_now_ns() + seconds * NSEC_PER_SEC;
	char path[XB_PATH_MAX];
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_path(path, sizeof(path), err, "%s/state", dev->backend);
	if (rc == 0)
		rc = xb_watch_add(store, &watch, path, err);
	while (rc == 0) {
		rc = is_in_state(dev, store, wanted, err);
		if (rc)
			break;
		rc = xb_watch_wait(store, deadline_ns, err);
	}
	xb_watch_remove(&watch);
	return rc > 0 ? 0 : rc;
}

int ts_device_wait_for_backend(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	int rc = wait_for_state(dev, store, XB_INIT_WAIT, TS_INIT_SECONDS, err);

	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "no backend took %s within %u s: is %s running in domain %u?", dev->backend,
			   TS_INIT_SECONDS, dev->class->daemon, dev->backend_domid);
	return rc;
}

/* ---- removal --------------------------------------------------------------------------------------------------- */

static int ask_to_close(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct ts_device *dev = arg;
	enum xb_state state;
	int rc;

	rc = xb_read_state(store, dev->backend, &state, err);
	if (rc || state == XB_UNKNOWN)
		return rc;
	rc = xb_write(store, dev->backend, "online", err, "0");
	if (rc == 0 && state != XB_CLOSED)
		rc = xb_write(store, dev->backend, "state", err, "%d", XB_CLOSING);
	return rc;
}

int ts_device_ask_to_close(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	return xb_transaction(store, ask_to_close, (void *)dev, err);
}

int ts_device_close(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	int rc = ts_device_ask_to_close(dev, store, err);

	if (rc)
		return rc;
	rc = wait_for_state(dev, store, XB_CLOSED, TS_REMOVE_SECONDS, err);
	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "%s did not reach state 6 (Closed) within %u s: the guest may have the %s in use",
			   dev->backend, TS_REMOVE_SECONDS, dev->class->noun);
	return rc;
}

static int remove_nodes(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct ts_device *dev = arg;
	char stop[XB_DIR_MAX];
	int rc;

	snprintf(stop, sizeof(stop), "/local/domain/%u", dev->domid);
	rc = xb_remove_up_to(store, dev->frontend, stop, err);
	snprintf(stop, sizeof(stop), "/libxl/%u", dev->domid);
	if (rc == 0)
		rc = xb_remove_up_to(store, dev->libxl, stop, err);
	snprintf(stop, sizeof(stop), "/local/domain/%u", dev->backend_domid);
	if (rc == 0 && dev->backend_domid == store->domid)
		rc = xb_remove_up_to(store, dev->backend, stop, err);
	return rc;
}

int ts_device_remove(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	return xb_transaction(store, remove_nodes, (void *)dev, err);
}
