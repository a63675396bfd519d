// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/attach.h"
#include "ctl/commands.h"
#include "ctl/vif.h"
#include "ctl/with_store.h"
#include "xenbus/node.h"

struct attachment {
	struct attach_domains domains;
	uint32_t devid;
	bool has_devid;
	struct vif_request request;
	char rate[VIF_RATE_SIZE], script[XB_DIR_MAX]; /* what it points to */
};

static int set_bridge(void *config, const char *value, struct errbuf *err)
{
	((struct attachment *)config)->request.bridge = value;
	return vif_check_bridge(value, err);
}

static int set_devid(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	a->has_devid = true;
	return vif_class.parse_name(value, &a->devid, err);
}

static int set_vifname(void *config, const char *value, struct errbuf *err)
{
	((struct attachment *)config)->request.vifname = value;
	return vif_check_name("network interface", value, err);
}

static int set_mtu(void *config, const char *value, struct errbuf *err)
{
	/* What IPv4 asks of every link, and the longest packet that it has. */
	return option_u32("MTU", value, 68, 65535, &((struct attachment *)config)->request.mtu, err);
}

static int set_rate(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	a->request.rate = a->rate;
	return vif_parse_rate(value, a->rate, err);
}

static int set_ip(void *config, const char *value, struct errbuf *err)
{
	((struct attachment *)config)->request.ip = value;
	return vif_check_ip(value, err);
}

static int set_script(void *config, const char *value, struct errbuf *err)
{
	struct attachment *a = config;

	if (!*value)
		return errbuf_set(err, -EINVAL, "'' is not a script");
	a->request.script = a->script;
	return xb_path(a->script, sizeof(a->script), err, "%s%s", *value == '/' ? "" : TS_SCRIPT_DIR "/", value);
}

static const struct option_row rows[] = {
	{ "bridge", "NAME", "the bridge it is joined to (default: " VIF_DEFAULT_BRIDGE "), pair:NAME, null:[BYTES]",
	  set_bridge },
	{ "devid", "N", "its number in the guest (default: the one after the last)", set_devid },
	{ "vifname", "NAME", "what the interface is called here (default: vifDOMID.DEVID)", set_vifname },
	{ "mtu", "BYTES", "the longest packet, from 68 to 65535 (default: 1500)", set_mtu },
	{ "rate", "RATE", "what the guest may send: 10Mb/s, or 1MB/s@20ms", set_rate },
	{ "ip", "ADDRESS", "the guest's addresses, for scripts that look at them", set_ip },
	{ "script", "FILE", "the hotplug script (default: vif-pvring)", set_script },
	{ "backend-domid", "N", "the domain that serves it (default: this one)", attach_set_backend },
};

static const struct options_spec spec = {
	.program = "pvring attach vif",
	.synopsis = "DOMID [MAC] [--bridge NAME] [--devid N] [--vifname NAME] [--mtu BYTES] [--rate RATE]\n"
		    "       [--ip ADDRESS] [--script FILE] [--backend-domid N]",
	.summary = "Gives domain DOMID a network device with address MAC (a new one of Xen's range), and prints which.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct attachment *a, const struct args *args, struct errbuf *err)
{
	int rc = attach_parse_domid(&a->domains, args->positional[0], err);

	if (rc)
		return rc;
	return args->nr > 1 ? vif_parse_mac(args->positional[1], a->request.mac, err) :
			      vif_random_mac(a->request.mac, err);
}

static int attach(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct attachment *a = arg;
	struct ts_device vif;
	int rc = 0;

	if (!a->has_devid)
		rc = vif_next_devid(store, a->domains.domid, &a->devid, err);
	if (rc == 0)
		rc = attach_init(&vif, &vif_class, &a->domains, a->devid, store, err);
	if (rc == 0)
		rc = vif_create(&vif, store, &a->request, err);
	if (rc == 0)
		rc = attach_bring_up(&vif, store, err);
	if (rc == 0)
		printf("vif %u/%u mac %s\n", a->domains.domid, a->devid, a->request.mac);
	return rc;
}

int attach_vif(int argc, char **argv)
{
	struct attachment a = { .request = { .bridge = VIF_DEFAULT_BRIDGE, .mtu = VIF_DEFAULT_MTU } };
	struct args args = { .min = 1, .max = 2 };
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
