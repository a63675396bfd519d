// SPDX-License-Identifier: MIT
/* A vif's states: whatever happens, both ends' are read, and one step is taken. */
#include "tests/conform/scripted_net/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"
#include "xenbus/scan.h"

static struct hub_vif *to_vif(struct back *back)
{
	return (struct hub_vif *)back;
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

/* A frontend that has gone on meanwhile, to new rings perhaps, would never be looked at again. */
static void write_closing(struct back *back)
{
	if (!back_frontend_has_moved(back))
		back_switch(back, XB_CLOSING);
}

void hub_refuse(struct hub_vif *vif, int rc, const struct errbuf *why)
{
	struct errbuf ignored;

	if (!violates("NET-50"))
		hub_release(vif);
	xb_report_error(vif->dev.store, vif->dev.dev.dir, rc, why->text, &ignored);
	back_transaction(&vif->dev, write_closing);
}

static void write_connected(struct back *back)
{
	struct hub_vif *vif = to_vif(back);

	vif->is_connected = !back_frontend_has_moved(back);
	if (vif->is_connected)
		back_switch(back, XB_CONNECTED);
}

/* Where there is a script, it has succeeded. */
static bool hotplug_is_done(struct back *back)
{
	struct errbuf ignored;
	char status[32];

	xb_read_string_or(back->store, back->dev.dir, "hotplug-status", "", status, sizeof(status), &ignored);
	return !xb_exists(back->store, back->dev.dir, "script") || strcmp(status, "connected") == 0;
}

static void connect(struct hub *hub, struct hub_vif *vif)
{
	struct errbuf why, ignored;

	if (!hotplug_is_done(&vif->dev))
		return;
	if (!hub_take_up(hub, vif, &why)) {
		hub_refuse(vif, -EINVAL, &why);
	} else if (!back_transaction(&vif->dev, write_connected) || !vif->is_connected) {
		hub_release(vif);
	} else {
		xb_clear_error(vif->dev.store, vif->dev.dev.dir, &ignored);
	}
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

static void leave(struct hub_vif *vif)
{
	struct errbuf ignored;

	hub_release(vif);
	xb_clear_error(vif->dev.store, vif->dev.dev.dir, &ignored);
	back_end(&vif->dev);
	vif->is_there = false;
}

static void disconnect(struct hub_vif *vif)
{
	bool is_wanted = xb_device_is_online(&vif->dev.dev);

	hub_release(vif);
	back_switch(&vif->dev, XB_CLOSED);
	if (!is_wanted)
		leave(vif);
}

static void forbid(struct hub_vif *vif, enum xb_state ours)
{
	const struct errbuf why = { "the frontend is in a state that does not go with ours" };

	if (ours != XB_CLOSING && ours != XB_CLOSED)
		hub_refuse(vif, -EPROTO, &why);
}

static void write_connected_again(struct back *back)
{
	if (!back_frontend_has_moved(back))
		back_switch(back, XB_CONNECTED);
}

/* Of a vif that is connected, and stays so: false, if its states are no matter of this. */
static bool reconfigure(struct hub_vif *vif, enum xb_state ours, enum xb_state theirs)
{
	const struct errbuf why = { "xdp-headroom leaves no room for data" };

	if (!vif->is_connected)
		return false;
	if (theirs == XB_RECONFIGURING && !hub_read_headroom(vif))
		hub_refuse(vif, -EINVAL, &why);
	else if (theirs == XB_RECONFIGURING && ours == XB_CONNECTED)
		back_switch(&vif->dev, XB_RECONFIGURED);
	else if (theirs == XB_CONNECTED && ours == XB_RECONFIGURED)
		back_transaction(&vif->dev, write_connected_again);
	return theirs == XB_RECONFIGURING;
}

static void act(struct hub *hub, struct hub_vif *vif, enum xb_state ours, enum xb_state theirs)
{
	switch (xb_device_action(&vif->dev.dev, ours, theirs)) {
	case XB_ACT_CONNECT:
		if (!vif->was_offered || ours == XB_CLOSED)
			hub_offer(vif);
		connect(hub, vif);
		break;
	case XB_ACT_RESTART:
		hub_release(vif);
		hub_offer(vif);
		break;
	case XB_ACT_OFFER:
		hub_offer(vif);
		break;
	case XB_ACT_CLOSE:
		back_transaction(&vif->dev, write_closing); /* and serve what comes, until the frontend is Closed */
		break;
	case XB_ACT_DISCONNECT:
	case XB_ACT_GONE:
		disconnect(vif);
		break;
	case XB_ACT_NONE:
		if (ours == XB_INITIALISING)
			hub_offer(vif);
		break;
	default:
		forbid(vif, ours);
		break;
	}
}

void hub_follow(struct hub *hub, struct hub_vif *vif)
{
	enum xb_state ours = back_own_state(&vif->dev);
	enum xb_state theirs = back_frontend_state(&vif->dev);

	if (vif->is_connected && !violates("NET-59"))
		hub_read_wish(vif);
	if (vif->is_connected)
		hub_read_rate(vif);
	if (ours == XB_UNKNOWN || (ours == XB_INITIALISING && vif->was_offered))
		leave(vif);
	else if (!reconfigure(vif, ours, theirs))
		act(hub, vif, ours == XB_RECONFIGURED ? XB_CONNECTED : ours, theirs);
}

/* ---- new ones -------------------------------------------------------------------------------------------------- */

static struct hub_vif *find(struct hub *hub, uint32_t devid, bool is_there)
{
	for (unsigned int i = 0; i < HUB_MAX_VIFS; i++) {
		struct hub_vif *vif = &hub->vifs[i];

		if (vif->is_there == is_there && (!is_there || vif->dev.dev.devid == devid))
			return vif;
	}
	return NULL;
}

/* Not one that was closed for good, and will be removed. */
static bool is_to_be_served(struct hub_vif *vif)
{
	enum xb_state ours = back_own_state(&vif->dev);

	return ours != XB_UNKNOWN && (ours != XB_CLOSED || xb_device_is_online(&vif->dev.dev));
}

static void begin(struct hub *hub, struct hub_vif *vif, uint32_t devid)
{
	memset(vif, 0, offsetof(struct hub_vif, waiting));
	if (!back_begin(&vif->dev, &hub->store, "vif", hub->domid, devid))
		return;
	vif->is_there = is_to_be_served(vif);
	vif->was_offered = back_own_state(&vif->dev) != XB_INITIALISING;
	if (!vif->is_there)
		back_end(&vif->dev);
}

void hub_find_vifs(struct hub *hub)
{
	struct xb_backend_id *ids;
	struct errbuf err;
	unsigned int nr;

	need(xb_scan(&hub->store, "vif", hub->domid, &ids, &nr, &err), &err);
	for (unsigned int i = 0; i < nr; i++) {
		struct hub_vif *vif = find(hub, ids[i].devid, true) ? NULL : find(hub, 0, false);

		if (vif)
			begin(hub, vif, ids[i].devid);
	}
	free(ids);
}
