// SPDX-License-Identifier: MIT
/* The suite's vifs: two of them, or three, at one bridge. */
#include "tests/conform/host.h"

#include "tests/conform/case_vif.h"

/* What a frame as large as a slot can say needs; Linux takes no more of an interface with scatter-gather. */
#define MTU_BYTES 65517

static int create(struct host *host, struct host_device *vif, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	struct vif_request request = { .bridge = options->bridge, .script = options->script, .mtu = MTU_BYTES };

	return case_vif_create(&vif->dev, host->store, host_kind(host, vif->class), options->domid, host->nr_made++,
			       &request, err);
}

static void drop(struct host_device *vif)
{
}

const struct host_class host_vifs = {
	.types = "v",
	.kinds = { "vif", "qnic" },
	.nr_attached = 2,
	.create = create,
	.drop = drop,
};
