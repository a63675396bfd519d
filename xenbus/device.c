// SPDX-License-Identifier: MIT
#include "xenbus/device.h"

#include <errno.h>
#include <string.h>

#include "xenbus/node.h"

void xb_device_init(struct xb_device *dev)
{
	memset(dev, 0, sizeof(*dev));
}

/* Our directory's NODE names the other end's directory, which must begin with `within`. */
static int read_otherend(struct xb_device *dev, struct xb_store *store, const char *node, const char *within,
			 struct errbuf *err)
{
	int rc = xb_read_string(store, dev->dir, node, dev->otherend, sizeof(dev->otherend), err);

	if (rc)
		return rc;
	if (strncmp(dev->otherend, within, strlen(within)) != 0)
		return errbuf_set(err, -EPROTO, "%s/%s: '%s' is not below %s", dev->dir, node, dev->otherend, within);
	return 0;
}

static int open_backend(struct xb_device *dev, struct xb_store *store, struct errbuf *err)
{
	char within[XB_DIR_MAX];
	uint32_t frontend_id;
	int rc;

	rc = xb_path(dev->dir, sizeof(dev->dir), err, "%s/backend/%s/%u/%u", store->home, dev->kind, dev->domid,
		     dev->devid);
	if (rc)
		return rc;
	rc = xb_read_u32(store, dev->dir, "frontend-id", dev->domid, dev->domid, &frontend_id, err);
	if (rc)
		return rc == -EINVAL || rc == -ERANGE ? -EPROTO : rc;
	rc = xb_path(within, sizeof(within), err, "/local/domain/%u/", dev->domid);
	return rc ? rc : read_otherend(dev, store, "frontend", within, err);
}

static int open_frontend(struct xb_device *dev, struct xb_store *store, struct errbuf *err)
{
	char within[XB_DIR_MAX];
	int rc;

	rc = xb_path(dev->dir, sizeof(dev->dir), err, "%s/device/%s/%u", store->home, dev->kind, dev->devid);
	if (rc)
		return rc;
	rc = xb_read_u32(store, dev->dir, "backend-id", 0, XB_DOMID_MAX, &dev->domid, err);
	if (rc)
		return rc == -EINVAL || rc == -ERANGE ? -EPROTO : rc;
	rc = xb_path(within, sizeof(within), err, "/local/domain/%u/backend/", dev->domid);
	return rc ? rc : read_otherend(dev, store, "backend", within, err);
}

/* Both kinds end here: a device that could not be opened is as if it had never been touched. */
static int finish_open(struct xb_device *dev, struct xb_store *store, int rc)
{
	if (rc)
		xb_device_init(dev);
	else
		dev->store = store;
	return rc;
}

int xb_device_open_backend(struct xb_device *dev, struct xb_store *store, const char *kind, uint32_t domid,
			   uint32_t devid, struct errbuf *err)
{
	int rc;

	xb_device_init(dev);
	dev->side = XB_BACKEND;
	dev->domid = domid;
	dev->devid = devid;
	rc = xb_path(dev->kind, sizeof(dev->kind), err, "%s", kind);
	if (rc == 0)
		rc = open_backend(dev, store, err);
	return finish_open(dev, store, rc);
}

int xb_device_open_frontend(struct xb_device *dev, struct xb_store *store, const char *kind, uint32_t devid,
			    struct errbuf *err)
{
	int rc;

	xb_device_init(dev);
	dev->side = XB_FRONTEND;
	dev->devid = devid;
	rc = xb_path(dev->kind, sizeof(dev->kind), err, "%s", kind);
	if (rc == 0)
		rc = open_frontend(dev, store, err);
	return finish_open(dev, store, rc);
}

static int watch_otherend(struct xb_device *dev, struct xb_watch *watch, const char *name, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc = xb_path(path, sizeof(path), err, "%s/%s", dev->otherend, name);

	return rc ? rc : xb_watch_add(dev->store, watch, path, err);
}

int xb_device_watch(struct xb_device *dev, struct errbuf *err)
{
	int rc = xb_watch_add(dev->store, &dev->own_watch, dev->dir, err);

	if (rc)
		return rc;
	rc = watch_otherend(dev, &dev->peer_watch, "state", err);
	if (rc)
		xb_watch_remove(&dev->own_watch);
	return rc;
}

int xb_device_watch_node(struct xb_device *dev, const char *name, struct errbuf *err)
{
	return watch_otherend(dev, &dev->node_watch, name, err);
}

void xb_device_fini(struct xb_device *dev)
{
	xb_watch_remove(&dev->own_watch);
	xb_watch_remove(&dev->peer_watch);
	xb_watch_remove(&dev->node_watch);
	xb_device_init(dev);
}

int xb_device_own_state(struct xb_device *dev, enum xb_state *state, struct errbuf *err)
{
	return xb_read_state(dev->store, dev->dir, state, err);
}

int xb_device_peer_state(struct xb_device *dev, enum xb_state *state, struct errbuf *err)
{
	return xb_read_state(dev->store, dev->otherend, state, err);
}

enum xb_action xb_device_action(const struct xb_device *dev, enum xb_state ours, enum xb_state peer)
{
	return dev->side == XB_BACKEND ? xb_backend_action(ours, peer) : xb_frontend_action(ours, peer);
}

int xb_device_switch(struct xb_device *dev, enum xb_state state, struct errbuf *err)
{
	return xb_switch_state(dev->store, dev->dir, state, err);
}

bool xb_device_is_online(struct xb_device *dev)
{
	struct errbuf ignored;
	uint32_t online = 0;
	int rc = xb_read_u32_or(dev->store, dev->dir, "online", 0, 0, 1, &online, &ignored);

	return rc ? xb_is_unknown(rc) : online;
}
