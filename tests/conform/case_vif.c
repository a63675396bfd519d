// SPDX-License-Identifier: MIT
#include "tests/conform/case_vif.h"

#define NR_VIFS 64

int case_vif_create(struct ts_device *vif, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		    const struct vif_request *request, struct errbuf *err)
{
	struct vif_request with_mac = *request;
	int rc = ts_device_init(vif, &vif_class, kind, domid, nr % NR_VIFS, store->domid, err);

	if (rc == 0)
		rc = vif_random_mac(with_mac.mac, err);
	if (rc)
		return rc;
	(void)ts_device_remove(vif, store, err); /* what an earlier run left */
	return vif_create(vif, store, &with_mac, err);
}
