// SPDX-License-Identifier: MIT
/* pvring hotplug: what Xen's toolstack runs, by way of our scripts, when a device comes or goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/classes.h"
#include "ctl/commands.h"
#include "ctl/hotplug.h"
#include "ctl/with_store.h"
#include "xenbus/node.h"

/* libxl's XENBUS_PATH is relative to our own domain. */
static int backend_dir(const struct xb_store *store, const struct ts_class *class, char *buf, size_t size,
		       struct errbuf *err)
{
	const char *path = getenv("XENBUS_PATH") ?: "";
	unsigned int domid, devid;
	char prefix[32], rest;
	size_t len = snprintf(prefix, sizeof(prefix), "backend/%s/", class->kind);

	if (strncmp(path, prefix, len) != 0 || sscanf(path + len, "%5u/%10u%c", &domid, &devid, &rest) != 2)
		return errbuf_set(err, -EINVAL, "XENBUS_PATH: '%.100s' is not a %s: expected %sDOMID/DEVID", path,
				  class->noun, prefix);
	return xb_path(buf, size, err, "%s/%s%u/%u", store->home, prefix, domid, devid);
}

static int add(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct ts_class *class = arg;
	char backend[XB_DIR_MAX];
	int rc = backend_dir(store, class, backend, sizeof(backend), err);

	return rc ?: hotplug_add(store, class, backend, err);
}

static const struct options_spec spec = {
	.program = "pvring hotplug",
	.synopsis = "vbd add|remove, or vif online|offline",
	.summary = "Run by Xen's hotplug scripts block-pvring and vif-pvring; XENBUS_PATH names the device.",
};

int command_hotplug(int argc, char **argv)
{
	struct args args = { .min = 2, .max = 2 };
	const struct ts_class *class;
	const char *word;
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, NULL, &args, &status))
		return status;
	if (ts_class_find(args.positional[0], &class, &err)) {
		fprintf(stderr, "pvring hotplug: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!hotplug_has_step(class)) {
		fprintf(stderr, "pvring hotplug: a %s has no hotplug step\n", class->noun);
		return EXIT_USAGE;
	}
	word = args.positional[1];
	if (strcmp(word, class->hotplug.remove) == 0)
		return EXIT_OK; /* the daemon has let go of what is behind the device already */
	if (strcmp(word, class->hotplug.add) != 0) {
		fprintf(stderr, "pvring hotplug: '%s %s' is not known: expected %s or %s\n", class->kind, word,
			class->hotplug.add, class->hotplug.remove);
		return EXIT_USAGE;
	}
	return with_store(spec.program, add, (void *)class);
}
