// SPDX-License-Identifier: MIT
#include "backend/core/device_steps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/metrics.h"
#include "common/base/container.h"
#include "xenbus/node.h"

const char *device_phase_name(enum device_phase phase)
{
	static const char *const names[] = {
		[DEVICE_CLAIMING] = "claimed by another daemon",
		[DEVICE_OPENING] = "opening",
		[DEVICE_READY] = "waiting",
		[DEVICE_LOCKING] = "waiting for the image",
		[DEVICE_CONNECTING] = "connecting",
		[DEVICE_CONNECTED] = "connected",
		[DEVICE_DISCONNECTING] = "disconnecting",
		[DEVICE_PARKED] = "parked",
		[DEVICE_FORGETTING] = "going",
	};

	return names[phase];
}

static bool is_busy(const struct device *dev)
{
	return dev->phase != DEVICE_READY && dev->phase != DEVICE_CONNECTED && dev->phase != DEVICE_PARKED &&
	       dev->phase != DEVICE_CLAIMING;
}

void device_post_job(struct device *dev, void (*run)(struct helper_job *), void (*done)(struct helper_job *))
{
	dev->has_job = true;
	dev->job.run = run;
	dev->job.done = done;
	helper_post(dev->host->helper, dev->host->loop, &dev->job);
}

struct device *device_job_done(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->has_job = false;
	return dev;
}

void device_say(struct device *dev, enum device_says what, enum log_level level, const char *fmt, ...)
{
	bool is_first = !(dev->has_said & 1U << what);
	bool is_life = what == DEVICE_SAYS_CONNECTED || what == DEVICE_SAYS_DISCONNECTED;
	char text[800];
	va_list args;

	dev->has_said |= 1U << what;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (is_first)
		log_msg(level, "%s: %s", dev->label, text);
	else
		log_limited(is_life ? &dev->guest->limits.life : &dev->guest->limits.trouble, level, "%s: %s",
			    dev->label, text);
}

struct worker *device_next_worker(struct device_host *host)
{
	return &host->workers[host->next_worker++ % host->nr_workers];
}

/* ---- the end of a step ----------------------------------------------------------------------------------------- */

/* Of the busy phases only those that have to do with a ring are waited for: storage may hang for ever. */
static bool has_connection(const struct device *dev)
{
	return dev->phase == DEVICE_CONNECTING || dev->phase == DEVICE_CONNECTED || dev->phase == DEVICE_DISCONNECTING;
}

static void tell_if_all_idle(struct device_host *host)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		if (has_connection(dev))
			return;
	}
	host->idle(host);
}

static void stop_device(struct device *dev)
{
	if (dev->phase == DEVICE_CONNECTED)
		device_start_disconnect(dev, QUEUE_HAND_OVER);
}

void device_settle(struct device *dev, enum device_phase phase)
{
	struct device_host *host = dev->host;

	dev->phase = phase;
	if (host->is_stopping) {
		stop_device(dev);
		tell_if_all_idle(host);
	} else {
		device_advance(dev);
	}
}

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

static void free_device(struct device *dev)
{
	struct errbuf err;

	TAILQ_REMOVE(&dev->host->devices, dev, entry);
	xb_clear_error(dev->host->store, dev->xb.dir, &err);
	xb_device_fini(&dev->xb);
	device_rings_remove(&dev->rings);
	capture_put(&dev->capture);
	guest_put(dev->guest);
	log_info("%s: gone", dev->label);
	free(dev);
}

static void run_close(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->host->class->close(dev);
}

static void close_done(struct helper_job *job)
{
	struct device *dev = device_job_done(job);
	struct device_host *host = dev->host;

	free_device(dev);
	if (host->is_stopping)
		tell_if_all_idle(host);
	else
		host->look_again(host);
}

static void start_forgetting(struct device *dev)
{
	dev->host->class->leave(dev);
	dev->phase = DEVICE_FORGETTING;
	device_post_job(dev, run_close, close_done);
}

void device_forget(struct device *dev)
{
	if (!dev->is_forgotten) /* a helper that closes it reads this */
		dev->is_forgotten = true;
	device_advance(dev);
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

static void switch_to(struct device *dev, enum xb_state state)
{
	struct errbuf err;
	int rc = xb_switch_state(dev->host->store, dev->xb.dir, state, &err);

	if (!device_asks_again(dev, rc) && rc && rc != -ENOENT)
		device_say(dev, DEVICE_SAYS_REFUSED, LOG_WARN, "%s", err.text);
}

/* What could not be served may be well when a guest asks for it: one look each time it does. */
static bool open_again(struct device *dev)
{
	if (!device_has_fault(dev) || dev->has_opened_again)
		return false;
	dev->has_opened_again = true;
	device_start_open(dev);
	return true;
}

/* Not connected: nothing is held for the guest, so every way down is only a matter of saying so. */
static void advance_ready(struct device *dev, enum xb_state ours, enum xb_action action)
{
	switch (action) {
	case XB_ACT_CONNECT:
		if (open_again(dev))
			break;
		if (ours == XB_CLOSED)
			device_offer(dev);
		device_start_connect(dev);
		break;
	case XB_ACT_NONE:
		if (ours == XB_INITIALISING) /* the store did not answer when it was to be offered */
			device_offer(dev);
		break;
	case XB_ACT_OFFER:
	case XB_ACT_RESTART:
		if (!open_again(dev))
			device_offer(dev);
		break;
	case XB_ACT_CLOSE:
		switch_to(dev, XB_CLOSING);
		break;
	case XB_ACT_DISCONNECT:
	case XB_ACT_GONE:
		if (!xb_device_is_online(&dev->xb)) /* first: at Closed the toolstack may give its image to another */
			device_forget(dev);
		switch_to(dev, XB_CLOSED);
		break;
	default:
		break;
	}
}

static void reconfigure(struct device *dev)
{
	struct errbuf err;
	int rc = dev->host->class->reconfigure(dev, &err);

	if (device_asks_again(dev, rc))
		return;
	if (rc)
		device_fail(dev, err.text);
	else
		switch_to(dev, XB_RECONFIGURED);
}

static void advance_connected(struct device *dev, enum xb_action action)
{
	switch (action) {
	case XB_ACT_CONNECT: /* the store did not answer when it was to be said, or it has been reconfigured */
		device_publish(dev);
		break;
	case XB_ACT_RECONFIGURE:
		reconfigure(dev);
		break;
	case XB_ACT_CLOSE:
	case XB_ACT_DISCONNECT:
	case XB_ACT_RESTART:
	case XB_ACT_GONE:
		device_start_disconnect(dev, QUEUE_CLOSE);
		break;
	default:
		if (dev->host->class->changed)
			dev->host->class->changed(dev);
		break;
	}
}

/* A domain that is dead leaves its nodes behind for a while. */
static int read_peer_state(struct device *dev, enum xb_state *peer, struct errbuf *err)
{
	bool is_there;
	int rc = xb_store_has_domain(dev->host->store, dev->xb.domid, &is_there, err);

	if (rc == 0 && is_there) {
		dev->has_seen_guest = true;
		return xb_device_peer_state(&dev->xb, peer, err);
	}
	dev->is_guest_dead = rc == 0 && dev->has_seen_guest;
	*peer = XB_UNKNOWN;
	return rc;
}

/* What both ends' states ask for; why: what there is to say of a protocol error. */
static enum xb_action find_action(struct device *dev, enum xb_state ours, enum xb_state peer, struct errbuf *why)
{
	enum xb_action action = xb_device_action(&dev->xb, ours, peer);

	snprintf(why->text, sizeof(why->text), "the frontend went to %s while we are %s", xb_state_name(peer),
		 xb_state_name(ours));
	if (action == XB_ACT_RECONFIGURE && !dev->host->class->reconfigure)
		return XB_ACT_PROTOCOL_ERROR;
	/* It is about a connection; one that is parked stays so. */
	if (action == XB_ACT_RECONFIGURE && dev->phase != DEVICE_CONNECTED && !dev->is_resuming)
		return XB_ACT_NONE;
	/* We let go, and the guest came back without waiting for an offer: it has a new ring. */
	if (dev->phase == DEVICE_READY && !dev->is_resuming && ours == XB_CONNECTED && action == XB_ACT_NONE &&
	    !device_rings_have_connection(&dev->rings))
		return XB_ACT_CONNECT;
	return action;
}

/* What was kept for as long as the guest asks for nothing else. */
static void forget_what_is_over(struct device *dev, enum xb_action action)
{
	/* The guest is past what the journal tells of: a ring that it has from here on is a new one. */
	if (dev->phase != DEVICE_CONNECTED && action != XB_ACT_NONE && action != XB_ACT_CLOSE &&
	    action != XB_ACT_PROTOCOL_ERROR)
		device_rings_end_connection(&dev->rings);
	if (action != XB_ACT_CONNECT)
		dev->said_wait = false;
	if (action != XB_ACT_CONNECT && action != XB_ACT_OFFER && action != XB_ACT_RESTART)
		dev->has_opened_again = false;
	if (dev->phase == DEVICE_PARKED && action != XB_ACT_NONE)
		dev->phase = DEVICE_READY; /* with a fault: opened again before it is offered */
}

/* Of a device that was in use when we came: it still is, whatever there is to do besides. */
static bool is_still_in_use(enum xb_state ours, enum xb_action action)
{
	return action == XB_ACT_NONE || action == XB_ACT_RECONFIGURE ||
	       ((ours == XB_RECONFIGURED || ours == XB_INIT_WAIT) && action == XB_ACT_CONNECT);
}

static void act(struct device *dev, enum xb_state ours, enum xb_action action, const struct errbuf *why)
{
	if (dev->is_resuming && is_still_in_use(ours, action)) {
		device_start_connect(dev);
		return;
	}
	dev->is_resuming = dev->gives_up_journal = false;
	forget_what_is_over(dev, action);
	if (dev->phase == DEVICE_CONNECTED && action == XB_ACT_PROTOCOL_ERROR)
		device_fail(dev, why->text);
	else if (action == XB_ACT_PROTOCOL_ERROR && ours != XB_CLOSING && ours != XB_CLOSED)
		device_refuse(dev, "state", -EPROTO, why->text);
	else if (dev->phase == DEVICE_CONNECTED)
		advance_connected(dev, action);
	else
		advance_ready(dev, ours, action);
}

/* A store that does not answer asks for nothing: that is no reason to take a guest's disk away. */
static void advance_idle(struct device *dev)
{
	enum xb_state ours = XB_UNKNOWN, peer;
	struct errbuf err;
	int rc = xb_device_own_state(&dev->xb, &ours, &err);

	if (device_asks_again(dev, rc))
		return;
	if (rc)
		device_say(dev, DEVICE_SAYS_REFUSED, LOG_WARN, "closed: %s", err.text);
	else if (ours == XB_UNKNOWN || device_is_another(dev, ours))
		dev->is_forgotten = true;
	if (dev->is_forgotten) {
		if (dev->phase == DEVICE_CONNECTED)
			device_start_disconnect(dev, QUEUE_CLOSE);
		else
			start_forgetting(dev);
		return;
	}
	if (dev->host->class->look && dev->must_look && dev->phase != DEVICE_CLAIMING) {
		dev->must_look = false;
		dev->host->class->look(dev);
	}
	rc = read_peer_state(dev, &peer, &err);
	if (device_asks_again(dev, rc))
		return;
	if (dev->is_guest_dead && ours == XB_CLOSED && dev->host->class->outlived)
		dev->host->class->outlived(dev);
	else
		act(dev, ours, rc ? XB_ACT_PROTOCOL_ERROR : find_action(dev, ours, peer, &err), &err);
}

void device_advance(struct device *dev)
{
	if (dev->host->is_stopping || dev->host->has_lost_store || is_busy(dev))
		return;
	if (dev->phase == DEVICE_CLAIMING && (dev->timer.is_armed || !dev->is_forgotten))
		return;
	advance_idle(dev);
}

void device_host_stop(struct device_host *host)
{
	struct device *dev, *next;

	host->is_stopping = true;
	for (dev = TAILQ_FIRST(&host->devices); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		stop_device(dev);
	}
	tell_if_all_idle(host);
}

int device_host_check_store(struct device_host *host)
{
	bool has_one = false;
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		struct errbuf ignored;
		enum xb_state ours;
		int rc;

		if (!has_connection(dev) && dev->phase != DEVICE_PARKED && !dev->is_resuming)
			continue;
		has_one = true;
		rc = xb_device_own_state(&dev->xb, &ours, &ignored);
		if (xb_is_unknown(rc))
			return rc;
		if (rc || ours != XB_UNKNOWN)
			return 0;
	}
	return has_one ? -ESTALE : 0;
}

void device_host_let_go(struct device_host *host)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry)
		device_rings_let_go(&dev->rings);
}

bool device_host_has_jobs(const struct device_host *host)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		if (dev->has_job)
			return true;
	}
	return false;
}

void device_host_fini(struct device_host *host)
{
	struct device *dev;

	while ((dev = TAILQ_FIRST(&host->devices))) {
		host->class->close(dev);
		TAILQ_REMOVE(&host->devices, dev, entry);
		xb_device_fini(&dev->xb);
		device_rings_let_go(&dev->rings);
		capture_put(&dev->capture);
		guest_put(dev->guest);
		free(dev);
	}
}

void device_ask_to_close(struct device *dev)
{
	if (dev->phase == DEVICE_CONNECTED || dev->phase == DEVICE_PARKED)
		switch_to(dev, XB_CLOSING);
}

/* The claim is given up, too: where the operator has put another journal, it is that one's. */
static void take_up_again(struct device *dev, bool without_journal)
{
	log_warn("%s: is taken up again%s, as the operator has decided", dev->label,
		 without_journal ? ", without its journal" : "");
	dev->gives_up_journal = without_journal;
	device_rings_let_go(&dev->rings);
	device_start_open(dev);
}

int device_recover(struct device *dev, const char *how, struct errbuf *err)
{
	if (dev->host->is_stopping)
		return errbuf_set(err, -ESHUTDOWN, "the daemon is ending");
	if (dev->phase != DEVICE_PARKED)
		return errbuf_set(err, -EINVAL, "%s is not parked: %s", dev->label,
				  device_has_fault(dev) ? dev->fault.text : device_phase_name(dev->phase));
	if (strcmp(how, "close") == 0)
		device_ask_to_close(dev);
	else if (strcmp(how, "retry") == 0 || strcmp(how, "replay-nothing") == 0)
		take_up_again(dev, strcmp(how, "retry") != 0);
	else
		return errbuf_set(err, -EINVAL, "'%.40s': expected retry, replay-nothing or close", how);
	return 0;
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

json_t *device_status(struct device *dev)
{
	enum xb_state ours = XB_UNKNOWN;
	struct errbuf err;
	json_t *object;

	xb_device_own_state(&dev->xb, &ours, &err);
	object = json_pack("{s:s, s:i, s:i, s:s, s:s, s:o}", "device", dev->label, "domid", dev->xb.domid, "devid",
			   dev->xb.devid, "state", xb_state_name(ours), "phase", device_phase_name(dev->phase),
			   "reason", text_json(dev->fault.text));
	if (object && dev->phase == DEVICE_CONNECTED && device_rings_nr_abandoned(&dev->rings))
		json_object_set_new(object, "abandoned", json_integer(device_rings_nr_abandoned(&dev->rings)));
	if (object)
		dev->host->class->status(dev, object);
	return object;
}
