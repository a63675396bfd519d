/* SPDX-License-Identifier: MIT */
/*
 * What the two ends of a vif leave each other to do with a frame: checksums that are still to be computed, TCP segments
 * that are still to be cut. In the ring that is said by flags and an extra segment, at a tap by struct virtio_net_hdr,
 * and each is made of the other here. A tap says where a checksum is, a vif only that it is blank: so it is looked for.
 *
 * Pure. Thread: any. Never logs. Trust: the frame may be anything; a private copy. Where a reason is returned, a
 * constant, the frame has to be dropped; NULL: it is fine.
 * Source: Xen, io/netif.h; Linux, include/uapi/linux/virtio_net.h.
 */
#ifndef COMMON_WIRE_VNET_H
#define COMMON_WIRE_VNET_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a vif says of a frame beside its bytes, in either direction. */
struct net_meta {
	bool is_csum_blank;     /* the field has the sum of the pseudo header only (common/wire/inet.h) */
	bool is_data_validated; /* whoever receives it need not look at the checksum */
	uint8_t gso_type;       /* XEN_NETIF_GSO_TYPE_*; NONE: it is a packet like any other */
	uint16_t gso_size;      /* of the payload of each packet that it is to be cut to */
	/* Only to a frontend; a tap knows nothing of it. */
	uint8_t hash_algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_*; NONE: it has no hash */
	uint8_t hash_type;      /* _XEN_NETIF_CTRL_HASH_TYPE_* */
	uint32_t hash;
};

/* What an end takes; a tap is told, too, so that the kernel does the rest (vnet_tap_offloads()). */
struct net_takes {
	bool csum_ipv4, csum_ipv6, gso_tcpv4, gso_tcpv6;
};

/* A large frame of XEN_NETIF_GSO_TYPE_..., with a blank checksum as such have. */
bool vnet_takes_large(const struct net_takes *takes, uint8_t gso_type);

/* Of a large frame with a checksum it is said that it is blank: vnet_blank_large() before it is written. */
const char *vnet_from_netif(const struct net_meta *meta, const void *frame, size_t len_bytes,
			    struct virtio_net_hdr *hdr);
/* Each part of a large frame gets its own checksum: so it needs a blank one, and gets it here. Leaves others alone. */
void vnet_blank_large(const struct net_meta *meta, void *frame, size_t len_bytes);

/* A checksum that the other end does not take blank is computed. */
const char *vnet_to_netif(const struct virtio_net_hdr *hdr, void *frame, size_t len_bytes,
			  const struct net_takes *takes, struct net_meta *meta);

/* TUN_F_... for TUNSETOFFLOAD: what may be left out of the frames that are read from a tap. */
unsigned int vnet_tap_offloads(const struct net_takes *takes);

#endif
