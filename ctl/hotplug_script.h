/* SPDX-License-Identifier: MIT */
/*
 * A hotplug script that is not ours, run as libxl runs it: its words as arguments, XENBUS_PATH and the like in the
 * environment (of this process, too, from then on).
 *
 * Thread: the main thread. Errors: -errno with the reason in err, which is the script's own if it left one; never logs.
 */
#ifndef CTL_HOTPLUG_SCRIPT_H
#define CTL_HOTPLUG_SCRIPT_H

#include "ctl/toolstack_device.h"

#define HOTPLUG_SCRIPT_SECONDS 40 /* libxl's patience; then it is killed */

int hotplug_script_run(const char *script, const struct ts_device *dev, struct xb_store *store, const char *word,
		       struct errbuf *err);

#endif
