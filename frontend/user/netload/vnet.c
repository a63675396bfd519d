// SPDX-License-Identifier: MIT
#include "frontend/user/netload/vnet.h"

#include <linux/if_tun.h>

#include "common/wire/inet.h"

unsigned int vnet_offloads(const struct net_features *takes)
{
	unsigned int offloads = 0;

	/* A tap has one switch for both: what the backend does not take of it is made up for by vnet_to_meta(). */
	if (takes->csum_ipv4 || takes->csum_ipv6)
		offloads |= TUN_F_CSUM;
	if (takes->gso_tcpv4)
		offloads |= TUN_F_TSO4;
	if (takes->gso_tcpv6)
		offloads |= TUN_F_TSO6;
	return offloads;
}

static const char *take_checksum(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *hdr,
				 const struct net_features *takes, struct net_meta *meta)
{
	struct inet_frame parsed;

	if (!inet_parse(frame, len, &parsed) || hdr->csum_start != parsed.l4_offset ||
	    hdr->csum_offset != parsed.csum_offset)
		return "a blank checksum that is not that of TCP or UDP";
	if (parsed.ip_version == 4 ? takes->csum_ipv4 : takes->csum_ipv6)
		meta->is_csum_blank = meta->is_data_validated = true;
	else
		inet_finish_checksum(frame, len, &parsed);
	return NULL;
}

const char *vnet_to_meta(uint8_t *frame, uint32_t len_bytes, const struct virtio_net_hdr *hdr,
			 const struct net_features *takes, struct net_meta *meta)
{
	const char *why;

	*meta = (struct net_meta){ .is_data_validated = hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID };
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		why = take_checksum(frame, len_bytes, hdr, takes, meta);
		if (why)
			return why;
	}
	switch (hdr->gso_type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return NULL;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		meta->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		meta->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return "a large packet of a kind that was not asked for";
	}
	meta->gso_size = hdr->gso_size;
	return meta->is_csum_blank ? NULL : "a large packet with a checksum";
}

static void name_checksum(uint8_t *frame, uint32_t len, const struct net_meta *meta, const struct inet_frame *parsed,
			  struct virtio_net_hdr *hdr)
{
	if (!meta->is_csum_blank)
		inet_blank_checksum(frame, len, parsed);
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = parsed->l4_offset;
	hdr->csum_offset = parsed->csum_offset;
}

const char *vnet_from_meta(uint8_t *frame, uint32_t len_bytes, const struct net_meta *meta, struct virtio_net_hdr *hdr)
{
	bool is_v4 = meta->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;
	struct inet_frame parsed;

	*hdr = (struct virtio_net_hdr){ 0 };
	if (meta->gso_type == XEN_NETIF_GSO_TYPE_NONE && !meta->is_csum_blank) {
		hdr->flags = meta->is_data_validated ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
		return NULL;
	}
	if (!inet_parse(frame, len_bytes, &parsed))
		return "a blank checksum, and neither TCP nor UDP";
	name_checksum(frame, len_bytes, meta, &parsed, hdr);
	if (meta->gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return NULL;
	if (parsed.protocol != INET_TCP || parsed.ip_version != (is_v4 ? 4 : 6))
		return "a large packet of another kind than was said";
	hdr->gso_type = is_v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = meta->gso_size;
	hdr->hdr_len = parsed.headers_bytes;
	return NULL;
}
