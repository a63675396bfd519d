/* SPDX-License-Identifier: MIT */
/* What a vif says of a frame beside its bytes, in either direction. */
#ifndef FRONTEND_USER_NET_FRAME_H
#define FRONTEND_USER_NET_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/xen_netif.h"

#define NET_MIN_FRAME_BYTES 14 /* an Ethernet header */
/* Of what we send a slot says the whole size. What is received may be a bit larger: 64 KiB of IP in Ethernet. */
#define NET_MAX_SENT_BYTES     XEN_NETIF_MAX_TX_SIZE
#define NET_MAX_RECEIVED_BYTES (17 * 4096)

struct net_meta {
	bool is_csum_blank;	/* the field has the sum of the pseudo header only (common/wire/inet.h) */
	bool is_data_validated; /* whoever receives it need not look at the checksum */
	uint8_t gso_type;	/* XEN_NETIF_GSO_TYPE_*; NONE: it is a packet like any other */
	uint16_t gso_size;	/* of the payload of each packet that it is to be cut to */
	/* Received only. */
	uint8_t hash_algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_*; NONE: it has no hash */
	uint8_t hash_type;	/* _XEN_NETIF_CTRL_HASH_TYPE_* */
	uint32_t hash;
};

#endif
