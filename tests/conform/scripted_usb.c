// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "tests/conform/scripted.h"
#include "tests/conform/scripted_devices.h"
#include "tests/conform/scripted_options.h"
#include "tests/conform/scripted_usb/controller.h"
#include "tests/conform/verdict.h"
#include "xenbus/scan.h"


/* ---- options --------------------------------------------------------------------------------------------------- */

static const struct option_row rows[] = {
	SCRIPTED_ROW_DOMID,
	SCRIPTED_ROW_VIOLATE,
	SCRIPTED_ROW_LIST,
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted usb-backend",
	.synopsis = "[OPTION...]",
	.summary = "Serves the USB controllers of a guest, one after the other, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

/* ---- its controllers ------------------------------------------------------------------------------------------- */

/* Not one that was closed for good, and will be removed. */
static bool is_to_be_served(struct controller *controller)
{
	enum xb_state ours = back_own_state(&controller->back);

	return ours != XB_UNKNOWN && (ours != XB_CLOSED || xb_device_is_online(&controller->back.dev)) &&
	       ports_begin(controller);
}

static bool begin_one(struct controller *controller, struct xb_store *store, uint32_t domid, uint32_t devid)
{
	*controller = (struct controller){ .nr_ports = 0 };
	if (!back_begin(&controller->back, store, "vusb", domid, devid))
		return false;
	if (is_to_be_served(controller))
		return true;
	back_end(&controller->back);
	return false;
}

static bool begin_any(struct controller *controller, struct xb_store *store, uint32_t domid)
{
	struct xb_backend_id *ids;
	bool has_one = false;
	struct errbuf err;
	unsigned int nr;

	need(xb_scan(store, "vusb", domid, &ids, &nr, &err), &err);
	for (unsigned int i = 0; i < nr && !has_one; i++)
		has_one = begin_one(controller, store, domid, ids[i].devid);
	free(ids);
	return has_one;
}

__attribute__((noreturn)) static void serve(uint32_t domid)
{
	static struct controller controller;
	struct xb_watch watch;
	struct xb_store store;

	scripted_watch(&store, &watch, "vusb", domid);
	for (;;) {
		while (begin_any(&controller, &store, domid))
			controller_serve(&controller);
		scripted_await_change(&store);
	}
}

int scripted_usb_backend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_USB_BACKEND, .domid = 1 };
	int status = scripted_parse(&spec, argc, argv, &options);

	if (status != SCRIPTED_RUN)
		return status;
	serve(options.domid);
}
