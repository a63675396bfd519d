/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a case's USB controller, as a toolstack makes them.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_CASE_VUSB_H
#define TESTS_CONFORM_CASE_VUSB_H

#include "ctl/vusb.h"

/* The nr-th: another one each time, since either side may need a while to forget the last. Its ports are empty. */
int case_vusb_create(struct ts_device *vusb, struct xb_store *store, const char *kind, uint32_t domid, unsigned int nr,
		     uint32_t nr_ports, struct errbuf *err);

#endif
