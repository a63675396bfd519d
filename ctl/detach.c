// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/attach.h"
#include "ctl/classes.h"
#include "ctl/commands.h"
#include "ctl/hotplug.h"
#include "ctl/with_store.h"

struct detachment {
	const struct ts_class *class;
	uint32_t domid, devid;
	bool is_forced;
};

static int set_force(void *config, const char *value, struct errbuf *err)
{
	((struct detachment *)config)->is_forced = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "force", NULL, "take it away even if the guest does not let go of it", set_force },
};

static const struct options_spec spec = {
	.program = "pvring detach",
	.synopsis = "vbd DOMID VDEV [--force], or vif|vusb DOMID DEVID [--force], or usb DOMID DEVICE|PORT",
	.summary = "Takes disk VDEV (xvda), network device or USB controller DEVID (0), or the USB device DEVICE,\n"
		   "away from domain DOMID. 'pvring detach usb --help' says more of that.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct detachment *d, const struct args *args, struct errbuf *err)
{
	int rc = ts_class_find(args->positional[0], &d->class, err);

	if (rc == 0)
		rc = option_u32("domain's number", args->positional[1], 0, XB_DOMID_MAX, &d->domid, err);
	return rc ?: d->class->parse_name(args->positional[2], &d->devid, err);
}

static int detach(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct detachment *d = arg;
	struct ts_device dev;
	int rc;

	rc = ts_device_find(&dev, store, d->class, d->domid, d->devid, err);
	if (rc)
		return rc;
	rc = ts_device_close(&dev, store, err);
	if (rc && !d->is_forced)
		return rc;
	if (rc)
		fprintf(stderr, "pvring detach: removing it even so: %s\n", err->text);
	/* Where the backend is in a driver domain, that domain's own toolstack does it. */
	if (dev.backend_domid == store->domid && hotplug_device_went(&dev, store, err))
		fprintf(stderr, "pvring detach: %s\n", err->text);
	return ts_device_remove(&dev, store, err);
}

int command_detach(int argc, char **argv)
{
	struct args args = { .min = 3, .max = 3 };
	struct detachment d = { .is_forced = false };
	struct errbuf err;
	int status;

	if (argc > 1 && strcmp(argv[1], "usb") == 0)
		return detach_usb(argc - 1, argv + 1);
	if (!args_parse(&spec, argc, argv, &d, &args, &status))
		return status;
	if (take_arguments(&d, &args, &err)) {
		fprintf(stderr, "pvring detach: %s\n", err.text);
		return EXIT_USAGE;
	}
	return with_store(spec.program, detach, &d);
}
