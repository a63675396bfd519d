/* SPDX-License-Identifier: MIT */
/*
 * Discovery: which devices of a kind the toolstack asks our domain to serve: HOME/backend/KIND/DOMID/DEVID.
 *
 * Use: put an xb_watch on xb_scan_path(), scan when it is dirty and compare with what is known.
 * Thread, errors: as store.h. Never logs.
 */
#ifndef XENBUS_SCAN_H
#define XENBUS_SCAN_H

#include <stdint.h>

#include "xenbus/store.h"

#define XB_ANY_GUEST UINT32_MAX

struct xb_backend_id {
	uint32_t domid, devid;
};

/* Writes HOME/backend/KIND, with only_guest HOME/backend/KIND/DOMID. */
int xb_scan_path(const struct xb_store *store, const char *kind, uint32_t only_guest, char *buf, size_t size,
		 struct errbuf *err);
/*
 * The devices that there are now, sorted; free(*ids). Names that are not plain numbers are left out; no directory at
 * all gives none. That a device is listed says nothing about its nodes: xb_device_open_backend() does.
 */
int xb_scan(struct xb_store *store, const char *kind, uint32_t only_guest, struct xb_backend_id **ids,
	    unsigned int *nr_ids, struct errbuf *err);

#endif
