// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/vbd.h"
#include "common/wire/vdev.h"
#include "ctl/with_store.h"

struct detachment {
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
	.synopsis = "vbd DOMID VDEV [--force]",
	.summary = "Takes disk VDEV (xvda) away from domain DOMID.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct detachment *d, const struct args *args, struct errbuf *err)
{
	int rc;

	if (strcmp(args->positional[0], "vbd") != 0)
		return errbuf_set(err, -EINVAL, "'%.40s' is not a kind of device: expected vbd", args->positional[0]);
	rc = option_u32("domain's number", args->positional[1], 0, XB_DOMID_MAX, &d->domid, err);
	return rc ? rc : blk_vdev_parse(args->positional[2], &d->devid, err);
}

static int detach(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct detachment *d = arg;
	struct vbd vbd;
	int rc;

	rc = vbd_find(&vbd, store, d->domid, d->devid, err);
	if (rc)
		return rc;
	rc = vbd_close(&vbd, store, err);
	if (rc && !d->is_forced)
		return rc;
	if (rc)
		fprintf(stderr, "pvring detach: removing it even so: %s\n", err->text);
	return vbd_remove(&vbd, store, err);
}

int command_detach(int argc, char **argv)
{
	struct args args = { .min = 3, .max = 3 };
	struct detachment d = { .is_forced = false };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &d, &args, &status))
		return status;
	if (take_arguments(&d, &args, &err)) {
		fprintf(stderr, "pvring detach: %s\n", err.text);
		return EXIT_USAGE;
	}
	return with_store(spec.program, detach, &d);
}
