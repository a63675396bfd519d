// SPDX-License-Identifier: MIT
#include "ctl/hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "ctl/hotplug_script.h"
#include "xenbus/node.h"
#include "xenbus/state.h"
#include "xenbus/watch.h"

/* The daemon's verdict. 1: fine; 0: none yet; -errno: the daemon's reason is in err. */
static int read_verdict(struct xb_store *store, const struct ts_class *class, const char *backend, struct errbuf *err)
{
	char status[32], reason[384];
	struct errbuf ignored;
	enum xb_state state;
	int rc;

	rc = xb_read_string_or(store, backend, "hotplug-status", "", status, sizeof(status), err);
	if (rc)
		return rc;
	if (strcmp(status, "error") == 0) {
		if (xb_read_string(store, backend, "hotplug-error", reason, sizeof(reason), &ignored))
			snprintf(reason, sizeof(reason), "no reason was given");
		return errbuf_set(err, -EIO, "%s", reason);
	}
	rc = xb_read_state(store, backend, &state, err);
	if (rc)
		return rc;
	if (state == XB_UNKNOWN)
		return errbuf_set(err, -ENOENT, "%s/state is gone: somebody removed the %s", backend, class->noun);
	/* Before its offer the sign is none of the daemon's: a toolstack writes vifname, too. */
	return state != XB_INITIALISING && xb_exists(store, backend, class->hotplug.sign);
}

static int wait_for_verdict(struct xb_store *store, const struct ts_class *class, const char *backend,
			    struct errbuf *err)
{
	uint64_t deadline_ns = clock_now_ns() + HOTPLUG_SECONDS * NSEC_PER_SEC;
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_watch_add(store, &watch, backend, err);
	while (rc == 0) {
		rc = read_verdict(store, class, backend, err);
		if (rc)
			break;
		rc = xb_watch_wait(store, deadline_ns, err);
	}
	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "%s/%s is missing: %s within %u s", backend, class->hotplug.sign,
			   class->hotplug.lacks, HOTPLUG_SECONDS);
	xb_watch_remove(&watch);
	return rc > 0 ? 0 : rc;
}

/* As Xen's scripts do, so that libxl shows it. A device that was removed is not brought back for it. */
static void leave_reason(struct xb_store *store, const char *backend, const char *reason)
{
	struct errbuf ignored;

	if (!xb_exists(store, backend, "state"))
		return;
	xb_write(store, backend, "hotplug-error", &ignored, "%s", reason);
	xb_write(store, backend, "hotplug-status", &ignored, "error");
}

int hotplug_add(struct xb_store *store, const struct ts_class *class, const char *backend, struct errbuf *err)
{
	int rc = wait_for_verdict(store, class, backend, err);

	if (rc == 0)
		rc = class->hotplug.added(store, backend, err);
	if (rc)
		leave_reason(store, backend, err->text);
	return rc;
}

/* The script of the device in buf; "": ours, or that of a kind that has none. */
static int read_other_script(const struct ts_device *dev, struct xb_store *store, char *buf, size_t size,
			     struct errbuf *err)
{
	int rc = xb_read_string_or(store, dev->libxl, "script", "", buf, size, err);

	if (strcmp(buf, dev->class->hotplug.script) == 0)
		buf[0] = '\0';
	return rc;
}

int hotplug_device_came(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	char script[XB_DIR_MAX];
	int rc;

	if (!hotplug_has_step(dev->class))
		return 0;
	rc = read_other_script(dev, store, script, sizeof(script), err);
	if (rc)
		return rc;
	return script[0] ? hotplug_script_run(script, dev, store, dev->class->hotplug.add, err) :
			   hotplug_add(store, dev->class, dev->backend, err);
}

int hotplug_device_went(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	char script[XB_DIR_MAX];
	int rc;

	if (!hotplug_has_step(dev->class))
		return 0;
	rc = read_other_script(dev, store, script, sizeof(script), err);
	/* Ours has nothing to do: the daemon has let go of what is behind the device. */
	if (rc || !script[0])
		return rc;
	return hotplug_script_run(script, dev, store, dev->class->hotplug.remove, err);
}
