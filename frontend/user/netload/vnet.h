/* SPDX-License-Identifier: MIT */
/*
 * What a vif says of a frame and what a tap device says of it (struct virtio_net_hdr), each made of the other. A tap
 * says where a checksum is, a vif only that it is blank: so it is looked for. Pure.
 *
 * Thread: any. Trust: the frame may be anything. Never logs: what cannot be said is a reason in words.
 */
#ifndef NETLOAD_VNET_H
#define NETLOAD_VNET_H

#include <stdint.h>

#include <linux/virtio_net.h>

#include "frontend/user/net_frame.h"
#include "frontend/user/net_terms.h"

/* The TUN_F_* for a tap whose frames go to a backend that takes this. */
unsigned int vnet_offloads(const struct net_features *takes);

/*
 * From the tap: a checksum that the backend does not take blank is made here. NULL: fine; else why the frame cannot be
 * sent.
 */
const char *vnet_to_meta(uint8_t *frame, uint32_t len_bytes, const struct virtio_net_hdr *hdr,
			 const struct net_features *takes, struct net_meta *meta);

/* To the tap. A large packet that comes with a checksum gets a blank one, as it needs one for each of its parts. */
const char *vnet_from_meta(uint8_t *frame, uint32_t len_bytes, const struct net_meta *meta, struct virtio_net_hdr *hdr);

#endif
