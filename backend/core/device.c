// SPDX-License-Identifier: MIT
#include "backend/core/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/metrics.h"
#include "common/base/container.h"
#include "xenbus/node.h"

/* How often a claim or a lock that is held by somebody else is tried again. */
#define RETRY_NS 50000000ULL
/* Then the toolstack is told that an image does not open: libxl waits 10 s for InitWait. */
#define OPEN_DEADLINE_NS (5 * 1000000000ULL)

static void claim(struct device *dev);

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

static bool has_fault(const struct device *dev)
{
	return dev->fault.text[0] != '\0';
}

/* On a helper thread, then on this one. */
static void post_job(struct device *dev, void (*run)(struct helper_job *), void (*done)(struct helper_job *))
{
	dev->has_job = true;
	dev->job.run = run;
	dev->job.done = done;
	helper_post(dev->host->helper, dev->host->loop, &dev->job);
}

static struct device *job_device(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->has_job = false;
	return dev;
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

static void start_disconnect(struct device *dev, enum queue_stop how)
{
	dev->phase = DEVICE_DISCONNECTING;
	dev->stop_how = how;
	dev->host->class->disconnect(dev, how);
}

static void stop_device(struct device *dev)
{
	if (dev->phase == DEVICE_CONNECTED)
		start_disconnect(dev, QUEUE_HAND_OVER);
}

/* Every step ends here. */
static void settle(struct device *dev, enum device_phase phase)
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
	journal_remove(&dev->journal);
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
	struct device *dev = job_device(job);
	struct device_host *host = dev->host;

	free_device(dev);
	if (host->is_stopping)
		tell_if_all_idle(host);
	else
		host->look_again(host);
}

static void start_forgetting(struct device *dev)
{
	dev->phase = DEVICE_FORGETTING;
	post_job(dev, run_close, close_done);
}

void device_forget(struct device *dev)
{
	dev->is_forgotten = true;
	device_advance(dev);
}

/* ---- claim and open -------------------------------------------------------------------------------------------- */

/* What the hotplug script has said stands: it is run once, and would not say so again. */
static int read_hotplug_status(struct device *dev, char *status, size_t size, struct errbuf *err)
{
	return xb_read_string_or(dev->host->store, dev->xb.dir, "hotplug-status", "", status, size, err);
}

static int write_fault(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct device *dev = arg;
	char status[32];
	int rc;

	rc = read_hotplug_status(dev, status, sizeof(status), err);
	if (rc == 0)
		rc = xb_write(store, dev->xb.dir, "hotplug-error", err, "%s", dev->fault.text);
	if (rc == 0 && strcmp(status, "connected") != 0)
		rc = xb_write(store, dev->xb.dir, "hotplug-status", err, "error");
	if (rc == 0)
		rc = xb_switch_state(store, dev->xb.dir, XB_INIT_WAIT, err);
	return rc;
}

static int remove_node(struct device *dev, const char *name, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc = xb_path(path, sizeof(path), err, "%s/%s", dev->xb.dir, name);

	return rc ? rc : xb_remove(dev->host->store, path, err);
}

/* What an earlier fault has left. A script that has not succeeded yet is still waited for. */
static int take_back_fault(struct device *dev, struct errbuf *err)
{
	char status[32];
	int rc;

	rc = read_hotplug_status(dev, status, sizeof(status), err);
	if (rc == 0 && strcmp(status, "error") == 0)
		rc = remove_node(dev, "hotplug-status", err);
	return rc ? rc : remove_node(dev, "hotplug-error", err);
}

static int write_offer(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct device *dev = arg;
	int rc;

	rc = take_back_fault(dev, err);
	if (rc == 0)
		rc = dev->host->class->offer(dev, err);
	if (rc == 0)
		rc = xb_switch_state(store, dev->xb.dir, XB_INIT_WAIT, err);
	return rc;
}

/* A device that cannot be served gets to InitWait all the same: it is what the toolstack waits for, to be told why. */
static void offer(struct device *dev)
{
	struct errbuf err;
	int rc;

	rc = xb_transaction(dev->host->store, has_fault(dev) ? write_fault : write_offer, dev, &err);
	if (rc == 0)
		dev->was_offered = true;
	else if (rc != -ENOENT)
		log_error("%s: offer: %s", dev->label, err.text);
}

/* A guest that asks again and again makes us look again and again: so the log is bounded. */
static void set_fault(struct device *dev, const struct errbuf *why)
{
	dev->fault = *why;
	log_limited(&dev->log_limit, LOG_ERROR, "%s: %s", dev->label, why->text);
}

static void run_open(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->job_rc = dev->host->class->open(dev, &dev->job_err);
}

/* What was found connected is not offered: it is taken up, or parked as it is. */
static void offer_unless_connected(struct device *dev)
{
	struct errbuf err;
	enum xb_state ours;

	if (!dev->is_forgotten && !dev->host->is_stopping && xb_device_own_state(&dev->xb, &ours, &err) == 0 &&
	    (ours == XB_INITIALISING || ours == XB_INIT_WAIT || ours == XB_INITIALISED))
		offer(dev);
}

/* Opened, or why not is known. */
static void finish_opening(struct device *dev)
{
	offer_unless_connected(dev);
	settle(dev, DEVICE_READY);
}

static void opened(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	if (dev->job_rc)
		set_fault(dev, &dev->job_err);
	else
		dev->fault.text[0] = '\0';
	finish_opening(dev);
}

static void open_done(struct helper_job *job)
{
	struct device *dev = job_device(job);

	if (dev->timer.is_armed)
		loop_timer_cancel(dev->host->loop, &dev->timer, opened);
	else
		opened(&dev->timer);
}

/* It goes on, and is offered if it succeeds after all. */
static void open_takes_long(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);
	struct errbuf why;

	errbuf_set(&why, 0, "%.400s does not open: nothing in %llu s (does its storage answer?)",
		   dev->host->class->target(dev), OPEN_DEADLINE_NS / 1000000000ULL);
	set_fault(dev, &why);
	offer_unless_connected(dev);
}

static void read_domain(struct device *dev)
{
	struct journal_identity *identity = &dev->identity;
	char domain[64], vm[64] = "";
	struct errbuf err;

	memset(identity, 0, sizeof(*identity));
	snprintf(identity->kind, sizeof(identity->kind), "%s", dev->xb.kind);
	identity->domid = dev->xb.domid;
	identity->devid = dev->xb.devid;
	snprintf(domain, sizeof(domain), "/local/domain/%u", dev->xb.domid);
	/* "/vm/UUID". A toolstack that writes none has no reboot to recognise either. */
	xb_read_string_or(dev->host->store, domain, "vm", "", vm, sizeof(vm), &err);
	if (strncmp(vm, "/vm/", 4) == 0)
		snprintf(identity->domain_uuid, sizeof(identity->domain_uuid), "%.36s", vm + 4);
}

static void start_open(struct device *dev)
{
	struct errbuf err;

	if (!dev->journal.file) {
		claim(dev);
		return;
	}
	dev->phase = DEVICE_OPENING;
	read_domain(dev);
	if (dev->host->class->parse(dev, &err)) {
		set_fault(dev, &err);
		finish_opening(dev);
		return;
	}
	loop_timer_start(dev->host->loop, &dev->timer, OPEN_DEADLINE_NS, open_takes_long);
	post_job(dev, run_open, open_done);
}

static void retry_claim(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	if (dev->is_forgotten || dev->host->is_stopping)
		device_advance(dev);
	else
		claim(dev);
}

/*
 * Whether somebody served it before us is only known once it is ours alone. A guest in Initialised has not seen yet
 * that we are Connected; one that does not let go of a disk that is being detached still uses it, unless the journal
 * knows that we had stopped it.
 */
static void look_for_connection(struct device *dev)
{
	enum xb_state ours, peer;
	struct errbuf err;

	dev->is_resuming = false;
	if (xb_device_own_state(&dev->xb, &ours, &err))
		return;
	dev->was_offered = ours != XB_INITIALISING;
	if (xb_device_peer_state(&dev->xb, &peer, &err) || (peer != XB_INITIALISED && peer != XB_CONNECTED))
		return;
	dev->is_resuming = ours == XB_CONNECTED || (ours == XB_CLOSING && journal_has_connection(&dev->journal));
}

static void claim(struct device *dev)
{
	char path[256];
	struct errbuf err;
	int rc;

	dev->phase = DEVICE_CLAIMING;
	snprintf(path, sizeof(path), "%s/%s-%u-%u", dev->host->journal_dir, dev->xb.kind, dev->xb.domid,
		 dev->xb.devid);
	rc = journal_open(&dev->journal, path, &err);
	if (rc == -EBUSY) {
		if (!dev->said_claim)
			log_info("%s: left alone: %s", dev->label, err.text);
		dev->said_claim = true;
		loop_timer_start(dev->host->loop, &dev->timer, RETRY_NS, retry_claim);
		return;
	}
	if (rc) {
		set_fault(dev, &err);
		finish_opening(dev);
		return;
	}
	look_for_connection(dev);
	start_open(dev);
}

/* Not yet complete (the state is written last), or closed by us and about to be removed by the toolstack. */
static bool is_to_be_served(struct device *dev)
{
	enum xb_state ours;
	struct errbuf err;

	if (xb_device_own_state(&dev->xb, &ours, &err))
		return true; /* rubbish: say so, and what it is, when it is looked at */
	return ours != XB_UNKNOWN && (ours != XB_CLOSED || xb_device_is_online(&dev->xb));
}

/* A toolstack that writes node by node writes the state last. */
static bool is_complete(struct device_host *host, uint32_t domid, uint32_t devid)
{
	char name[64];

	snprintf(name, sizeof(name), "backend/%s/%u/%u/state", host->class->kind, domid, devid);
	return xb_exists(host->store, host->store->home, name);
}

/* It is looked at again with every change in the store, of other devices too: said once. */
static void say_left_alone(struct device_host *host, const struct device *dev, const struct errbuf *why)
{
	host->has_left_alone = true;
	for (unsigned int i = 0; i < host->nr_left_alone; i++) {
		if (strcmp(host->left_alone[i].text, why->text) == 0)
			return;
	}
	if (host->nr_left_alone == DEVICE_MAX_LEFT_ALONE)
		return;
	host->left_alone[host->nr_left_alone++] = *why;
	log_warn("%s: left alone: %s", dev->label, why->text);
}

void device_add(struct device_host *host, uint32_t domid, uint32_t devid)
{
	struct device *dev = calloc(1, host->class->device_bytes);
	struct errbuf err;
	int rc;

	if (!dev)
		return;
	dev->host = host;
	snprintf(dev->label, sizeof(dev->label), "%s %u/%u", host->class->kind, domid, devid);
	journal_init(&dev->journal);
	xb_device_init(&dev->xb);
	rc = xb_device_open_backend(&dev->xb, host->store, host->class->kind, domid, devid, &err);
	if (rc == 0 && is_to_be_served(dev))
		rc = xb_device_watch(&dev->xb, &err);
	else if (rc == 0)
		rc = -ENODEV;
	if (rc) {
		if (rc != -ENODEV && is_complete(host, domid, devid))
			say_left_alone(host, dev, &err);
		xb_device_fini(&dev->xb);
		free(dev);
		return;
	}
	TAILQ_INSERT_TAIL(&host->devices, dev, entry);
	claim(dev);
}

/* ---- connect --------------------------------------------------------------------------------------------------- */

static void refuse(struct device *dev, const char *step, int rc, const char *reason)
{
	char text[600];
	struct errbuf err;

	snprintf(text, sizeof(text), "%s: %s", step, reason);
	log_limited(&dev->log_limit, LOG_WARN, "%s: %s", dev->label, text);
	if (xb_report_error(dev->host->store, dev->xb.dir, rc, text, &err) ||
	    xb_switch_state(dev->host->store, dev->xb.dir, XB_CLOSING, &err))
		log_debug("%s: %s", dev->label, err.text);
}

static void park(struct device *dev, const char *reason)
{
	log_error(
		"%s: parked: %s; its ring is left untouched. The guest goes on once the device is closed or the guest "
		"restarts: 'pvring status' lists it",
		dev->label, reason);
	snprintf(dev->fault.text, sizeof(dev->fault.text), "parked: %.480s", reason);
	dev->is_resuming = false;
	settle(dev, DEVICE_PARKED);
}

static void cannot_connect(struct device *dev, const char *step, int rc, const char *reason)
{
	if (dev->is_resuming) {
		park(dev, reason);
		return;
	}
	refuse(dev, step, rc, reason);
	settle(dev, DEVICE_READY);
}

static void run_lock(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->job_rc = dev->host->class->lock(dev, &dev->job_err);
}

static void retry_lock(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	settle(dev, DEVICE_READY);
}

static void lock_done(struct helper_job *job)
{
	struct device *dev = job_device(job);

	if (dev->host->is_stopping) { /* the lock goes with the process */
		settle(dev, DEVICE_READY);
		return;
	}
	if (dev->job_rc == -EAGAIN) {
		if (!dev->said_wait)
			log_limited(&dev->log_limit, LOG_INFO, "%s: waiting: %s", dev->label, dev->job_err.text);
		dev->said_wait = true;
		loop_timer_start(dev->host->loop, &dev->timer, RETRY_NS, retry_lock);
		return;
	}
	dev->said_wait = false;
	if (dev->job_rc) {
		cannot_connect(dev, "lock", dev->job_rc, dev->job_err.text);
		return;
	}
	dev->phase = DEVICE_CONNECTING;
	dev->host->class->connect(dev);
}

/* libxl runs the hotplug script after InitWait; until it has succeeded nothing may be served. */
static bool hotplug_is_done(struct device *dev)
{
	char status[32];
	struct errbuf err;

	if (!xb_exists(dev->host->store, dev->xb.dir, "script"))
		return true;
	xb_read_string_or(dev->host->store, dev->xb.dir, "hotplug-status", "", status, sizeof(status), &err);
	return strcmp(status, "connected") == 0;
}

static void start_connect(struct device *dev)
{
	struct errbuf err;
	int rc;

	if (dev->is_resuming && has_fault(dev)) {
		err = dev->fault;
		park(dev, err.text);
		return;
	}
	if (has_fault(dev) || (!dev->is_resuming && !hotplug_is_done(dev)))
		return;
	read_domain(dev);
	rc = dev->host->class->accept(dev, &err);
	if (rc == 0 && dev->is_resuming)
		rc = journal_check_clean(&dev->journal, &dev->identity, &err);
	if (rc) {
		cannot_connect(dev, "connect", rc, err.text);
		return;
	}
	dev->phase = DEVICE_LOCKING;
	post_job(dev, run_lock, lock_done);
}

/* The toolstack removed the directory and made a new one of the same name before we looked. */
static bool is_another_device(const struct device *dev, enum xb_state ours)
{
	return ours == XB_INITIALISING && dev->was_offered;
}

static int write_connected(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct device *dev = arg;
	enum xb_state ours;
	int rc;

	rc = xb_device_own_state(&dev->xb, &ours, err);
	if (rc == 0 && is_another_device(dev, ours))
		rc = errbuf_set(err, -ESTALE, "%s is another device's by now", dev->xb.dir);
	if (rc == 0)
		rc = dev->host->class->publish(dev, err);
	if (rc == 0)
		rc = xb_switch_state(store, dev->xb.dir, XB_CONNECTED, err);
	return rc;
}

void device_connected(struct device *dev, int rc, const struct errbuf *reason)
{
	struct errbuf err;

	if (rc) {
		cannot_connect(dev, "connect", rc, reason->text);
		return;
	}
	log_limited(&dev->life_limit, LOG_INFO, "%s: %s", dev->label,
		    dev->is_resuming ? "taken up again" : "connected");
	if (!dev->is_resuming && (xb_transaction(dev->host->store, write_connected, dev, &err) ||
				  xb_clear_error(dev->host->store, dev->xb.dir, &err)))
		log_warn("%s: publish: %s", dev->label, err.text);
	dev->is_resuming = false;
	settle(dev, DEVICE_CONNECTED);
}

/* ---- disconnect ------------------------------------------------------------------------------------------------ */

void device_disconnected(struct device *dev, uint32_t nr_orphans)
{
	bool is_hand_over = dev->stop_how == QUEUE_HAND_OVER;

	if (nr_orphans && is_hand_over)
		log_error("%s: not handed over: %u request(s) did not come back from the disk in time", dev->label,
			  nr_orphans);
	else if (nr_orphans)
		log_error("%s: %u request(s) did not come back from the disk in time: closed without them", dev->label,
			  nr_orphans);
	else
		log_limited(&dev->life_limit, LOG_INFO, "%s: %s", dev->label,
			    is_hand_over ? "handed over" : "disconnected");
	dev->host->has_lost_one |= nr_orphans && is_hand_over;
	settle(dev, DEVICE_READY);
}

void device_fail(struct device *dev, const char *reason)
{
	if (dev->phase != DEVICE_CONNECTED)
		return;
	refuse(dev, "stopped", -EPROTO, reason);
	start_disconnect(dev, QUEUE_CLOSE);
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

static void switch_to(struct device *dev, enum xb_state state)
{
	struct errbuf err;
	int rc = xb_switch_state(dev->host->store, dev->xb.dir, state, &err);

	if (rc && rc != -ENOENT)
		log_warn("%s: %s", dev->label, err.text);
}

/* What could not be served may be well when a guest asks for it: one look each time it does. */
static bool open_again(struct device *dev)
{
	if (!has_fault(dev) || dev->has_opened_again)
		return false;
	dev->has_opened_again = true;
	start_open(dev);
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
			offer(dev);
		start_connect(dev);
		break;
	case XB_ACT_OFFER:
	case XB_ACT_RESTART:
		if (!open_again(dev))
			offer(dev);
		break;
	case XB_ACT_CLOSE:
		switch_to(dev, XB_CLOSING);
		break;
	case XB_ACT_DISCONNECT:
	case XB_ACT_GONE:
		switch_to(dev, XB_CLOSED);
		if (!xb_device_is_online(&dev->xb))
			device_forget(dev);
		break;
	default:
		break;
	}
}

static void advance_connected(struct device *dev, enum xb_action action)
{
	switch (action) {
	case XB_ACT_CLOSE:
	case XB_ACT_DISCONNECT:
	case XB_ACT_RESTART:
	case XB_ACT_GONE:
		start_disconnect(dev, QUEUE_CLOSE);
		break;
	default:
		break;
	}
}

/* A domain that is dead leaves its nodes behind for a while. */
static int read_peer_state(struct device *dev, enum xb_state *peer, struct errbuf *err)
{
	if (!xs_is_domain_introduced(dev->host->store->xs, dev->xb.domid)) {
		*peer = XB_UNKNOWN;
		return 0;
	}
	return xb_device_peer_state(&dev->xb, peer, err);
}

static void advance_idle(struct device *dev)
{
	enum xb_state ours = XB_UNKNOWN, peer = XB_UNKNOWN;
	enum xb_action action;
	struct errbuf err;

	if (xb_device_own_state(&dev->xb, &ours, &err))
		log_limited(&dev->log_limit, LOG_WARN, "%s: closed: %s", dev->label, err.text);
	else if (ours == XB_UNKNOWN || is_another_device(dev, ours))
		dev->is_forgotten = true;
	if (dev->is_forgotten) {
		if (dev->phase == DEVICE_CONNECTED)
			start_disconnect(dev, QUEUE_CLOSE);
		else
			start_forgetting(dev);
		return;
	}
	action = XB_ACT_PROTOCOL_ERROR;
	if (read_peer_state(dev, &peer, &err) == 0) {
		action = xb_device_action(&dev->xb, ours, peer);
		snprintf(err.text, sizeof(err.text), "the frontend went to %s while we are %s", xb_state_name(peer),
			 xb_state_name(ours));
	}
	if (dev->is_resuming && action == XB_ACT_NONE) {
		start_connect(dev);
		return;
	}
	/* We let go, and the guest came back without waiting for an offer: it has a new ring. */
	if (dev->phase == DEVICE_READY && ours == XB_CONNECTED && action == XB_ACT_NONE &&
	    !journal_has_connection(&dev->journal))
		action = XB_ACT_CONNECT;
	dev->is_resuming = false;
	if (action != XB_ACT_CONNECT && action != XB_ACT_OFFER && action != XB_ACT_RESTART)
		dev->has_opened_again = false;
	if (dev->phase == DEVICE_PARKED && action != XB_ACT_NONE)
		dev->phase = DEVICE_READY; /* with a fault: opened again before it is offered */
	if (dev->phase == DEVICE_CONNECTED && action == XB_ACT_PROTOCOL_ERROR)
		device_fail(dev, err.text);
	else if (action == XB_ACT_PROTOCOL_ERROR && ours != XB_CLOSING && ours != XB_CLOSED)
		refuse(dev, "state", -EPROTO, err.text);
	else if (dev->phase == DEVICE_CONNECTED)
		advance_connected(dev, action);
	else
		advance_ready(dev, ours, action);
}

void device_advance(struct device *dev)
{
	if (dev->host->is_stopping || is_busy(dev))
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
		journal_close(&dev->journal);
		free(dev);
	}
}

void device_ask_to_close(struct device *dev)
{
	if (dev->phase == DEVICE_CONNECTED || dev->phase == DEVICE_PARKED)
		switch_to(dev, XB_CLOSING);
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
	if (object)
		dev->host->class->status(dev, object);
	return object;
}
