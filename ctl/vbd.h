/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack knows of disks: the nodes of a new one, and what their hotplug step leaves. The rest of a disk's
 * life is every device's (ctl/toolstack_device.h).
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_VBD_H
#define CTL_VBD_H

#include <stdbool.h>

#include "ctl/toolstack_device.h"

/* Its backends are of kind "vbd"; or "qdisk", QEMU's, which has no hotplug step. */
extern const struct ts_class vbd_class;

/* What a new disk is to be. */
struct vbd_request {
	const char *vdev, *target;
	bool is_writable, is_cdrom;
	const char *script; /* NULL: ours */
};

bool vbd_is_qdisk(const struct ts_device *vbd);

/* An absolute path, or SCHEME:REST: -EINVAL with a suggestion otherwise. */
int vbd_check_target(const char *target, struct errbuf *err);
/* As ts_device_create(). */
int vbd_create(const struct ts_device *vbd, struct xb_store *store, const struct vbd_request *request,
	       struct errbuf *err);

#endif
