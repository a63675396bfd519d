// SPDX-License-Identifier: MIT
#include "backend/net/tx_frame.h"

#include <string.h>

#define PAGE_BYTES 4096

void net_tx_frame_begin(struct net_tx_frame *frame)
{
	frame->rejected = NULL;
	frame->nr_slots = frame->nr_data_slots = 0;
	frame->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	frame->gso_bytes = 0;
	frame->group_change = 0;
	frame->expects_extra = frame->expects_data = false;
}

static enum net_tx_verdict fatal(struct net_tx_frame *frame, const char *why)
{
	frame->rejected = why;
	return NET_TX_FATAL;
}

/* The first reason is the one to count. */
static void reject(struct net_tx_frame *frame, const char *why)
{
	if (!frame->rejected)
		frame->rejected = why;
}

static enum net_tx_verdict take_gso(struct net_tx_frame *frame, const netif_extra_info_t *extra)
{
	if (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return fatal(frame, "a frame is to be segmented in a way that there is none of");
	if (extra->u.gso.size == 0)
		return fatal(frame, "a frame is to be segmented into nothing");
	frame->gso_type = extra->u.gso.type;
	frame->gso_bytes = extra->u.gso.size;
	return NET_TX_MORE;
}

/* As xen-netback: of several only the last to be added counts, or else the last to be removed. */
static enum net_tx_verdict take_group(struct net_tx_frame *frame, const netif_extra_info_t *extra)
{
	if (frame->group_change == XEN_NETIF_EXTRA_TYPE_MCAST_ADD && extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
		return NET_TX_MORE;
	frame->group_change = extra->type;
	memcpy(frame->group, extra->u.mcast.addr, sizeof(frame->group));
	return NET_TX_MORE;
}

static enum net_tx_verdict add_extra(struct net_tx_frame *frame, struct net_tx_slot *slot, const void *bytes)
{
	netif_extra_info_t extra;

	memcpy(&extra, bytes, sizeof(extra));
	slot->is_extra = true;
	frame->expects_extra = extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
	if (extra.type == XEN_NETIF_EXTRA_TYPE_NONE || extra.type >= XEN_NETIF_EXTRA_TYPE_MAX)
		return fatal(frame, "an extra segment is of a type that there is none of");
	if (frame->nr_slots - frame->nr_data_slots > NET_TX_MAX_EXTRAS)
		return fatal(frame, "a frame has more extra segments than there are types");
	if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO)
		return take_gso(frame, &extra);
	if (extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD || extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
		return take_group(frame, &extra);
	return NET_TX_MORE; /* a hash, for which a tap has no word */
}

static void begin_with(struct net_tx_frame *frame, const netif_tx_request_t *first)
{
	frame->flags = first->flags;
	frame->len_bytes = frame->rest_bytes = first->size;
	frame->expects_extra = first->flags & NETTXF_extra_info;
	if (first->size < NET_MIN_FRAME_BYTES)
		reject(frame, "shorter than an Ethernet header");
}

static enum net_tx_verdict add_data(struct net_tx_frame *frame, struct net_tx_slot *slot, const void *bytes)
{
	netif_tx_request_t request;

	memcpy(&request, bytes, sizeof(request));
	slot->is_extra = false;
	slot->gref = request.gref;
	slot->offset_bytes = request.offset;
	slot->len_bytes = request.size;
	slot->id = request.id;
	frame->expects_data = request.flags & NETTXF_more_data;
	if (++frame->nr_data_slots == 1) {
		begin_with(frame, &request);
		return NET_TX_MORE;
	}
	if (frame->nr_data_slots >= NET_TX_FATAL_SLOTS)
		return fatal(frame, "a frame has more slots than any may have");
	if (frame->nr_data_slots > NET_TX_MAX_SLOTS)
		reject(frame, "of too many slots");
	if (request.offset + request.size > PAGE_BYTES)
		return fatal(frame, "a slot's data goes beyond its page");
	if (request.size > frame->rest_bytes)
		reject(frame, "its slots have more than the whole");
	else
		frame->rest_bytes -= request.size;
	return NET_TX_MORE;
}

/* Only now it is known what is left for the first slot. */
static enum net_tx_verdict complete(struct net_tx_frame *frame)
{
	struct net_tx_slot *first = &frame->slots[0];

	if (frame->group_change)
		frame->rejected = NULL;
	if (frame->rejected || frame->group_change)
		return NET_TX_LAST;
	if (first->offset_bytes + frame->rest_bytes > PAGE_BYTES)
		return fatal(frame, "a slot's data goes beyond its page");
	first->len_bytes = frame->rest_bytes;
	return NET_TX_LAST;
}

enum net_tx_verdict net_tx_frame_add(struct net_tx_frame *frame, uint32_t slot, const void *request)
{
	struct net_tx_slot *next = &frame->slots[frame->nr_slots++];
	enum net_tx_verdict verdict;

	next->slot = slot;
	verdict = frame->expects_extra ? add_extra(frame, next, request) : add_data(frame, next, request);
	if (verdict != NET_TX_MORE || frame->expects_extra || (frame->expects_data && !frame->group_change))
		return verdict;
	return complete(frame);
}
