/* SPDX-License-Identifier: MIT */
/*
 * Disk names as toolstacks write them ("xvda", "xvdb1", "hda", or a number) into virtual device numbers. Pure.
 *
 * Source: xen-vbd-interface(7). Thread: any. Never logs.
 */
#ifndef FRONTEND_USER_VDEV_H
#define FRONTEND_USER_VDEV_H

#include <stdint.h>

/* -EINVAL: not such a name. */
int front_vdev_parse(const char *name, uint32_t *devid);

#endif
