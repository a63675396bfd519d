/* SPDX-License-Identifier: MIT */
/*
 * One end of one device: the two directories, read once from our own, which the peer cannot write, and the watches.
 *
 * Use: xb_device_init(), xb_device_open_backend() or _frontend(), xb_device_watch(); whenever one of the watches is
 * dirty, read the states and ask xb_device_action().
 * Thread, errors: as store.h. Never logs.
 */
#ifndef XENBUS_DEVICE_H
#define XENBUS_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "xenbus/state.h"
#include "xenbus/watch.h"

enum xb_side { XB_BACKEND, XB_FRONTEND };

struct xb_device {
	struct xb_store *store; /* NULL: not open */
	enum xb_side side;
	char kind[16];             /* "vbd" */
	uint32_t domid;            /* the other end's domain */
	uint32_t devid;
	char dir[XB_DIR_MAX];      /* ours */
	char otherend[XB_DIR_MAX]; /* the other end's */
	/* Registered by xb_device_watch(). */
	struct xb_watch own_watch;  /* on dir: online, hotplug-status, our state written by the toolstack */
	struct xb_watch peer_watch; /* on otherend/state */
	struct xb_watch node_watch; /* by xb_device_watch_node() */
};

void xb_device_init(struct xb_device *dev);
/* HOME/backend/KIND/DOMID/DEVID. `frontend-id` must be domid and `frontend` lie in that domain: -EPROTO otherwise. */
int xb_device_open_backend(struct xb_device *dev, struct xb_store *store, const char *kind, uint32_t domid,
			   uint32_t devid, struct errbuf *err);
/* HOME/device/KIND/DEVID. `backend` must lie in the domain that `backend-id` names: -EPROTO otherwise. */
int xb_device_open_frontend(struct xb_device *dev, struct xb_store *store, const char *kind, uint32_t devid,
			    struct errbuf *err);
int xb_device_watch(struct xb_device *dev, struct errbuf *err);
/* One more: a node of the other end's that may change while connected. */
int xb_device_watch_node(struct xb_device *dev, const char *name, struct errbuf *err);
/* Removes the watches; the store's nodes stay as they are. */
void xb_device_fini(struct xb_device *dev);

/* Our state as the store has it (the toolstack may have written it) and the peer's: xb_read_state() of both. */
int xb_device_own_state(struct xb_device *dev, enum xb_state *state, struct errbuf *err);
int xb_device_peer_state(struct xb_device *dev, enum xb_state *state, struct errbuf *err);
/* What our side's table says. */
enum xb_action xb_device_action(const struct xb_device *dev, enum xb_state ours, enum xb_state peer);
int xb_device_switch(struct xb_device *dev, enum xb_state state, struct errbuf *err);

/* Does the toolstack still want the device? A missing or broken `online` says no, one that cannot be read yes. */
bool xb_device_is_online(struct xb_device *dev);

#endif
