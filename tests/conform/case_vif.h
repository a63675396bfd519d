/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a case's vif, as a toolstack makes them.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_CASE_VIF_H
#define TESTS_CONFORM_CASE_VIF_H

#include "ctl/vif.h"

/*
 * The nr-th: another vif each time, since either side may need a while to forget the last. Its address is one by
 * chance, which request->mac need not say.
 */
int case_vif_create(struct ts_device *vif, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		    const struct vif_request *request, struct errbuf *err);

#endif
