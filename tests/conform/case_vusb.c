// SPDX-License-Identifier: MIT
#include "tests/conform/case_vusb.h"

#define NR_CONTROLLERS 64

int case_vusb_create(struct ts_device *vusb, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		     uint32_t nr_ports, struct errbuf *err)
{
	const struct vusb_request request = { .nr_ports = nr_ports, .usb_ver = 2 };
	int rc = ts_device_init(vusb, &vusb_class, kind, domid, nr % NR_CONTROLLERS, store->domid, err);

	if (rc)
		return rc;
	(void)ts_device_remove(vusb, store, err); /* what an earlier run left */
	return vusb_create(vusb, store, &request, err);
}
