// SPDX-License-Identifier: MIT
#include "backend/net/rx_frame.h"

#include <assert.h>
#include <string.h>

#define PAGE_BYTES 4096U

static_assert(sizeof(union net_rx_answer) == 8, "a slot is of 8 bytes");

static unsigned int nr_extras(const struct net_rx_frame *frame)
{
	return (frame->meta.gso_type != XEN_NETIF_GSO_TYPE_NONE) + frame->has_hash + (frame->headroom_bytes > 0);
}

bool net_rx_frame_is_extra(const struct net_rx_frame *frame, unsigned int part)
{
	return part >= 1 && part <= nr_extras(frame);
}

static uint32_t room(const struct net_rx_frame *frame)
{
	return PAGE_BYTES - frame->headroom_bytes;
}

const char *net_rx_frame_check_size(const struct net_rx_frame *frame, const struct net_rx_limits *limits)
{
	if (limits->has_sg || frame->len_bytes <= room(frame))
		return NULL;
	return "longer than a page, and the guest takes no more at once";
}

unsigned int net_rx_frame_parts_needed(const struct net_rx_frame *frame)
{
	return (frame->len_bytes + room(frame) - 1) / room(frame) + nr_extras(frame);
}

void net_rx_frame_cut(struct net_rx_frame *frame)
{
	uint32_t left = frame->len_bytes;

	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		frame->parts[i].len_bytes = net_rx_frame_is_extra(frame, i) ? 0 :
					    left < room(frame)		    ? left :
									      room(frame);
		left -= frame->parts[i].len_bytes;
	}
}

static uint16_t flags_of(const struct net_rx_frame *frame, unsigned int part)
{
	bool is_last = part + 1 == frame->nr_parts || (part == 0 && frame->nr_parts == 1 + nr_extras(frame));
	uint16_t flags = is_last ? 0 : NETRXF_more_data;

	if (part > 0)
		return flags;
	if (frame->meta.is_csum_blank)
		flags |= NETRXF_csum_blank;
	if (frame->meta.is_data_validated)
		flags |= NETRXF_data_validated;
	if (nr_extras(frame))
		flags |= NETRXF_extra_info;
	return flags;
}

static netif_extra_info_t gso_extra(const struct net_rx_frame *frame)
{
	return (netif_extra_info_t){
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = frame->meta.gso_size, .type = frame->meta.gso_type },
	};
}

static netif_extra_info_t headroom_extra(const struct net_rx_frame *frame)
{
	netif_extra_info_t extra = { .type = XEN_NETIF_EXTRA_TYPE_XDP };

	memcpy(extra.u.pad, &frame->headroom_bytes, sizeof(frame->headroom_bytes));
	return extra;
}

/* Of the hash the lowest byte comes first. */
static netif_extra_info_t hash_extra(const struct net_rx_frame *frame)
{
	netif_extra_info_t extra = {
		.type = XEN_NETIF_EXTRA_TYPE_HASH,
		.u.hash = { .type = frame->hash.type, .algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ },
	};

	for (unsigned int i = 0; i < sizeof(extra.u.hash.value); i++)
		extra.u.hash.value[i] = frame->hash.value >> (8 * i);
	return extra;
}

/* In the order of their types. */
static netif_extra_info_t extra_at(const struct net_rx_frame *frame, unsigned int index)
{
	netif_extra_info_t extras[3];
	unsigned int nr = 0;

	if (frame->meta.gso_type != XEN_NETIF_GSO_TYPE_NONE)
		extras[nr++] = gso_extra(frame);
	if (frame->has_hash)
		extras[nr++] = hash_extra(frame);
	if (frame->headroom_bytes)
		extras[nr++] = headroom_extra(frame);
	extras[index].flags = index + 1 < nr ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
	return extras[index];
}

union net_rx_answer net_rx_frame_answer(const struct net_rx_frame *frame, unsigned int part)
{
	union net_rx_answer answer;

	memset(&answer, 0, sizeof(answer));
	if (net_rx_frame_is_extra(frame, part)) {
		answer.extra = extra_at(frame, part - 1);
		return answer;
	}
	answer.response.id = frame->parts[part].id;
	answer.response.offset = frame->headroom_bytes;
	answer.response.flags = flags_of(frame, part);
	answer.response.status = frame->has_failed ? NETIF_RSP_ERROR : frame->parts[part].len_bytes;
	return answer;
}

void net_rx_frame_copy(struct net_rx_frame *to, const struct net_rx_frame *from)
{
	memcpy(to->memory, from->memory, sizeof(struct virtio_net_hdr) + from->len_bytes);
	to->len_bytes = from->len_bytes;
	to->rejected = from->rejected;
	to->nr_parts = 0;
	to->meta = from->meta;
	to->has_hash = from->has_hash;
	to->hash = from->hash;
	to->headroom_bytes = from->headroom_bytes;
}
