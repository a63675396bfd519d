// SPDX-License-Identifier: MIT
/* The suite's vifs: two of them, or three, at one bridge. */
#include "tests/conform/host.h"

#include "ctl/vif.h"

#define NR_VIFS 64 /* so many different ones, one after the other: either side may need a while to forget the last */

/* What a frame as large as a slot can say needs; Linux takes no more of an interface with scatter-gather. */
#define MTU_BYTES 65517

static int create(struct host *host, struct host_device *vif, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	struct vif_request request = { .bridge = options->bridge, .script = options->script, .mtu = MTU_BYTES };
	struct ts_device *dev = &vif->dev;
	int rc = ts_device_init(dev, &vif_class, vif_class.kind, options->domid, host->nr_made++ % NR_VIFS,
				host->store->domid, err);

	if (rc == 0)
		rc = vif_random_mac(request.mac, err);
	if (rc)
		return rc;
	(void)ts_device_remove(dev, host->store, err); /* what an earlier run left */
	return vif_create(dev, host->store, &request, err);
}

static void drop(struct host_device *vif)
{
}

const struct host_class host_vifs = { .types = "v", .nr_attached = 2, .create = create, .drop = drop };
