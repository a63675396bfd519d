// SPDX-License-Identifier: MIT
#include "backend/net/hold.h"

#include <sys/mman.h>

#include "backend/net/tx_slots.h"
#include "common/wire/segment.h"

#define PAGE_BYTES 4096U
#define AREA_BYTES (2 * NET_RX_STRIDE_BYTES) /* the frame, and what is cut from it */

uint8_t *net_hold_alloc(void)
{
	void *area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return area == MAP_FAILED ? NULL : area;
}

void net_hold_free(uint8_t *area)
{
	if (area)
		munmap(area, AREA_BYTES);
}

static uint8_t *whole(const struct net_hold *hold)
{
	return hold->area + NET_RX_HEAD_BYTES;
}

static uint8_t *cut(const struct net_hold *hold)
{
	return hold->area + NET_RX_STRIDE_BYTES + NET_RX_HEAD_BYTES;
}

static void copy_failed(void *context, uint32_t owner, int rc)
{
	*(bool *)context = true;
}

const char *net_hold_fetch(struct net_hold *hold, uint8_t *area, const struct net_tx_frame *frame,
			   struct grants *grants, const struct net_meta *meta)
{
	bool has_failed = false;
	uint8_t *bytes;

	*hold = (struct net_hold){ .is_fetched = true, .area = area, .len_bytes = frame->len_bytes, .meta = *meta };
	bytes = whole(hold) + sizeof(struct virtio_net_hdr);
	net_tx_slots_copy(frame, grants, bytes, 0);
	grants_copy_run(grants, copy_failed, &has_failed);
	if (has_failed)
		return "its memory cannot be read";
	vnet_blank_large(meta, bytes, frame->len_bytes);
	return vnet_from_netif(meta, bytes, frame->len_bytes, &hold->hdr);
}

const void *net_hold_bytes(const struct net_hold *hold)
{
	return whole(hold) + sizeof(struct virtio_net_hdr);
}

static bool must_cut(const struct net_hold *hold, const struct net_takes *takes)
{
	if (hold->meta.gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return false;
	return hold->meta.gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? !takes->gso_tcpv4 || !takes->csum_ipv4 :
								    !takes->gso_tcpv6 || !takes->csum_ipv6;
}

static void check_size(const struct net_rx_limits *limits, struct net_rx_frame *out)
{
	if (!out->rejected && !limits->has_sg && out->len_bytes > PAGE_BYTES)
		out->rejected = "longer than a page, and the guest takes no more at once";
}

static bool next_cut(struct net_hold *hold, struct net_rx_frame *out)
{
	uint8_t *bytes = whole(hold) + sizeof(struct virtio_net_hdr);

	if (!inet_parse(bytes, hold->len_bytes, &hold->parsed)) { /* not after vnet_from_netif() */
		out->rejected = "to be segmented as what it is not";
		return hold->nr_given == 0;
	}
	if (hold->nr_given == segment_count(hold->len_bytes, &hold->parsed, hold->meta.gso_size))
		return false;
	out->memory = cut(hold);
	out->len_bytes = segment_cut(bytes, hold->len_bytes, &hold->parsed, hold->meta.gso_size, hold->nr_given,
				     net_rx_frame_bytes(out));
	out->meta.is_data_validated = true;
	return true;
}

bool net_hold_next(struct net_hold *hold, const struct net_rx_limits *limits, struct net_rx_frame *out)
{
	*out = (struct net_rx_frame){ .memory = whole(hold), .len_bytes = hold->len_bytes };
	if (must_cut(hold, &limits->takes)) {
		if (!next_cut(hold, out))
			return false;
	} else if (hold->nr_given > 0) {
		return false;
	} else {
		if (!hold->is_ready)
			out->rejected = vnet_to_netif(&hold->hdr, net_rx_frame_bytes(out), hold->len_bytes,
						      &limits->takes, &hold->meta);
		hold->is_ready = true;
		out->meta = hold->meta;
	}
	check_size(limits, out);
	return true;
}

void net_hold_took(struct net_hold *hold)
{
	hold->nr_given++;
}
