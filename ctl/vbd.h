/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's part in a disk's life, as libxl plays it: the nodes of a new disk with their owners, the hotplug
 * step, and the removal. pvring attach, detach and hotplug are made of these.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_VBD_H
#define CTL_VBD_H

#include <stdbool.h>
#include <stdint.h>

#include "xenbus/store.h"

#define VBD_SCRIPT "/etc/xen/scripts/block-pvring"

/* libxl's deadlines, and the hotplug step's own, which is shorter than the 40 s that libxl grants it. */
#define VBD_INIT_SECONDS    10
#define VBD_HOTPLUG_SECONDS 30
#define VBD_REMOVE_SECONDS  10

struct vbd {
	const char *kind; /* of the backend's directory: "vbd"; or "qdisk", QEMU's, which has no hotplug step */
	uint32_t domid, devid, backend_domid;
	char frontend[XB_DIR_MAX]; /* the three directories */
	char backend[XB_DIR_MAX];
	char libxl[XB_DIR_MAX];
};

/* What a new disk is to be. */
struct vbd_request {
	const char *vdev, *target;
	bool is_writable, is_cdrom;
	const char *script; /* NULL: VBD_SCRIPT */
};

int vbd_init(struct vbd *vbd, const char *kind, uint32_t domid, uint32_t devid, uint32_t backend_domid,
	     struct errbuf *err);
bool vbd_is_qdisk(const struct vbd *vbd);
/* Finds the backend's domain of a disk that exists: -ENOENT if it does not. */
int vbd_find(struct vbd *vbd, struct xb_store *store, uint32_t domid, uint32_t devid, struct errbuf *err);

/* An absolute path, or SCHEME:REST: -EINVAL with a suggestion otherwise. */
int vbd_check_target(const char *target, struct errbuf *err);
/* One transaction. -EEXIST: there is such a disk already; -ENOENT: there is no such domain. */
int vbd_create(const struct vbd *vbd, struct xb_store *store, const struct vbd_request *request, struct errbuf *err);
/* Waits until a backend offers the disk (state 2); -ETIMEDOUT. */
int vbd_wait_for_backend(const struct vbd *vbd, struct xb_store *store, struct errbuf *err);

/*
 * The hotplug step on a backend directory of our own domain: waits for the daemon's verdict on the image, says where
 * the image is and that the disk may connect. On failure hotplug-error holds the reason.
 */
int vbd_hotplug_add(struct xb_store *store, const char *backend, struct errbuf *err);

/* Asks both ends to close, as libxl does: one whose backend is Closed already is only said not to be wanted. */
int vbd_ask_to_close(const struct vbd *vbd, struct xb_store *store, struct errbuf *err);
/* The same, and waits for it; -ETIMEDOUT leaves the nodes. A disk whose backend is gone is fine. */
int vbd_close(const struct vbd *vbd, struct xb_store *store, struct errbuf *err);
/* Removes the nodes, closed or not. In a driver domain it is that domain's toolstack that removes the backend's. */
int vbd_remove(const struct vbd *vbd, struct xb_store *store, struct errbuf *err);

#endif
