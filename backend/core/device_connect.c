// SPDX-License-Identifier: MIT
/* The way of a device to Connected and back: locked, connected or parked, disconnected. */
#include "backend/core/device_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/container.h"
#include "xenbus/node.h"

#define RESUME_DEADLINE_NS (10 * 1000000000ULL)
#define FIRST_RETRY_NS     1000000ULL

bool device_refuse(struct device *dev, const char *step, int rc, const char *reason)
{
	char text[600];
	struct errbuf err;

	snprintf(text, sizeof(text), "%s: %s", step, reason);
	device_say(dev, DEVICE_SAYS_REFUSED, LOG_WARN, "%s", text);
	if (xb_report_error(dev->host->store, dev->xb.dir, rc, text, &err))
		log_debug("%s: %s", dev->label, err.text);
	rc = xb_switch_state(dev->host->store, dev->xb.dir, XB_CLOSING, &err);
	if (rc)
		log_debug("%s: %s", dev->label, err.text);
	return !device_asks_again(dev, rc);
}

static void park(struct device *dev, const char *reason)
{
	log_error(
		"%s: parked: %s; its ring is left as it is. The guest goes on once it restarts, or by "
		"'pvring recover %s'",
		dev->label, reason, dev->label);
	snprintf(dev->fault.text, sizeof(dev->fault.text), "parked: %.480s", reason);
	dev->is_resuming = dev->gives_up_journal = false;
	dev->resuming_since_ns = dev->retrying_since_ns = 0; /* what is tried next has its time anew */
	device_settle(dev, DEVICE_PARKED);
}

/* A guest that has left, or come back with another ring, has taken the one we tried along: that is no fault of it. */
static bool guest_has_moved_on(struct device *dev)
{
	struct device_rings tried = dev->rings;
	enum xb_state peer;
	struct errbuf err;

	if (xb_device_peer_state(&dev->xb, &peer, &err))
		return false;
	if (peer != XB_INITIALISED && peer != XB_CONNECTED)
		return true;
	return dev->host->class->accept(dev, &err) == 0 && !device_rings_are_same(&tried, &dev->rings);
}

static void try_again(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	device_settle(dev, DEVICE_READY);
}

/* A process that hands over or is dead is gone soon: its guest waits for each millisecond that we look too late. */
static uint64_t retry_after_ns(struct device *dev)
{
	uint64_t waited_ns;

	if (!dev->is_resuming)
		return DEVICE_RETRY_NS;
	if (!dev->retrying_since_ns)
		dev->retrying_since_ns = clock_now_ns();
	waited_ns = clock_now_ns() - dev->retrying_since_ns;
	if (waited_ns / 4 > DEVICE_RETRY_NS)
		return DEVICE_RETRY_NS;
	return waited_ns / 4 > FIRST_RETRY_NS ? waited_ns / 4 : FIRST_RETRY_NS;
}

static void try_again_later(struct device *dev)
{
	loop_timer_start(dev->host->loop, &dev->timer, retry_after_ns(dev), try_again);
}

/* A process that was killed lets go of one thing after the other: of its claim, by which we are here, not last. */
static bool may_become_free(struct device *dev, int rc)
{
	if (!dev->is_resuming || rc != -EAGAIN)
		return false;
	if (!dev->resuming_since_ns)
		dev->resuming_since_ns = clock_now_ns();
	return clock_now_ns() - dev->resuming_since_ns < RESUME_DEADLINE_NS;
}

static void cannot_connect(struct device *dev, const char *step, int rc, const char *reason)
{
	if (may_become_free(dev, rc)) {
		if (dev->host->is_stopping) /* the next daemon's matter */
			device_settle(dev, DEVICE_READY);
		else
			try_again_later(dev);
		return;
	}
	if (dev->is_resuming) {
		park(dev, reason);
		return;
	}
	if (guest_has_moved_on(dev))
		device_settle(dev, DEVICE_READY);
	else if (device_refuse(dev, step, rc, reason) || dev->host->is_stopping)
		device_settle(dev, DEVICE_READY);
	else
		dev->phase = DEVICE_READY; /* the guest still asks: not at once again */
}

static void run_lock(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->job_rc = dev->host->class->lock(dev, &dev->job_err);
}

static void lock_done(struct helper_job *job)
{
	struct device *dev = device_job_done(job);

	if (dev->host->is_stopping) { /* a lock that it got goes with the image */
		device_settle(dev, DEVICE_READY);
		return;
	}
	if (dev->job_rc == -EAGAIN) {
		if (!dev->said_wait)
			device_say(dev, DEVICE_SAYS_WAITS, LOG_INFO, "waiting: %s", dev->job_err.text);
		dev->said_wait = true;
		try_again_later(dev);
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
	char text[32];
	struct errbuf err;
	int rc = xb_read_string(dev->host->store, dev->xb.dir, "script", text, sizeof(text), &err);

	if (rc == -ENOENT)
		return true;
	rc = device_read_hotplug_status(dev, text, sizeof(text), &err);
	return !device_asks_again(dev, rc) && strcmp(text, "connected") == 0;
}

void device_start_connect(struct device *dev)
{
	struct errbuf err;
	int rc;

	if (dev->is_resuming && device_has_fault(dev)) {
		err = dev->fault;
		park(dev, err.text);
		return;
	}
	if (device_has_fault(dev) || (!dev->is_resuming && !hotplug_is_done(dev)))
		return;
	rc = device_read_domain(dev, &err);
	if (rc == 0)
		rc = dev->host->class->accept(dev, &err);
	if (device_asks_again(dev, rc))
		return;
	if (rc == 0 && dev->is_resuming && dev->gives_up_journal)
		device_rings_give_up_journals(&dev->rings);
	else if (rc == 0 && dev->is_resuming)
		rc = device_rings_check(&dev->rings, &err);
	if (rc) {
		cannot_connect(dev, "connect", rc, err.text);
		return;
	}
	dev->phase = DEVICE_LOCKING;
	device_post_job(dev, run_lock, lock_done);
}

static int write_connected(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct device *dev = arg;
	enum xb_state ours;
	int rc;

	rc = xb_device_own_state(&dev->xb, &ours, err);
	if (rc == 0 && device_is_another(dev, ours))
		rc = errbuf_set(err, -ESTALE, "%s is another device's by now", dev->xb.dir);
	if (rc == 0)
		rc = dev->host->class->publish(dev, err);
	if (rc == 0)
		rc = xb_announce_state(store, dev->xb.dir, XB_CONNECTED, err);
	return rc;
}

void device_publish(struct device *dev)
{
	struct errbuf err;
	int rc = xb_transaction(dev->host->store, write_connected, dev, &err);

	if (rc == 0)
		rc = xb_clear_error(dev->host->store, dev->xb.dir, &err);
	if (rc && !device_asks_again(dev, rc))
		device_say(dev, DEVICE_SAYS_REFUSED, LOG_WARN, "publish: %s", err.text);
}

void device_connected(struct device *dev, int rc, const struct errbuf *reason)
{
	if (rc) {
		cannot_connect(dev, "connect", rc, reason->text);
		return;
	}
	if (dev->is_resuming && dev->gives_up_journal) {
		log_warn("%s: taken up without its journal: %u request(s) that its guest waits for are never answered",
			 dev->label, device_rings_nr_abandoned(&dev->rings));
	} else if (dev->is_resuming) {
		device_say(dev, DEVICE_SAYS_CONNECTED, LOG_INFO, "taken up again, with %u unanswered request(s)",
			   device_rings_nr_resumed(&dev->rings));
	} else {
		device_say(dev, DEVICE_SAYS_CONNECTED, LOG_INFO, "connected");
		device_publish(dev);
	}
	dev->resuming_since_ns = dev->retrying_since_ns = 0;
	dev->is_resuming = dev->gives_up_journal = false;
	device_settle(dev, DEVICE_CONNECTED);
}

/* ---- disconnect ------------------------------------------------------------------------------------------------ */

void device_disconnected(struct device *dev, uint32_t nr_orphans)
{
	bool is_hand_over = dev->stop_how == QUEUE_HAND_OVER;

	if (nr_orphans && is_hand_over)
		log_error("%s: not handed over: %u request(s) did not come back in time", dev->label,
			  nr_orphans);
	else if (nr_orphans)
		log_error("%s: %u request(s) did not come back in time: closed without them", dev->label,
			  nr_orphans);
	else
		device_say(dev, DEVICE_SAYS_DISCONNECTED, LOG_INFO, is_hand_over ? "handed over" : "disconnected");
	dev->host->has_lost_one |= nr_orphans && is_hand_over;
	if (dev->capture && !capture_has_reader(dev->capture)) /* who reads may wait for the next connection */
		capture_put(&dev->capture);
	if (is_hand_over && !nr_orphans) {
		device_rings_let_go(&dev->rings); /* the next daemon need not wait for what this one still waits for */
		if (dev->host->let_go)
			dev->host->let_go(dev->host);
	}
	device_settle(dev, DEVICE_READY);
}

void device_start_disconnect(struct device *dev, enum queue_stop how)
{
	dev->phase = DEVICE_DISCONNECTING;
	dev->stop_how = how;
	dev->host->class->disconnect(dev, how);
}

void device_fail(struct device *dev, const char *reason)
{
	if (dev->phase != DEVICE_CONNECTED)
		return;
	device_refuse(dev, "stopped", -EPROTO, reason);
	device_start_disconnect(dev, QUEUE_CLOSE);
}
