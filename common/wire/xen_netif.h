/* SPDX-License-Identifier: MIT */
/* Xen's own network header, after what it needs and does not include itself. One layout for all guests. */
#ifndef COMMON_WIRE_XEN_NETIF_H
#define COMMON_WIRE_XEN_NETIF_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/ring.h>
#include <xen/io/netif.h>

/* Linux's: how much room there is before the data of each buffer, in a uint16_t. */
#ifndef XEN_NETIF_EXTRA_TYPE_XDP
#define XEN_NETIF_EXTRA_TYPE_XDP (5)
#endif

#endif
