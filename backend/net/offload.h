/* SPDX-License-Identifier: MIT */
/*
 * What the two sides leave each other to do with a frame: checksums that are still to be computed, TCP segments that
 * are still to be cut. On the ring that is said by flags and an extra segment, on a tap by struct virtio_net_hdr.
 *
 * Pure. Thread: any. Never logs. Returns NULL, or a constant that says why the frame has to be dropped.
 */
#ifndef BACKEND_NET_OFFLOAD_H
#define BACKEND_NET_OFFLOAD_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As it is said on the ring. */
struct net_offload {
	bool csum_blank;     /* the checksum's field holds that of the pseudo header */
	bool data_validated; /* the checksum is right, or will be */
	uint8_t gso_type;    /* XEN_NETIF_GSO_TYPE_... */
	uint16_t gso_bytes;
};

/* What a guest takes; a tap is told, too, so that the kernel does the rest (net_tap_offloads()). */
struct net_guest_offloads {
	bool csum_ipv4, csum_ipv6, gso_tcpv4, gso_tcpv6;
};

/* The frame is ours alone, and may be completed. */
const char *net_offload_from_guest(const struct net_offload *offload, void *frame, size_t len_bytes,
				   struct virtio_net_hdr *hdr);
const char *net_offload_to_guest(const struct virtio_net_hdr *hdr, void *frame, size_t len_bytes,
				 const struct net_guest_offloads *guest, struct net_offload *offload);

/* TUN_F_... for TUNSETOFFLOAD. */
unsigned int net_tap_offloads(const struct net_guest_offloads *guest);

#endif
