/* SPDX-License-Identifier: MIT */
/*
 * The states of the two ends of a device, and what one end does when it sees the other's: a table per side, in which
 * an empty cell is a protocol error.
 *
 * Use: read both states, look the cell up, do what it says; the same pair seen again says the same again, so every
 * action must be harmless when it is already done.
 */
#ifndef XENBUS_STATE_H
#define XENBUS_STATE_H

#include "xenbus/store.h"

/* The values of xen/io/xenbus.h. */
enum xb_state {
	XB_UNKNOWN,       /* also: there is no such node, that end is gone */
	XB_INITIALISING,
	XB_INIT_WAIT,
	XB_INITIALISED,
	XB_CONNECTED,
	XB_CLOSING,
	XB_CLOSED,
	XB_RECONFIGURING,
	XB_RECONFIGURED,
	XB_NR_STATES,
};

enum xb_action {
	XB_ACT_PROTOCOL_ERROR, /* the peer may not do this: stop the device, say so once, go to Closing */
	XB_ACT_NONE,           /* nothing to do until something changes */
	XB_ACT_SETUP,          /* frontend: make rings, publish them, go to Initialised */
	XB_ACT_CONNECT,        /* read what the peer published and go to Connected; a backend that has not opened its
				  image yet remembers it and does it then */
	XB_ACT_REFRESH,        /* frontend: Connected was announced again: the size may have changed */
	XB_ACT_RECONFIGURE,    /* backend of a class that knows it (else an error): read what is to be otherwise, go to
				  Reconfigured until the frontend is Connected: CONNECT */
	XB_ACT_OFFER,          /* backend: publish and go (back) to InitWait */
	XB_ACT_RESTART,        /* backend: the frontend starts over without closing: release everything, then OFFER */
	XB_ACT_CLOSE,          /* finish what is in flight, release everything, go to Closing (frontend: to Closed) */
	XB_ACT_DISCONNECT,     /* release everything, go to Closed; a backend with online=0 is removed */
	XB_ACT_GONE,           /* an end's directory is gone: release everything, forget the device */
};

/* "Connected"; anything out of range: "?". */
const char *xb_state_name(enum xb_state state);
const char *xb_action_name(enum xb_action action);

/* Pure. Out-of-range values give XB_ACT_PROTOCOL_ERROR. */
enum xb_action xb_backend_action(enum xb_state ours, enum xb_state frontend);
enum xb_action xb_frontend_action(enum xb_state ours, enum xb_state backend);

/* DIR/state. Missing is XB_UNKNOWN and no error; what is no state is -EPROTO. */
int xb_read_state(struct xb_store *store, const char *dir, enum xb_state *state, struct errbuf *err);
/*
 * Writes our DIR/state unless it is that already (which would be a second announcement: xb_announce_state()).
 * Never brings a removed directory back: -ENOENT when the node is not there. In a transaction of its own, or in the
 * one that is open: write what belongs to a state in the same one.
 */
int xb_switch_state(struct xb_store *store, const char *dir, enum xb_state state, struct errbuf *err);
/* The same, written even when it is that already: makes the peer look again (a new size). */
int xb_announce_state(struct xb_store *store, const char *dir, enum xb_state state, struct errbuf *err);

/*
 * Tells the operator where Linux does: HOME/error/DIR-BELOW-HOME/error = "<errno> <text>". dir is a directory of our
 * own domain; rc is -errno.
 */
int xb_report_error(struct xb_store *store, const char *dir, int rc, const char *text, struct errbuf *err);
int xb_clear_error(struct xb_store *store, const char *dir, struct errbuf *err);

#endif
