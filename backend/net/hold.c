// SPDX-License-Identifier: MIT
#include "backend/net/hold.h"

#include <sys/mman.h>

#include "backend/net/tx_slots.h"
#include "common/wire/segment.h"

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

static uint8_t *bytes_of(const struct net_hold *hold)
{
	return whole(hold) + sizeof(struct virtio_net_hdr);
}

static uint8_t *cut(const struct net_hold *hold)
{
	return hold->area + NET_RX_STRIDE_BYTES + NET_RX_HEAD_BYTES;
}

static void copy_failed(void *context, uint32_t owner, int rc)
{
	*(bool *)context = true;
}

/* What is said of a large one is true, or vnet_from_netif() would have found so. */
static void look_where_to_cut(struct net_hold *hold)
{
	(void)inet_parse(bytes_of(hold), hold->len_bytes, &hold->parsed);
	hold->nr_cuts = segment_count(hold->len_bytes, &hold->parsed, hold->meta.gso_size);
}

const char *net_hold_fetch(struct net_hold *hold, uint8_t *area, const struct net_tx_frame *frame,
			   struct grants *grants, const struct net_meta *meta)
{
	bool has_failed = false;
	const char *why;

	*hold = (struct net_hold){ .is_fetched = true, .area = area, .len_bytes = frame->len_bytes, .meta = *meta };
	net_tx_slots_copy(frame, grants, bytes_of(hold), 0);
	grants_copy_run(grants, copy_failed, &has_failed);
	if (has_failed)
		return "its memory cannot be read";
	vnet_blank_large(meta, bytes_of(hold), frame->len_bytes);
	why = vnet_from_netif(meta, bytes_of(hold), frame->len_bytes, &hold->hdr);
	if (!why && meta->gso_type != XEN_NETIF_GSO_TYPE_NONE)
		look_where_to_cut(hold);
	return why;
}

const void *net_hold_bytes(const struct net_hold *hold)
{
	return bytes_of(hold);
}

static bool must_cut(const struct net_hold *hold, const struct net_takes *takes)
{
	return hold->meta.gso_type != XEN_NETIF_GSO_TYPE_NONE && !vnet_takes_large(takes, hold->meta.gso_type);
}

static void give_cut(const struct net_hold *hold, struct net_rx_frame *out)
{
	out->memory = cut(hold);
	out->len_bytes = segment_cut(bytes_of(hold), hold->len_bytes, &hold->parsed, hold->meta.gso_size,
				     hold->nr_given, net_rx_frame_bytes(out));
	out->meta.is_data_validated = true;
}

/* Its checksum is seen to only once, however often it is asked for. */
static void give_whole(struct net_hold *hold, const struct net_takes *takes, struct net_rx_frame *out)
{
	if (!hold->is_ready)
		out->rejected = vnet_to_netif(&hold->hdr, bytes_of(hold), hold->len_bytes, takes, &hold->meta);
	hold->is_ready = true;
	out->meta = hold->meta;
}

bool net_hold_next(struct net_hold *hold, const struct net_rx_limits *limits, struct net_rx_frame *out)
{
	bool is_cut = must_cut(hold, &limits->takes);

	*out = (struct net_rx_frame){ .memory = whole(hold), .len_bytes = hold->len_bytes };
	if (hold->nr_given >= (is_cut ? hold->nr_cuts : 1))
		return false;
	if (is_cut)
		give_cut(hold, out);
	else
		give_whole(hold, &limits->takes, out);
	if (!out->rejected)
		out->rejected = net_rx_frame_check_size(out, limits);
	return true;
}

void net_hold_took(struct net_hold *hold)
{
	hold->nr_given++;
}
