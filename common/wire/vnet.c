// SPDX-License-Identifier: MIT
#include "common/wire/vnet.h"

#include <linux/if_tun.h>

#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

/* ---- from the ring --------------------------------------------------------------------------------------------- */

static const char *from_large(const struct net_meta *meta, const struct inet_frame *parsed, struct virtio_net_hdr *hdr)
{
	bool is_v4 = meta->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (parsed->protocol != INET_TCP || parsed->ip_version != (is_v4 ? 4 : 6))
		return "to be segmented as what it is not";
	hdr->gso_type = is_v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = meta->gso_size;
	hdr->hdr_len = parsed->headers_bytes;
	return NULL;
}

const char *vnet_from_netif(const struct net_meta *meta, const void *frame, size_t len_bytes,
			    struct virtio_net_hdr *hdr)
{
	struct inet_frame parsed;

	*hdr = (struct virtio_net_hdr){ 0 };
	if (!meta->is_csum_blank && meta->gso_type == XEN_NETIF_GSO_TYPE_NONE) {
		hdr->flags = meta->is_data_validated ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
		return NULL;
	}
	if (!inet_parse(frame, len_bytes, &parsed))
		return "its checksum is blank, and it has none";
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = parsed.l4_offset;
	hdr->csum_offset = parsed.csum_offset;
	return meta->gso_type == XEN_NETIF_GSO_TYPE_NONE ? NULL : from_large(meta, &parsed, hdr);
}

/* Linux's frontend and backend always send such frames with a blank one. */
void vnet_blank_large(const struct net_meta *meta, void *frame, size_t len_bytes)
{
	struct inet_frame parsed;

	if (meta->gso_type != XEN_NETIF_GSO_TYPE_NONE && !meta->is_csum_blank && inet_parse(frame, len_bytes, &parsed))
		inet_blank_checksum(frame, len_bytes, &parsed);
}

/* ---- to the ring ----------------------------------------------------------------------------------------------- */

/*
 * The other end looks for the field where TCP or UDP have it; the kernel may leave any checksum to a tap, of a packet
 * within a packet, say.
 */
static bool is_taken_blank(const struct virtio_net_hdr *hdr, const struct net_takes *takes, const void *frame,
			   size_t len_bytes)
{
	struct inet_frame parsed;

	return inet_parse(frame, len_bytes, &parsed) && parsed.l4_offset == hdr->csum_start &&
	       parsed.csum_offset == hdr->csum_offset &&
	       (parsed.ip_version == 6 ? takes->csum_ipv6 : takes->csum_ipv4);
}

static const char *to_large(const struct virtio_net_hdr *hdr, const struct net_takes *takes, struct net_meta *meta)
{
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return NULL;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		meta->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		meta->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return "segments of a kind that no vif takes";
	}
	meta->gso_size = hdr->gso_size;
	if (meta->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? !takes->gso_tcpv4 : !takes->gso_tcpv6)
		return "segments that the other end does not take";
	return NULL;
}

const char *vnet_to_netif(const struct virtio_net_hdr *hdr, void *frame, size_t len_bytes,
			  const struct net_takes *takes, struct net_meta *meta)
{
	size_t field = (size_t)hdr->csum_start + hdr->csum_offset;

	*meta = (struct net_meta){ .gso_type = XEN_NETIF_GSO_TYPE_NONE };
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		meta->is_data_validated = hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID;
	else if (field + sizeof(uint16_t) > len_bytes)
		return "its checksum lies outside";
	else if (is_taken_blank(hdr, takes, frame, len_bytes))
		meta->is_csum_blank = meta->is_data_validated = true;
	else if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return "segments without checksums that the other end does not take";
	else
		inet_put_checksum((uint8_t *)frame + hdr->csum_start, len_bytes - hdr->csum_start, hdr->csum_offset);
	return to_large(hdr, takes, meta);
}

bool vnet_takes_large(const struct net_takes *takes, uint8_t gso_type)
{
	return gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? takes->gso_tcpv4 && takes->csum_ipv4 :
						      takes->gso_tcpv6 && takes->csum_ipv6;
}

/* A tap makes no difference between the versions: what is not taken of one is completed here. */
unsigned int vnet_tap_offloads(const struct net_takes *takes)
{
	unsigned int flags = 0;

	if (takes->csum_ipv4 || takes->csum_ipv6)
		flags |= TUN_F_CSUM;
	if (vnet_takes_large(takes, XEN_NETIF_GSO_TYPE_TCPV4))
		flags |= TUN_F_TSO4;
	if (vnet_takes_large(takes, XEN_NETIF_GSO_TYPE_TCPV6))
		flags |= TUN_F_TSO6;
	return flags;
}
