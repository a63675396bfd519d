/* SPDX-License-Identifier: MIT */
/* Xen's own block header, after what it needs and does not include itself. */
#ifndef COMMON_WIRE_XEN_BLKIF_H
#define COMMON_WIRE_XEN_BLKIF_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

#endif
