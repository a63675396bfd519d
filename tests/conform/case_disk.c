// SPDX-License-Identifier: MIT
#include "tests/conform/case_disk.h"

#define NR_DISKS 16 /* xvda to xvdp */

int case_disk_create(struct ts_device *vbd, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		     const struct vbd_request *request, struct errbuf *err)
{
	char vdev[] = { 'x', 'v', 'd', 'a' + nr % NR_DISKS, '\0' };
	struct vbd_request named = *request;
	int rc = ts_device_init(vbd, &vbd_class, kind, domid, (202 << 8) + nr % NR_DISKS * 16, store->domid, err);

	if (rc)
		return rc;
	named.vdev = vdev;
	(void)ts_device_remove(vbd, store, err); /* what an earlier run left */
	return vbd_create(vbd, store, &named, err);
}
