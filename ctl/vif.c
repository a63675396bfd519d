// SPDX-License-Identifier: MIT
#include "ctl/vif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/options.h"
#include "common/base/parse.h"
#include "xenbus/node.h"

int vif_random_mac(char mac[VIF_MAC_SIZE], struct errbuf *err)
{
	unsigned char byte[3];

	if (getrandom(byte, sizeof(byte), 0) != sizeof(byte))
		return errbuf_set(err, -EIO, "no random bytes for a MAC address");
	/* As libxl: the upper half of the range is for who assigns addresses by hand. */
	snprintf(mac, VIF_MAC_SIZE, "00:16:3e:%02x:%02x:%02x", byte[0] & 0x7f, byte[1], byte[2]);
	return 0;
}

int vif_next_devid(struct xb_store *store, uint32_t domid, uint32_t *devid, struct errbuf *err)
{
	char dir[XB_DIR_MAX], **names;
	unsigned int nr_names;
	uint32_t taken;
	int rc;

	*devid = 0;
	rc = xb_path(dir, sizeof(dir), err, "/libxl/%u/device/%s", domid, vif_class.kind);
	if (rc == 0)
		rc = xb_list(store, dir, &names, &nr_names, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	for (unsigned int i = 0; i < nr_names; i++) {
		if (parse_u32(names[i], 0, VIF_MAX_DEVID, &taken) == 0 && taken >= *devid)
			*devid = taken + 1;
	}
	free(names);
	if (*devid > VIF_MAX_DEVID)
		return errbuf_set(err, -ENOSPC, "%s/%u is the last there can be: say which to use with --devid", dir,
				  VIF_MAX_DEVID);
	return 0;
}

int vif_create(const struct ts_device *vif, struct xb_store *store, const struct vif_request *request,
	       struct errbuf *err)
{
	char handle[16], mtu[16];
	const struct ts_node frontend[] = {
		{ "handle", handle },
		{ "mac", request->mac },
		{ "trusted", "1" },
	};
	const struct ts_node told[] = {
		{ "mtu", mtu },
	};
	const struct ts_node backend[] = {
		{ "script", request->script ?: vif_class.hotplug.script },
		{ "vifname", request->vifname },
		{ "mac", request->mac },
		{ "ip", request->ip },
		{ "rate", request->rate },
		{ "mtu", request->mtu == VIF_DEFAULT_MTU ? NULL : mtu },
		{ "bridge", request->bridge },
		{ "handle", handle },
		{ "type", "vif" },
		/* A backend that connects only after the hotplug step sees that there will be one. */
		{ "hotplug-status", "" },
	};

	snprintf(handle, sizeof(handle), "%u", vif->devid);
	snprintf(mtu, sizeof(mtu), "%u", request->mtu);
	return ts_device_create(vif, store, &(struct ts_content){
		.name = handle,
		.frontend = TS_NODES(frontend),
		.told = TS_NODES(told),
		.backend = TS_NODES(backend),
	}, err);
}

static int parse_devid(const char *name, uint32_t *devid, struct errbuf *err)
{
	return option_u32("network device's number", name, 0, VIF_MAX_DEVID, devid, err);
}

/* ---- its hotplug step ------------------------------------------------------------------------------------------ */

static int hotplug_added(struct xb_store *store, const char *backend, struct errbuf *err)
{
	return xb_write(store, backend, "hotplug-status", err, "connected");
}

/* "vif" is what the kernel's backend calls the interface, whose name scripts for it begin with. */
static void set_environment(const struct ts_device *vif)
{
	char interface[32];

	snprintf(interface, sizeof(interface), "vif%u.%u", vif->domid, vif->devid);
	setenv("vif", interface, 1);
	setenv("netdev", "", 1);
}

const struct ts_class vif_class = {
	.kind = "vif",
	.noun = "network device",
	.daemon = "pvring-netd",
	.parse_name = parse_devid,
	.hotplug = {
		.script = TS_SCRIPT_DIR "/vif-pvring",
		.add = "online",
		.remove = "offline",
		.argument = "type_if=vif",
		.set_environment = set_environment,
		.sign = "feature-rx-copy",
		.lacks = "the backend did not offer the device",
		.added = hotplug_added,
	},
};
