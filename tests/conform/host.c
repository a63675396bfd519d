// SPDX-License-Identifier: MIT
#include "tests/conform/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/hotplug.h"
#include "tests/conform/process.h"

/* ---- the peer -------------------------------------------------------------------------------------------------- */

static bool run_peer(void *arg, bool runs)
{
	struct host *host = arg;

	if (!host->options->peer)
		return false;
	if (runs)
		host->peer = process_start_shell(host->options->peer);
	else
		process_end(host->peer);
	return true;
}

static pid_t peer_pid(void *arg)
{
	return ((struct host *)arg)->peer;
}

static bool peer_has_died(struct host *host)
{
	return host->options->peer && process_has_ended(host->peer);
}

static void restart(struct host *host, const char *unused, char *answer)
{
	if (run_peer(host, false))
		run_peer(host, true);
}

/* ---- devices --------------------------------------------------------------------------------------------------- */

static const struct host_class *const classes[] = { &host_disks, &host_vifs, &host_vusbs };

static const struct host_class *class_of(char type)
{
	for (unsigned int i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strchr(classes[i]->types, type))
			return classes[i];
	}
	return NULL;
}

const char *host_kind(const struct host *host, const struct host_class *class)
{
	return host->options->kind ?: class->kinds[0];
}

static void name_peer(struct host *host, const char *type, char *answer)
{
	const struct host_class *class = class_of(*type);
	const char *kind = host_kind(host, class);

	if (strcmp(kind, class->kinds[0]) == 0 || strcmp(kind, class->kinds[1]) == 0)
		snprintf(answer, MAILBOX_TEXT, "=%s", host->options->peer ?: kind);
	else
		snprintf(answer, MAILBOX_TEXT, "- --kind '%s': expected %s or %s", kind, class->kinds[0],
			 class->kinds[1]);
}

static void drop(struct host *host, struct host_device *device)
{
	struct errbuf ignored;

	if (device->dev.class)
		(void)ts_device_remove(&device->dev, host->store, &ignored);
	device->class->drop(device);
}

/* One that we started and that lives has had libxl's 10 s for the offer. */
static bool backend_is_silent(struct host *host, const struct host_device *device)
{
	enum xb_state state;
	struct errbuf ignored;

	return host->peer && !peer_has_died(host) && device->dev.class &&
	       xb_read_state(host->store, device->dev.backend, &state, &ignored) == 0 && state == XB_INITIALISING;
}

/* A case leaves the frontend as it is; here the guest is through with it. */
static bool close_device(struct host *host, const struct ts_device *dev)
{
	struct errbuf err;

	(void)xb_switch_state(host->store, dev->frontend, XB_CLOSED, &err);
	return ts_device_close(dev, host->store, &err) == 0;
}

static void detach_one(struct host *host, struct host_device *device, char *answer)
{
	struct errbuf ignored;

	if (peer_has_died(host))
		strcpy(answer, "=died"); /* the next one is not to take the device up again */
	else if (!close_device(host, &device->dev))
		strcpy(answer, "=held");
	hotplug_device_went(&device->dev, host->store, &ignored);
	drop(host, device);
}

static void detach(struct host *host, const char *unused, char *answer)
{
	while (host->nr_devices > 0)
		detach_one(host, &host->devices[--host->nr_devices], answer);
	toolstack_end(&host->toolstack);
}

static int make_device(struct host *host, struct host_device *device, char type, struct errbuf *err)
{
	int rc = device->class->create(host, device, type, err);

	if (rc == 0)
		rc = ts_device_wait_for_backend(&device->dev, host->store, err);
	if (rc == 0 && device->class->equip)
		rc = device->class->equip(host, device, err);
	return rc ?: toolstack_hotplug_step(&device->dev, host->store, err);
}

/* What the answer has so far stays in front of its number. */
static bool attach_one(struct host *host, const struct host_class *class, char type, char *answer)
{
	struct host_device *device = &host->devices[host->nr_devices];
	size_t len = strlen(answer);
	struct errbuf err;
	int rc;

	*device = (struct host_device){ .class = class };
	rc = make_device(host, device, type, &err);
	if (rc) {
		snprintf(answer, MAILBOX_TEXT, "%s %s", backend_is_silent(host, device) ? "BUS-18" :
			 rc == -EOPNOTSUPP ? "?" : "-", err.text);
		drop(host, device);
		return false;
	}
	host->nr_devices++;
	snprintf(answer + len, MAILBOX_TEXT - len, "%s%u", len > 1 ? "+" : "", device->dev.devid);
	return true;
}

static void attach(struct host *host, const char *type, char *answer)
{
	const struct host_class *class = class_of(*type);
	unsigned int nr = 0;

	detach(host, "", answer); /* of a case that nobody is interested in any more */
	strcpy(answer, "=");
	while (nr < class->nr_attached && attach_one(host, class, *type, answer))
		nr++;
}

static void attach_neighbour(struct host *host, const char *unused, char *answer)
{
	const struct host_class *class = host->devices[0].class;

	if (host->nr_devices < HOST_MAX_DEVICES)
		attach_one(host, class, *class->types, answer);
}

static void plug(struct host *host, const char *what, char *answer)
{
	struct host_device *device = &host->devices[0];
	struct errbuf err;

	if (!device->class->plug)
		strcpy(answer, "it has no ports");
	else if (device->class->plug(host, device, what, &err))
		snprintf(answer, MAILBOX_TEXT, "%s", err.text);
}

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

static const struct {
	const char *verb;
	void (*run)(struct host *host, const char *what, char *answer);
	bool needs_no_device;
} wishes[] = {
	{ "attach", attach, true },
	{ "neighbour", attach_neighbour, false },
	{ "plug", plug, false },
	{ "detach", detach, false },
	{ "restart", restart, true },
	{ "peer", name_peer, true },
};

void host_do(struct host *host, const char *question, char answer[MAILBOX_TEXT])
{
	size_t len = strcspn(question, " ");
	const char *what = question[len] ? question + len + 1 : "";

	strcpy(answer, "=");
	for (unsigned int i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (strlen(wishes[i].verb) != len || strncmp(wishes[i].verb, question, len) != 0)
			continue;
		if (host->nr_devices > 0 || wishes[i].needs_no_device)
			wishes[i].run(host, what, answer);
		return;
	}
	if (host->nr_devices > 0)
		toolstack_run(&host->toolstack, question, answer);
	else
		strcpy(answer, "there is no device");
}

int host_listen(struct host *host, struct errbuf *err)
{
	return mailbox_open(&host->mailbox, host->store, host->options->domid, err);
}

void host_serve(void *arg)
{
	char question[MAILBOX_TEXT], answer[MAILBOX_TEXT];
	struct host *host = arg;

	if (!mailbox_take(&host->mailbox, question))
		return;
	host_do(host, question, answer);
	mailbox_answer(&host->mailbox, answer);
}

/* ---- its life -------------------------------------------------------------------------------------------------- */

int host_begin(struct host *host, struct xb_store *store, const struct conform_options *options, struct errbuf *err)
{
	*host = (struct host){ .store = store, .options = options };
	host->toolstack = (struct toolstack){
		.store = store,
		.dev = &host->devices[0].dev,
		.run_backend = run_peer,
		.backend_pid = peer_pid,
		.arg = host,
	};
	run_peer(host, true);
	return 0;
}

void host_end(struct host *host)
{
	run_peer(host, false);
	mailbox_close(&host->mailbox);
}
