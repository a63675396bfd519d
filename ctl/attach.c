// SPDX-License-Identifier: MIT
#include "ctl/attach.h"

#include <stdio.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/hotplug.h"

/* ---- what the classes share ------------------------------------------------------------------------------------ */

int attach_set_backend(void *config, const char *value, struct errbuf *err)
{
	struct attach_domains *domains = config;

	domains->has_backend = true;
	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &domains->backend_domid, err);
}

int attach_parse_domid(struct attach_domains *domains, const char *value, struct errbuf *err)
{
	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &domains->domid, err);
}

int attach_init(struct ts_device *dev, const struct ts_class *class, const struct attach_domains *domains,
		uint32_t devid, const struct xb_store *store, struct errbuf *err)
{
	return ts_device_init(dev, class, class->kind, domains->domid, devid,
			      domains->has_backend ? domains->backend_domid : store->domid, err);
}

/* A daemon that took it is told; one that is not there is not waited for. */
static void take_back(const struct ts_device *dev, struct xb_store *store, bool was_taken, bool had_step)
{
	struct errbuf ignored;

	if (was_taken)
		ts_device_close(dev, store, &ignored);
	if (had_step)
		hotplug_device_went(dev, store, &ignored);
	ts_device_remove(dev, store, &ignored);
}

int attach_bring_up(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	/* In a driver domain that domain's own toolstack does it. */
	bool is_ours = dev->backend_domid == store->domid, was_taken;
	int rc = ts_device_wait_for_backend(dev, store, err);

	was_taken = rc == 0;
	if (rc == 0 && is_ours)
		rc = hotplug_device_came(dev, store, err);
	if (rc)
		take_back(dev, store, was_taken, was_taken && is_ours);
	return rc;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *kind;
	int (*run)(int argc, char **argv);
} kinds[] = {
	{ "vbd", attach_vbd },
	{ "vif", attach_vif },
	{ "usb", attach_usb },
};

static const struct options_spec spec = {
	.program = "pvring attach",
	.synopsis = "vbd|vif|usb DOMID ARGUMENT...",
	.summary = "Gives domain DOMID a disk (vbd), a network device (vif) or a USB device (usb).\n"
		   "'pvring attach vbd --help', and so on, say more.",
};

int command_attach(int argc, char **argv)
{
	struct args args = { .min = 1, .max = ARGS_MAX };
	int status;

	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].kind) == 0)
			return kinds[i].run(argc - 1, argv + 1);
	}
	if (!args_parse(&spec, argc, argv, NULL, &args, &status))
		return status;
	fprintf(stderr, "pvring attach: '%.40s' is not a kind of device: expected vbd, vif or usb\n", argv[1]);
	return EXIT_USAGE;
}
