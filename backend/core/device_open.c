// SPDX-License-Identifier: MIT
/* The way of a device to InitWait: claimed, opened, offered, or a fault that the toolstack is told. */
#include "backend/core/device_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/container.h"
#include "xenbus/node.h"

/* Then the toolstack is told that an image does not open: libxl waits 10 s for InitWait. */
#define OPEN_DEADLINE_NS (5 * 1000000000ULL)

/* What the hotplug script has said stands: it is run once, and would not say so again. Rubbish is no word of it. */
static int read_hotplug_status(struct device *dev, char *status, size_t size, struct errbuf *err)
{
	int rc = xb_read_string_or(dev->host->store, dev->xb.dir, "hotplug-status", "", status, size, err);

	return rc == -E2BIG || rc == -EINVAL ? 0 : rc;
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
void device_offer(struct device *dev)
{
	struct errbuf err;
	int rc;

	rc = xb_transaction(dev->host->store, device_has_fault(dev) ? write_fault : write_offer, dev, &err);
	if (rc == 0)
		dev->was_offered = true;
	else if (rc != -ENOENT)
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

	if (dev->is_forgotten || dev->host->is_stopping || xb_device_own_state(&dev->xb, &ours, &err))
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

void device_read_domain(struct device *dev)
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

void device_start_open(struct device *dev)
{
	struct errbuf err;

	if (!dev->journal.file) {
		device_claim(dev);
		return;
	}
	dev->phase = DEVICE_OPENING;
	device_read_domain(dev);
	if (dev->host->class->parse(dev, &err)) {
		set_fault(dev, &err);
		finish_opening(dev);
		return;
	}
	loop_timer_start(dev->host->loop, &dev->timer, OPEN_DEADLINE_NS, open_takes_long);
	device_post_job(dev, run_open, open_done);
}

static void retry_claim(struct loop_timer *timer)
{
	struct device *dev = container_of(timer, struct device, timer);

	if (dev->is_forgotten || dev->host->is_stopping)
		device_advance(dev);
	else
		device_claim(dev);
}

/*
 * May a guest use it? One in Initialised has not seen yet that we are Connected; one that does not let go of a disk
 * that is being detached still uses it, unless we had stopped it.
 */
static bool may_be_in_use(struct device *dev, enum xb_state ours)
{
	enum xb_state peer;
	struct errbuf err;

	return (ours == XB_CONNECTED || ours == XB_CLOSING) && xb_device_peer_state(&dev->xb, &peer, &err) == 0 &&
	       (peer == XB_INITIALISED || peer == XB_CONNECTED);
}

/* Whether somebody served it before us is only known once it is ours alone: the journal knows the rest. */
static int look_for_connection(struct device *dev, struct errbuf *err)
{
	enum xb_state ours;
	int rc = xb_device_own_state(&dev->xb, &ours, err);

	dev->is_resuming = false;
	if (rc)
		return rc == -EPROTO ? 0 : rc;
	dev->was_offered = ours != XB_INITIALISING;
	dev->is_resuming = may_be_in_use(dev, ours) &&
			   (ours == XB_CONNECTED || journal_has_connection(&dev->journal));
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
	loop_timer_start(dev->host->loop, &dev->timer, DEVICE_RETRY_NS, retry_claim);
}

void device_claim(struct device *dev)
{
	struct errbuf err, ignored;
	enum xb_state ours;
	char path[256];
	int rc;

	dev->phase = DEVICE_CLAIMING;
	snprintf(path, sizeof(path), "%s/%s-%u-%u", dev->host->journal_dir, dev->xb.kind, dev->xb.domid,
		 dev->xb.devid);
	rc = journal_open(&dev->journal, path, &err);
	if (rc == -EBUSY ||
	    (rc && xb_device_own_state(&dev->xb, &ours, &ignored) == 0 && may_be_in_use(dev, ours))) {
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
		journal_close(&dev->journal);
		claim_later(dev, rc, &err);
		return;
	}
	dev->fault.text[0] = '\0';
	device_start_open(dev);
}
