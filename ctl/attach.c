// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/classes.h"
#include "ctl/commands.h"
#include "ctl/hotplug.h"
#include "ctl/vbd.h"
#include "ctl/with_store.h"

#define OWN_DOMAIN UINT32_MAX

struct attachment {
	uint32_t domid, devid, backend_domid;
	struct vbd_request request;
};

static int set_mode(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	if (strcmp(value, "r") != 0 && strcmp(value, "w") != 0)
		return errbuf_set(err, -EINVAL, "'%s' is not a mode: expected r or w", value);
	a->request.is_writable = value[0] == 'w';
	return 0;
}

static int set_cdrom(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	a->request.is_cdrom = true;
	return 0;
}

static int set_backend_domid(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &a->backend_domid, err);
}

static const struct option_row rows[] = {
	{ "mode", "r|w", "r: the guest may only read; w (the default): also write", set_mode },
	{ "cdrom", NULL, "a CD-ROM, which is read-only", set_cdrom },
	{ "backend-domid", "N", "the domain that serves the disk (default: this one)", set_backend_domid },
};

static const struct options_spec spec = {
	.program = "pvring attach",
	.synopsis = "vbd DOMID VDEV TARGET [--mode r|w] [--cdrom] [--backend-domid N]",
	.summary = "Gives domain DOMID the image TARGET (an absolute path, or SCHEME:REST) as disk VDEV (xvda).",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct attachment *a, const struct args *args, struct errbuf *err)
{
	const struct ts_class *class;
	int rc = ts_class_find(args->positional[0], &class, err);

	if (rc == 0)
		rc = option_u32("domain's number", args->positional[1], 0, XB_DOMID_MAX, &a->domid, err);
	if (rc)
		return rc;
	a->request.vdev = args->positional[2];
	a->request.target = args->positional[3];
	a->request.is_writable &= !a->request.is_cdrom;
	rc = class->parse_name(a->request.vdev, &a->devid, err);
	return rc ? rc : vbd_check_target(a->request.target, err);
}

/* As if the disk had never been asked for: a daemon that took it is told; one that is not there is not waited for. */
static void take_back(const struct ts_device *vbd, struct xb_store *store, bool was_taken)
{
	struct errbuf ignored;

	if (was_taken)
		ts_device_close(vbd, store, &ignored);
	ts_device_remove(vbd, store, &ignored);
}

static int attach(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct attachment *a = arg;
	bool was_taken = false;
	struct ts_device vbd;
	int rc;

	rc = ts_device_init(&vbd, &vbd_class, vbd_class.kind, a->domid, a->devid,
			    a->backend_domid == OWN_DOMAIN ? store->domid : a->backend_domid, err);
	if (rc == 0)
		rc = vbd_create(&vbd, store, &a->request, err);
	if (rc)
		return rc;
	rc = ts_device_wait_for_backend(&vbd, store, err);
	was_taken = rc == 0;
	/* In a driver domain that domain's own toolstack does this. */
	if (rc == 0 && vbd.backend_domid == store->domid)
		rc = hotplug_add(store, vbd.class, vbd.backend, err);
	if (rc)
		take_back(&vbd, store, was_taken);
	return rc;
}

int command_attach(int argc, char **argv)
{
	struct attachment a = { .backend_domid = OWN_DOMAIN, .request.is_writable = true };
	struct args args = { .min = 4, .max = 4 };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &a, &args, &status))
		return status;
	if (take_arguments(&a, &args, &err)) {
		fprintf(stderr, "pvring attach: %s\n", err.text);
		return EXIT_USAGE;
	}
	return with_store(spec.program, attach, &a);
}
