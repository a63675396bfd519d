// SPDX-License-Identifier: MIT
/* The way of a device to InitWait: added, claimed, opened, offered, or a fault that the toolstack is told. */
#include "backend/core/device_steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/container.h"
#include "xenbus/node.h"

/* Then the toolstack is told that an image does not open: libxl waits 10 s for InitWait. */
#define OPEN_DEADLINE_NS (5 * 1000000000ULL)

static void claim(struct device *dev);
static void retry_later(struct device *dev);

int device_read_hotplug_status(struct device *dev, char *status, size_t size, struct errbuf *err)
{
	int rc = xb_read_string_or(dev->host->store, dev->xb.dir, "hotplug-status", "", status, size, err);

	return rc == -E2BIG || rc == -EINVAL ? 0 : rc;
}

static int write_fault(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct device *dev = arg;
	char status[32];
	int rc;

	rc = device_read_hotplug_status(dev, status, sizeof(status), err);
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

	rc = device_read_hotplug_status(dev, status, sizeof(status), err);
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
void device_offer(struct device *dev)
{
	struct errbuf err;
	int rc;

	rc = xb_transaction(dev->host->store, device_has_fault(dev) ? write_fault : write_offer, dev, &err);
	if (rc == 0)
		dev->was_offered = true;
	else if (!device_asks_again(dev, rc) && rc != -ENOENT)
		device_say(dev, DEVICE_SAYS_FAULT, LOG_ERROR, "offer: %s", err.text);
}

/* A guest that asks again and again makes us look again and again: so the log is bounded. */
static void set_fault(struct device *dev, const struct errbuf *why)
{
	dev->fault = *why;
	device_say(dev, DEVICE_SAYS_FAULT, LOG_ERROR, "%s", why->text);
}

static void run_open(struct helper_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	dev->job_rc = dev->host->class->open(dev, &dev->job_err);
}

/*
 * What was found connected is not offered: it is taken up, or parked as it is. Nor is what we opened for a device whose
 * place another has taken since: after that nobody could tell.
 */
static void offer_unless_connected(struct device *dev)
{
	struct errbuf err;
	enum xb_state ours;

	if (dev->is_forgotten || dev->is_resuming || dev->host->is_stopping ||
	    xb_device_own_state(&dev->xb, &ours, &err))
		return;
	if (device_is_another(dev, ours))
		dev->is_forgotten = true;
	else if (ours == XB_INITIALISING || ours == XB_INIT_WAIT || ours == XB_INITIALISED)
		device_offer(dev);
}

/* Opened, or why not is known. */
static void finish_opening(struct device *dev)
{
	offer_unless_connected(dev);
	device_settle(dev, DEVICE_READY);
}

static void opened(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	if (dev->job_rc == -EAGAIN && !dev->is_forgotten && !dev->host->is_stopping) {
		device_start_open(dev);
		return;
	}
	if (dev->job_rc)
		set_fault(dev, &dev->job_err);
	else
		dev->fault.text[0] = '\0';
	finish_opening(dev);
}

static void open_done(struct helper_job *job)
{
	struct device *dev = device_job_done(job);

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

int device_read_domain(struct device *dev, struct errbuf *err)
{
	struct journal_identity whose = { .domid = dev->xb.domid, .devid = dev->xb.devid };
	char domain[64], vm[64] = "";
	int rc;

	snprintf(whose.kind, sizeof(whose.kind), "%s", dev->xb.kind);
	snprintf(domain, sizeof(domain), "/local/domain/%u", dev->xb.domid);
	/* "/vm/UUID". A toolstack that writes none has no reboot to recognise either. */
	rc = xb_read_string_or(dev->host->store, domain, "vm", "", vm, sizeof(vm), err);
	if (strncmp(vm, "/vm/", 4) == 0)
		snprintf(whose.domain_uuid, sizeof(whose.domain_uuid), "%.36s", vm + 4);
	device_rings_identify(&dev->rings, &whose);
	return xb_is_unknown(rc) ? rc : 0;
}

/* A claim that somebody else had, or a store that did not answer, which is no fault of the device's. */
static void retry(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	if (dev->is_forgotten || dev->host->is_stopping)
		device_settle(dev, DEVICE_READY);
	else if (dev->host->has_lost_store)
		retry_later(dev);
	else
		device_start_open(dev);
}

static void retry_later(struct device *dev)
{
	loop_timer_start(dev->host->loop, &dev->timer, DEVICE_RETRY_NS, retry);
}

void device_host_claim_now(struct device_host *host)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		if (dev->phase == DEVICE_CLAIMING && dev->timer.is_armed)
			loop_timer_cancel(host->loop, &dev->timer, retry);
	}
}

void device_start_open(struct device *dev)
{
	struct errbuf err;
	int rc;

	if (!device_rings_are_claimed(&dev->rings)) {
		claim(dev);
		return;
	}
	dev->phase = DEVICE_OPENING;
	dev->must_look = true;
	rc = device_read_domain(dev, &err);
	if (rc == 0)
		rc = dev->host->class->parse(dev, &err);
	if (xb_is_unknown(rc)) {
		retry_later(dev);
		return;
	}
	if (rc) {
		set_fault(dev, &err);
		finish_opening(dev);
		return;
	}
	loop_timer_start(dev->host->loop, &dev->timer, OPEN_DEADLINE_NS, open_takes_long);
	device_post_job(dev, run_open, open_done);
}

/* It would, if we are Connected: one in Initialised has not seen that yet. */
static int guest_would_use(struct device *dev, bool *would, struct errbuf *err)
{
	enum xb_state peer;
	int rc = xb_device_peer_state(&dev->xb, &peer, err);

	*would = rc == 0 && (peer == XB_INITIALISED || peer == XB_CONNECTED || peer == XB_RECONFIGURING);
	return xb_is_unknown(rc) ? rc : 0;
}

/* One that does not let go of a disk that is being detached still uses it, unless we had stopped it. */
static int may_be_in_use(struct device *dev, enum xb_state ours, bool *may, struct errbuf *err)
{
	*may = false;
	if (ours != XB_CONNECTED && ours != XB_CLOSING && ours != XB_RECONFIGURED)
		return 0;
	return guest_would_use(dev, may, err);
}

/*
 * Whether somebody served it before us is only known once it is ours alone: the journal knows the rest. A daemon may
 * have died when it had served a ring and not said yet that it was Connected.
 */
static int look_for_connection(struct device *dev, struct errbuf *err)
{
	bool has_connection = device_rings_have_connection(&dev->rings), is_in_use;
	enum xb_state ours;
	int rc = xb_device_own_state(&dev->xb, &ours, err);

	dev->is_resuming = false;
	if (rc)
		return xb_is_unknown(rc) ? rc : 0;
	if (ours == XB_INIT_WAIT && has_connection)
		rc = guest_would_use(dev, &is_in_use, err);
	else
		rc = may_be_in_use(dev, ours, &is_in_use, err);
	if (rc)
		return rc;
	dev->was_offered = ours != XB_INITIALISING;
	dev->is_resuming = is_in_use && (ours != XB_CLOSING || has_connection);
	return 0;
}

/* It is another daemon's; or it is in use, and must be neither offered nor left without a journal. */
static void claim_later(struct device *dev, int rc, const struct errbuf *why)
{
	if (!dev->said_claim && rc == -EBUSY)
		log_info("%s: left alone: %s", dev->label, why->text);
	else if (!dev->said_claim)
		log_error("%s: cannot be taken up yet: %s", dev->label, why->text);
	dev->said_claim = true;
	dev->fault = *why;
	retry_later(dev);
}

/* Nothing would be lost if it were offered anew. */
static bool is_surely_unused(struct device *dev)
{
	struct errbuf ignored;
	enum xb_state ours;
	bool is_in_use;
	int rc = xb_device_own_state(&dev->xb, &ours, &ignored);

	if (rc)
		return !xb_is_unknown(rc);
	return may_be_in_use(dev, ours, &is_in_use, &ignored) == 0 && !is_in_use;
}

static void name_claim(char *path, size_t size, const struct device_host *host, uint32_t domid, uint32_t devid)
{
	snprintf(path, size, "%s/%s-%u-%u", host->journal_dir, host->class->kind, domid, devid);
}

bool device_is_there(struct device_host *host, uint32_t domid, uint32_t devid)
{
	char path[256], name[64], ignored[16];
	struct errbuf err;

	snprintf(name, sizeof(name), "backend/%s/%u/%u", host->class->kind, domid, devid);
	name_claim(path, sizeof(path), host, domid, devid);
	return xb_read_string(host->store, host->store->home, name, ignored, sizeof(ignored), &err) != -ENOENT ||
	       journal_is_claimed(path);
}

static void claim(struct device *dev)
{
	struct errbuf err;
	char path[256];
	int rc;

	dev->phase = DEVICE_CLAIMING;
	name_claim(path, sizeof(path), dev->host, dev->xb.domid, dev->xb.devid);
	rc = device_rings_claim(&dev->rings, path, &err);
	if (rc == -EBUSY || (rc && !is_surely_unused(dev))) {
		claim_later(dev, rc, &err);
		return;
	}
	if (rc) {
		set_fault(dev, &err);
		finish_opening(dev);
		return;
	}
	rc = look_for_connection(dev, &err);
	if (rc) { /* the store does not answer, and a ring may be in use */
		device_rings_let_go(&dev->rings);
		claim_later(dev, rc, &err);
		return;
	}
	dev->fault.text[0] = '\0';
	device_start_open(dev);
}

/* ---- adding ---------------------------------------------------------------------------------------------------- */

/* Not yet complete (the state is written last), or closed by us and about to be removed by the toolstack. */
static bool is_to_be_served(struct device *dev)
{
	enum xb_state ours;
	struct errbuf err;

	if (xb_device_own_state(&dev->xb, &ours, &err))
		return true; /* rubbish: say so, and what it is, when it is looked at */
	return ours != XB_UNKNOWN && (ours != XB_CLOSED || xb_device_is_online(&dev->xb));
}

/* A toolstack that writes node by node writes the state last. Asked first: what was missing may be there by now. */
static bool is_complete(struct device_host *host, uint32_t domid, uint32_t devid)
{
	char name[64], state[16];
	struct errbuf ignored;

	snprintf(name, sizeof(name), "backend/%s/%u/%u/state", host->class->kind, domid, devid);
	/* One that cannot be read is there. */
	return xb_read_string(host->store, host->store->home, name, state, sizeof(state), &ignored) != -ENOENT;
}

/* It is looked at again with every change in the store, of other devices too: said once. */
static void say_left_alone(struct device_host *host, const char *label, const struct errbuf *why)
{
	host->has_left_alone = true;
	for (unsigned int i = 0; i < host->nr_left_alone; i++) {
		if (strcmp(host->left_alone[i].text, why->text) == 0)
			return;
	}
	if (host->nr_left_alone == DEVICE_MAX_LEFT_ALONE)
		return;
	host->left_alone[host->nr_left_alone++] = *why;
	log_warn("%s: left alone: %s", label, why->text);
}

static int watch(struct device *dev, struct errbuf *err)
{
	const char *peer_node = dev->host->class->peer_node;
	int rc = xb_device_watch(&dev->xb, err);

	return rc == 0 && peer_node ? xb_device_watch_node(&dev->xb, peer_node, err) : rc;
}

static int open_device(struct device *dev, uint32_t domid, uint32_t devid, struct errbuf *err)
{
	struct device_host *host = dev->host;
	int rc;

	dev->guest = guest_get(&host->guests, domid);
	if (!dev->guest)
		return errbuf_set(err, -ENOMEM, "no memory");
	rc = xb_device_open_backend(&dev->xb, host->store, host->class->kind, domid, devid, err);
	if (rc)
		return rc;
	return is_to_be_served(dev) ? watch(dev, err) : -ENODEV;
}

/* Not if its nodes are not complete (said so): then another look comes with the next change in the store. */
static void cannot_add(struct device_host *host, uint32_t domid, uint32_t devid, int rc, const struct errbuf *why)
{
	char label[sizeof(((struct device *)0)->label)];

	if (rc == -ENODEV || !is_complete(host, domid, devid))
		return;
	snprintf(label, sizeof(label), "%s %u/%u", host->class->kind, domid, devid);
	say_left_alone(host, label, why);
	host->must_look_again |= rc == -ENOMEM;
}

void device_add(struct device_host *host, uint32_t domid, uint32_t devid)
{
	struct device *dev;
	struct errbuf err;
	int rc;

	if (!is_complete(host, domid, devid))
		return;
	dev = calloc(1, host->class->device_bytes);
	if (!dev) {
		cannot_add(host, domid, devid, errbuf_set(&err, -ENOMEM, "no memory"), &err);
		return;
	}
	dev->host = host;
	snprintf(dev->label, sizeof(dev->label), "%s %u/%u", host->class->kind, domid, devid);
	device_rings_init(&dev->rings);
	xb_device_init(&dev->xb);
	rc = open_device(dev, domid, devid, &err);
	if (rc) {
		cannot_add(host, domid, devid, rc, &err);
		xb_device_fini(&dev->xb);
		guest_put(dev->guest);
		free(dev);
		return;
	}
	TAILQ_INSERT_TAIL(&host->devices, dev, entry);
	claim(dev);
}
