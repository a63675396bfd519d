/* SPDX-License-Identifier: MIT */
/*
 * Disk names as Xen numbers them: xvda (any letters, partitions 0-255), sda-sdp, hda-hdd, or a plain number. The number
 * is the one libxl gives, so that both attach to the same node. Pure.
 *
 * Source: xen-vbd-interface(7). Thread: any. Never logs.
 */
#ifndef COMMON_WIRE_VDEV_H
#define COMMON_WIRE_VDEV_H

#include <stdint.h>

#include "common/base/errbuf.h"

/* -EINVAL with what was expected in err. */
int blk_vdev_parse(const char *vdev, uint32_t *devid, struct errbuf *err);

#endif
