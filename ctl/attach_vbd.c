// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/attach.h"
#include "ctl/commands.h"
#include "ctl/vbd.h"
#include "ctl/with_store.h"

struct attachment {
	struct attach_domains domains;
	uint32_t devid;
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

static const struct option_row rows[] = {
	{ "mode", "r|w", "r: the guest may only read; w (the default): also write", set_mode },
	{ "cdrom", NULL, "a CD-ROM, which is read-only", set_cdrom },
	{ "backend-domid", "N", "the domain that serves the disk (default: this one)", attach_set_backend },
};

static const struct options_spec spec = {
	.program = "pvring attach vbd",
	.synopsis = "DOMID VDEV TARGET [--mode r|w] [--cdrom] [--backend-domid N]",
	.summary = "Gives domain DOMID the image TARGET (an absolute path, or SCHEME:REST) as disk VDEV (xvda).",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct attachment *a, const struct args *args, struct errbuf *err)
{
	int rc = attach_parse_domid(&a->domains, args->positional[0], err);

	if (rc)
		return rc;
	a->request.vdev = args->positional[1];
	a->request.target = args->positional[2];
	a->request.is_writable &= !a->request.is_cdrom;
	rc = vbd_class.parse_name(a->request.vdev, &a->devid, err);
	return rc ?: vbd_check_target(a->request.target, err);
}

static int attach(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct attachment *a = arg;
	struct ts_device vbd;
	int rc;

	rc = attach_init(&vbd, &vbd_class, &a->domains, a->devid, store, err);
	if (rc == 0)
		rc = vbd_create(&vbd, store, &a->request, err);
	return rc ?: attach_bring_up(&vbd, store, err);
}

int attach_vbd(int argc, char **argv)
{
	struct attachment a = { .request.is_writable = true };
	struct args args = { .min = 3, .max = 3 };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &a, &args, &status))
		return status;
	if (take_arguments(&a, &args, &err)) {
		fprintf(stderr, "%s: %s\n", spec.program, err.text);
		return EXIT_USAGE;
	}
	return with_store(spec.program, attach, &a);
}
