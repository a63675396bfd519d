// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_net/hub.h"
#include "tests/conform/scripted_devices.h"
#include "tests/conform/scripted_options.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"
#include "xenbus/scan.h"

#define WAITING_MS 100 /* frames that wait are looked at again, whether there are events or not */

/* ---- options --------------------------------------------------------------------------------------------------- */

static const struct option_row rows[] = {
	SCRIPTED_ROW_DOMID,
	SCRIPTED_ROW_VIOLATE,
	SCRIPTED_ROW_LIST,
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted net-backend",
	.synopsis = "[OPTION...]",
	.summary = "Serves the vifs of a guest, as docs/protocol.md says: what one sends, all others receive.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

/* ---- serving --------------------------------------------------------------------------------------------------- */

static void serve_vif(struct hub *hub, struct hub_vif *vif)
{
	const struct errbuf why = { "the rings' indexes or slots are impossible" };

	if (vif->is_connected &&
	    (!hub_serve_sender(hub, vif) || !hub_serve_receiver(vif) || !hub_serve_control(vif)))
		hub_refuse(vif, -EPROTO, &why);
}

/* Of a ring for frames, when there is one more than there are now. */
static bool may_sleep_on(struct hub_vif *vif)
{
	bool may_sleep = !vif->control.ring || back_may_sleep(&vif->control);

	for (unsigned int i = 0; i < vif->nr_queues; i++) {
		struct hub_queue *queue = &vif->queues[i];
		ring_idx nr = back_nr_requests(&queue->rx);

		if (back_nr_requests(&queue->tx) == 0 || !violates("NET-14"))
			may_sleep &= back_may_sleep(&queue->tx);
		if (vif->nr_waiting == 0)
			continue;
		back_ask_for_event(&queue->rx, queue->rx.req_cons + nr + 1);
		may_sleep &= back_nr_requests(&queue->rx) == nr;
	}
	return may_sleep;
}

static void take_events(struct hub *hub)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(hub->evtchn), .events = POLLIN };
	int port;

	while (poll(&pollfd, 1, 0) == 1) {
		port = xenevtchn_pending(hub->evtchn);
		if (port >= 0)
			xenevtchn_unmask(hub->evtchn, port);
	}
}

static void take_changes(struct hub *hub)
{
	struct errbuf err;

	need(xb_watch_drain(&hub->store, &err), &err);
	while (xb_watch_next_dirty(&hub->store))
		;
}

static void rest(struct hub *hub)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = xenevtchn_fd(hub->evtchn), .events = POLLIN } };
	bool may_sleep = TAILQ_EMPTY(&hub->store.dirty), waits = false;
	struct errbuf err;

	for (unsigned int i = 0; i < HUB_MAX_VIFS; i++) {
		if (!hub->vifs[i].is_connected)
			continue;
		may_sleep &= may_sleep_on(&hub->vifs[i]);
		waits |= hub->vifs[i].nr_waiting > 0;
	}
	fds[0].fd = xb_watch_fd(&hub->store, &err);
	if (fds[0].fd < 0)
		error("%s", err.text);
	if (poll(fds, 2, !may_sleep ? 0 : waits ? WAITING_MS : -1) < 0)
		return;
	if (fds[0].revents || !may_sleep)
		take_changes(hub);
	if (fds[1].revents)
		take_events(hub);
}

__attribute__((noreturn)) static void serve(struct hub *hub)
{
	for (;;) {
		hub_find_vifs(hub);
		for (unsigned int i = 0; i < HUB_MAX_VIFS; i++) {
			struct hub_vif *vif = &hub->vifs[i];

			if (vif->is_there)
				hub_follow(hub, vif);
			if (vif->is_there)
				serve_vif(hub, vif);
		}
		rest(hub);
	}
}

static void begin(struct hub *hub)
{
	static struct xb_watch watch;

	scripted_watch(&hub->store, &watch, "vif", hub->domid);
	hub->gnttab = xengnttab_open(NULL, 0);
	hub->evtchn = xenevtchn_open(NULL, 0);
	if (!hub->gnttab || !hub->evtchn)
		error("mapping pages and event channels: %s", strerror(errno));
}

int scripted_net_backend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_NET_BACKEND, .domid = 1 };
	int status = scripted_parse(&spec, argc, argv, &options);
	static struct hub hub;

	if (status != SCRIPTED_RUN)
		return status;
	hub.domid = options.domid;
	begin(&hub);
	serve(&hub);
}
