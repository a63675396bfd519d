// SPDX-License-Identifier: MIT
#include "backend/net/offload.h"

#include <linux/if_tun.h>
#include <string.h>

#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

/* ---- from the guest -------------------------------------------------------------------------------------------- */

/* Linux's frontend always sends such frames with csum_blank; one that does not has a checksum of the whole. */
static const char *segment(const struct net_offload *offload, void *frame, size_t len_bytes,
			   const struct inet_frame *parsed, struct virtio_net_hdr *hdr)
{
	bool is_v4 = offload->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (parsed->protocol != INET_TCP || parsed->ip_version != (is_v4 ? 4 : 6))
		return "to be segmented as what it is not";
	hdr->gso_type = is_v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = offload->gso_bytes;
	hdr->hdr_len = parsed->headers_bytes;
	if (!offload->csum_blank)
		inet_blank_checksum(frame, len_bytes, parsed);
	return NULL;
}

const char *net_offload_from_guest(const struct net_offload *offload, void *frame, size_t len_bytes,
				   struct virtio_net_hdr *hdr)
{
	struct inet_frame parsed;

	memset(hdr, 0, sizeof(*hdr));
	if (!offload->csum_blank && !offload->gso_type) {
		hdr->flags = offload->data_validated ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
		return NULL;
	}
	if (!inet_parse(frame, len_bytes, &parsed))
		return "its checksum is blank, and it has none";
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = parsed.l4_offset;
	hdr->csum_offset = parsed.csum_offset;
	return offload->gso_type ? segment(offload, frame, len_bytes, &parsed, hdr) : NULL;
}

/* ---- to the guest ---------------------------------------------------------------------------------------------- */

/*
 * A guest looks for the field where TCP or UDP have it; the kernel may leave any checksum to a tap, of a packet within
 * a packet, say.
 */
static bool takes_blank(const struct virtio_net_hdr *hdr, const struct net_guest_offloads *guest, const void *frame,
			size_t len_bytes)
{
	struct inet_frame parsed;

	return inet_parse(frame, len_bytes, &parsed) && parsed.l4_offset == hdr->csum_start &&
	       parsed.csum_offset == hdr->csum_offset &&
	       (parsed.ip_version == 6 ? guest->csum_ipv6 : guest->csum_ipv4);
}

static const char *segments_to_guest(const struct virtio_net_hdr *hdr, const struct net_guest_offloads *guest,
				     struct net_offload *offload)
{
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return NULL;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		offload->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		offload->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return "segments of a kind that no guest takes";
	}
	offload->gso_bytes = hdr->gso_size;
	if (offload->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? !guest->gso_tcpv4 : !guest->gso_tcpv6)
		return "segments that this guest does not take";
	return NULL;
}

const char *net_offload_to_guest(const struct virtio_net_hdr *hdr, void *frame, size_t len_bytes,
				 const struct net_guest_offloads *guest, struct net_offload *offload)
{
	size_t field = (size_t)hdr->csum_start + hdr->csum_offset;

	memset(offload, 0, sizeof(*offload));
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)) {
		offload->data_validated = hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID;
	} else if (field + sizeof(uint16_t) > len_bytes) {
		return "its checksum lies outside";
	} else if (takes_blank(hdr, guest, frame, len_bytes)) {
		offload->csum_blank = offload->data_validated = true;
	} else if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		return "segments without checksums that this guest does not take";
	} else {
		inet_put_checksum((uint8_t *)frame + hdr->csum_start, len_bytes - hdr->csum_start, hdr->csum_offset);
	}
	return segments_to_guest(hdr, guest, offload);
}

/* A tap makes no difference between the versions: what the guest does not take of one is completed here. */
unsigned int net_tap_offloads(const struct net_guest_offloads *guest)
{
	unsigned int flags = 0;

	if (guest->csum_ipv4 || guest->csum_ipv6)
		flags |= TUN_F_CSUM;
	if (guest->csum_ipv4 && guest->gso_tcpv4)
		flags |= TUN_F_TSO4;
	if (guest->csum_ipv6 && guest->gso_tcpv6)
		flags |= TUN_F_TSO6;
	return flags;
}
