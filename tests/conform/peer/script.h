/* SPDX-License-Identifier: MIT */
/*
 * The hotplug step of a disk, as the toolstack does it once the backend is in InitWait, and when the disk has gone: by
 * pvring's own, or by the script of another backend, which gets what libxl gives it.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_PEER_SCRIPT_H
#define TESTS_CONFORM_PEER_SCRIPT_H

#include "ctl/vbd.h"

/* A script of NULL is pvring's. */
int script_add(const char *script, const struct ts_device *vbd, struct xb_store *store, struct errbuf *err);
void script_remove(const char *script, const struct ts_device *vbd);

#endif
