// SPDX-License-Identifier: MIT
#include "tests/conform/peer/script.h"

#include <errno.h>
#include <stdio.h>

#include "ctl/hotplug.h"
#include "tests/conform/process.h"

#define SCRIPT_SECONDS 40 /* libxl's patience */

static void run(const char *script, const struct ts_device *vbd, const char *action, struct process_end *end)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "XENBUS_TYPE=vbd XENBUS_BASE_PATH=backend XENBUS_PATH=backend/%s/%u/%u exec %s %s", vbd->kind,
		 vbd->domid, vbd->devid, script, action);
	process_run_shell(command, SCRIPT_SECONDS, NULL, NULL, end);
}

int script_add(const char *script, const struct ts_device *vbd, struct xb_store *store, struct errbuf *err)
{
	struct process_end end;

	if (vbd_is_qdisk(vbd))
		return 0;
	if (!script)
		return hotplug_add(store, &vbd_class, vbd->backend, err);
	run(script, vbd, "add", &end);
	if (end.status)
		return errbuf_set(err, -EIO, "%s add: exit status %d: %s", script, end.status, end.output);
	return 0;
}

void script_remove(const char *script, const struct ts_device *vbd)
{
	struct process_end ignored;

	if (script)
		run(script, vbd, "remove", &ignored);
}
