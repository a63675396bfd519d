/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack knows of network devices: the nodes of a new one, and its number. The rest of its life is every
 * device's (ctl/toolstack_device.h).
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_VIF_H
#define CTL_VIF_H

#include "ctl/toolstack_device.h"
#include "ctl/vif_values.h"

#define VIF_DEFAULT_BRIDGE "xenbr0"
#define VIF_DEFAULT_MTU    1500
#define VIF_MAX_DEVID      65535 /* so that the interface can be called vifDOMID.DEVID */

extern const struct ts_class vif_class;

/* What a new one is to be; NULL: the operator has not said. */
struct vif_request {
	char mac[VIF_MAC_SIZE];
	const char *bridge;
	const char *script; /* an absolute path */
	const char *vifname, *ip, *rate;
	uint32_t mtu;
};

/* By chance, of Xen's own range. */
int vif_random_mac(char mac[VIF_MAC_SIZE], struct errbuf *err);
/* The number after the last that the guest has. Somebody else may take it before vif_create() does. */
int vif_next_devid(struct xb_store *store, uint32_t domid, uint32_t *devid, struct errbuf *err);
/* As ts_device_create(). */
int vif_create(const struct ts_device *vif, struct xb_store *store, const struct vif_request *request,
	       struct errbuf *err);

#endif
