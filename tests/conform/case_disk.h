/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a case's disk, as a toolstack makes them.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_CASE_DISK_H
#define TESTS_CONFORM_CASE_DISK_H

#include "ctl/vbd.h"

/*
 * The nr-th: another disk each time, since either side may need a while to forget the last. Which one, request->vdev
 * need not say.
 */
int case_disk_create(struct ts_device *vbd, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		     const struct vbd_request *request, struct errbuf *err);

#endif
