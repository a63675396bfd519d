// SPDX-License-Identifier: MIT
#include "tests/conform/scripted_devices.h"

#include <errno.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"
#include "xenbus/scan.h"

#define AN_HOUR_NS (3600 * NSEC_PER_SEC)

void scripted_watch(struct xb_store *store, struct xb_watch *watch, const char *kind, uint32_t domid)
{
	struct errbuf err;
	char path[XB_DIR_MAX];

	xb_store_init(store);
	xb_watch_init(watch);
	if (xb_store_open(store, &err) || xb_scan_path(store, kind, domid, path, sizeof(path), &err) ||
	    xb_watch_add(store, watch, path, &err))
		error("%s", err.text);
}

void scripted_await_change(struct xb_store *store)
{
	struct errbuf err;
	int rc = xb_watch_wait(store, clock_now_ns() + AN_HOUR_NS, &err);

	if (rc && rc != -ETIMEDOUT)
		error("%s", err.text);
	while (xb_watch_next_dirty(store))
		;
}
