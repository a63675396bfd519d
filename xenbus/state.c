// SPDX-License-Identifier: MIT
#include "xenbus/state.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "xenbus/node.h"

static const char *const state_names[XB_NR_STATES] = {
	[XB_UNKNOWN] = "Unknown",
	[XB_INITIALISING] = "Initialising",
	[XB_INIT_WAIT] = "InitWait",
	[XB_INITIALISED] = "Initialised",
	[XB_CONNECTED] = "Connected",
	[XB_CLOSING] = "Closing",
	[XB_CLOSED] = "Closed",
	[XB_RECONFIGURING] = "Reconfiguring",
	[XB_RECONFIGURED] = "Reconfigured",
};

static const char *const action_names[] = {
	[XB_ACT_PROTOCOL_ERROR] = "protocol error",
	[XB_ACT_NONE] = "none",
	[XB_ACT_SETUP] = "set up",
	[XB_ACT_CONNECT] = "connect",
	[XB_ACT_REFRESH] = "refresh",
	[XB_ACT_RECONFIGURE] = "reconfigure",
	[XB_ACT_OFFER] = "offer",
	[XB_ACT_RESTART] = "restart",
	[XB_ACT_CLOSE] = "close",
	[XB_ACT_DISCONNECT] = "disconnect",
	[XB_ACT_GONE] = "gone",
};

const char *xb_state_name(enum xb_state state)
{
	return state < XB_NR_STATES ? state_names[state] : "?";
}

const char *xb_action_name(enum xb_action action)
{
	return action < sizeof(action_names) / sizeof(action_names[0]) ? action_names[action] : "?";
}

#define ERR        XB_ACT_PROTOCOL_ERROR /* which an empty cell is too */
#define NONE       XB_ACT_NONE
#define SETUP      XB_ACT_SETUP
#define CONNECT    XB_ACT_CONNECT
#define REFRESH    XB_ACT_REFRESH
#define RECONF     XB_ACT_RECONFIGURE
#define OFFER      XB_ACT_OFFER
#define RESTART    XB_ACT_RESTART
#define CLOSE      XB_ACT_CLOSE
#define DISCONNECT XB_ACT_DISCONNECT
#define GONE       XB_ACT_GONE

/*
 * [ours][frontend's]. A frontend may skip states: Initialised and Connected both say that it has published. In Closing
 * we have nothing left to lose, so that nothing is an error there; a frontend still in Initialising never had the
 * device, and one back there has let go of it. XB_UNKNOWN of ours: the toolstack removed our directory.
 * No row at all: states a backend is never in.
 */
static const unsigned char backend_actions[XB_NR_STATES][XB_NR_STATES] = {
	/*                    Unkn. Initialising InitWait Initialised Connected Closing Closed     R.ing  R.ed */
	[XB_UNKNOWN]      = { GONE, GONE,        GONE,    GONE,       GONE,     GONE,   GONE,       GONE,  GONE },
	[XB_INITIALISING] = { GONE, NONE,        ERR,     CONNECT,    CONNECT,  CLOSE,  DISCONNECT, ERR,   ERR },
	[XB_INIT_WAIT]    = { GONE, NONE,        ERR,     CONNECT,    CONNECT,  CLOSE,  DISCONNECT, ERR,   ERR },
	[XB_INITIALISED]  = { GONE, NONE,        ERR,     CONNECT,    CONNECT,  CLOSE,  DISCONNECT, ERR,   ERR },
	[XB_CONNECTED]    = { GONE, RESTART,     ERR,     NONE,       NONE,     CLOSE,  DISCONNECT, RECONF, ERR },
	[XB_CLOSING]      = { GONE, DISCONNECT,  NONE,    NONE,       NONE,     NONE,   DISCONNECT, NONE,  NONE },
	[XB_CLOSED]       = { GONE, OFFER,       NONE,    CONNECT,    CONNECT,  NONE,   DISCONNECT, NONE,  NONE },
	[XB_RECONFIGURED] = { GONE, RESTART,     ERR,     CONNECT,    CONNECT,  CLOSE,  DISCONNECT, NONE,  ERR },
};

/*
 * [ours][backend's]. A frontend may be Connected before its backend is. Closed is where a backend is before it offers
 * again: a frontend that starts over in Initialising waits for that; so it does in Closed, until it is told to start.
 */
static const unsigned char frontend_actions[XB_NR_STATES][XB_NR_STATES] = {
	/*                    Unkn. Initialising InitWait Initialised Connected Closing     Closed     R.ing  R.ed */
	[XB_UNKNOWN]      = { GONE, GONE,        GONE,    GONE,       GONE,     GONE,       GONE,       GONE,  GONE },
	[XB_INITIALISING] = { GONE, NONE,        SETUP,   SETUP,      SETUP,    CLOSE,      NONE,       ERR,   ERR },
	[XB_INITIALISED]  = { GONE, NONE,        NONE,    NONE,       CONNECT,  CLOSE,      CLOSE,      ERR,   ERR },
	[XB_CONNECTED]    = { GONE, NONE,        NONE,    NONE,       REFRESH,  CLOSE,      CLOSE,      ERR,   ERR },
	[XB_CLOSING]      = { GONE, NONE,        NONE,    NONE,       NONE,     DISCONNECT, DISCONNECT, NONE,  NONE },
	[XB_CLOSED]       = { GONE, NONE,        NONE,    NONE,       NONE,     NONE,       NONE,       NONE,  NONE },
};

static enum xb_action look_up(const unsigned char table[][XB_NR_STATES], enum xb_state ours, enum xb_state peer)
{
	return ours < XB_NR_STATES && peer < XB_NR_STATES ? table[ours][peer] : XB_ACT_PROTOCOL_ERROR;
}

enum xb_action xb_backend_action(enum xb_state ours, enum xb_state frontend)
{
	return look_up(backend_actions, ours, frontend);
}

enum xb_action xb_frontend_action(enum xb_state ours, enum xb_state backend)
{
	return look_up(frontend_actions, ours, backend);
}

int xb_read_state(struct xb_store *store, const char *dir, enum xb_state *state, struct errbuf *err)
{
	uint32_t value;
	int rc = xb_read_u32_or(store, dir, "state", XB_UNKNOWN, 0, XB_NR_STATES - 1, &value, err);

	if (rc == -EINVAL || rc == -ERANGE)
		rc = -EPROTO;
	if (rc == 0)
		*state = value;
	return rc;
}

struct state_write {
	const char *dir;
	enum xb_state state;
	bool is_announcement; /* write it even if it is that already */
};

static int write_state(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct state_write *w = arg;
	uint32_t old;
	int rc;

	rc = xb_read_u32(store, w->dir, "state", 0, UINT32_MAX, &old, err);
	if (rc == -EINVAL || rc == -ERANGE)
		old = UINT32_MAX; /* rubbish is replaced */
	else if (rc)
		return rc;
	if (old == w->state && !w->is_announcement)
		return 0;
	return xb_write(store, w->dir, "state", err, "%u", w->state);
}

static int write_state_in_transaction(struct xb_store *store, struct state_write *w, struct errbuf *err)
{
	if (store->txn != XBT_NULL)
		return write_state(store, w, err);
	return xb_transaction(store, write_state, w, err);
}

int xb_switch_state(struct xb_store *store, const char *dir, enum xb_state state, struct errbuf *err)
{
	return write_state_in_transaction(store, &(struct state_write){ dir, state, false }, err);
}

int xb_announce_state(struct xb_store *store, const char *dir, enum xb_state state, struct errbuf *err)
{
	return write_state_in_transaction(store, &(struct state_write){ dir, state, true }, err);
}

/* HOME/error/DIR-BELOW-HOME */
static int error_dir(const struct xb_store *store, const char *dir, char *buf, size_t size, struct errbuf *err)
{
	size_t home_len = strlen(store->home);

	if (strncmp(dir, store->home, home_len) != 0 || dir[home_len] != '/')
		return errbuf_set(err, -EINVAL, "%s is not below %s", dir, store->home);
	return xb_path(buf, size, err, "%s/error%s", store->home, dir + home_len);
}

int xb_report_error(struct xb_store *store, const char *dir, int rc, const char *text, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int r = error_dir(store, dir, path, sizeof(path), err);

	return r ? r : xb_write(store, path, "error", err, "%d %s", -rc, text);
}

int xb_clear_error(struct xb_store *store, const char *dir, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc = error_dir(store, dir, path, sizeof(path), err);

	return rc ? rc : xb_remove(store, path, err);
}
