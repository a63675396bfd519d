/* SPDX-License-Identifier: MIT */
/*
 * What every daemon is: options, xenstore, discovery, workers, the control socket, signals. A class's main() is one
 * call of daemon_main().
 *
 * Exit status: 0 after SIGTERM or SIGINT (connected devices are handed over), 1 when it cannot start or go on, 2 for
 * bad options, 3 when a kernel driver owns this kind of backend here.
 */
#ifndef BACKEND_CORE_DAEMON_H
#define BACKEND_CORE_DAEMON_H

#include "backend/core/device.h"
#include "common/base/options.h"

struct daemon_spec {
	struct options_spec options; /* program (also the default --name), summary, and the class's own rows */
	const struct device_class *class;
	const char *kernel_driver; /* "vbd": the kernel driver for this kind, by its own name */
	const char *kernel_module; /* "xen-blkback" */
};

int daemon_main(const struct daemon_spec *spec, int argc, char **argv);

#endif
