/* SPDX-License-Identifier: MIT */
/* What a frame is to a frontend: how large, and what is said of it. */
#ifndef FRONTEND_USER_NET_FRAME_H
#define FRONTEND_USER_NET_FRAME_H

#include "common/wire/vnet.h"
#include "common/wire/xen_netif.h"

#define NET_MIN_FRAME_BYTES 14 /* an Ethernet header */
/* Of what we send a slot says the whole size. What is received may be a bit larger: 64 KiB of IP in Ethernet. */
#define NET_MAX_SENT_BYTES     XEN_NETIF_MAX_TX_SIZE
#define NET_MAX_RECEIVED_BYTES (17 * 4096)

#endif
