// SPDX-License-Identifier: MIT
/* pvring attach usb and detach usb: devices at the ports of a controller, which is made with the first of them. */
#include <errno.h>
#include <stdio.h>

#include "common/wire/usb.h"
#include "ctl/args.h"
#include "ctl/attach.h"
#include "ctl/commands.h"
#include "ctl/vusb.h"
#include "ctl/with_store.h"

struct attachment {
	struct attach_domains domains;
	uint32_t devid, port; /* 0: any that is free */
	struct vusb_request request;
	const char *device;
};

static int set_devid(void *config, const char *value, struct errbuf *err)
{
	return vusb_class.parse_name(value, &((struct attachment *)config)->devid, err);
}

static int set_port(void *config, const char *value, struct errbuf *err)
{
	return option_u32("port", value, 1, USB_MAX_PORTS, &((struct attachment *)config)->port, err);
}

static int set_ports(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number of ports", value, 1, USB_MAX_PORTS, &((struct attachment *)config)->request.nr_ports,
			  err);
}

static int set_usb_version(void *config, const char *value, struct errbuf *err)
{
	return option_u32("version", value, 1, 2, &((struct attachment *)config)->request.usb_ver, err);
}

static int take_arguments(struct attachment *a, const struct args *args, struct errbuf *err)
{
	a->device = args->positional[1];
	return attach_parse_domid(&a->domains, args->positional[0], err);
}

/* *is_new: there was none yet. */
static int find_or_make(struct attachment *a, struct ts_device *vusb, struct xb_store *store, bool *is_new,
			struct errbuf *err)
{
	int rc = ts_device_find(vusb, store, &vusb_class, a->domains.domid, a->devid, err);

	*is_new = rc == -ENOENT;
	if (rc != -ENOENT)
		return rc;
	rc = attach_init(vusb, &vusb_class, &a->domains, a->devid, store, err);
	if (rc == 0)
		rc = vusb_create(vusb, store, &a->request, err);
	return rc ?: attach_bring_up(vusb, store, err);
}

static void take_back(const struct ts_device *vusb, struct xb_store *store)
{
	struct errbuf ignored;

	ts_device_close(vusb, store, &ignored);
	ts_device_remove(vusb, store, &ignored);
}

static int attach(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct attachment *a = arg;
	struct ts_device vusb;
	bool is_new;
	int rc = find_or_make(a, &vusb, store, &is_new, err);

	if (rc)
		return rc;
	rc = vusb_plug(&vusb, store, a->device, &a->port, err);
	if (rc == 0)
		rc = vusb_wait_until_ready(&vusb, store, a->port, err);
	if (rc == 0)
		printf("vusb %u/%u port %u: %s\n", a->domains.domid, a->devid, a->port, a->device);
	else if (is_new)
		take_back(&vusb, store);
	return rc;
}

static int detach(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct attachment *a = arg;
	struct ts_device vusb;
	int rc = ts_device_find(&vusb, store, &vusb_class, a->domains.domid, a->devid, err);

	return rc ? rc : vusb_unplug(&vusb, store, a->device, err);
}

static int run(const struct options_spec *spec, int argc, char **argv,
	       int (*body)(struct xb_store *, void *, struct errbuf *))
{
	struct attachment a = { .request = { .nr_ports = VUSB_DEFAULT_PORTS, .usb_ver = 2 } };
	struct args args = { .min = 2, .max = 2 };
	struct errbuf err;
	int status;

	if (!args_parse(spec, argc, argv, &a, &args, &status))
		return status;
	if (take_arguments(&a, &args, &err)) {
		fprintf(stderr, "%s: %s\n", spec->program, err.text);
		return EXIT_USAGE;
	}
	return with_store(spec->program, body, &a);
}

int attach_usb(int argc, char **argv)
{
	static const struct option_row rows[] = {
		{ "port", "N", "the port it comes to (default: the first that is free)", set_port },
		{ "devid", "N", "the controller (default: 0), which is made if it is not there", set_devid },
		{ "ports", "N", "of a new controller, up to 31 (default: 8)", set_ports },
		{ "usb-version", "1|2", "of a new controller (default: 2)", set_usb_version },
		{ "backend-domid", "N", "the domain that serves a new one (default: this one)", attach_set_backend },
	};
	static const struct options_spec spec = {
		.program = "pvring attach usb",
		.synopsis = "DOMID DEVICE [--port N] [--devid N] [--ports N] [--usb-version 1|2] [--backend-domid N]",
		.summary = "Gives domain DOMID the USB device DEVICE, and prints at which port.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
	};

	return run(&spec, argc, argv, attach);
}

int detach_usb(int argc, char **argv)
{
	static const struct option_row rows[] = {
		{ "devid", "N", "the controller (default: 0)", set_devid },
	};
	static const struct options_spec spec = {
		.program = "pvring detach usb",
		.synopsis = "DOMID DEVICE|PORT [--devid N]",
		.summary = "Takes the USB device DEVICE, or what is at PORT, away from domain DOMID.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
	};

	return run(&spec, argc, argv, detach);
}
