/* SPDX-License-Identifier: MIT */
/* Xen's own USB header, after what it needs and does not include itself. One layout for all guests. */
#ifndef COMMON_WIRE_XEN_USBIF_H
#define COMMON_WIRE_XEN_USBIF_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/usbif.h>

#endif
