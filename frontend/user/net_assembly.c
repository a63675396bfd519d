// SPDX-License-Identifier: MIT
#include "frontend/user/net_assembly.h"

#include <string.h>

#include "common/ring/order.h"
#include "frontend/user/grants.h"

void net_assembly_init(struct net_assembly *assembly, struct net_features takes, uint8_t *bytes)
{
	*assembly = (struct net_assembly){ .takes = takes, .bytes = bytes };
}

static void begin(struct net_assembly *assembly, uint16_t flags)
{
	net_assembly_init(assembly, assembly->takes, assembly->bytes);
	assembly->meta.is_csum_blank = flags & NETRXF_csum_blank;
	assembly->meta.is_data_validated = flags & NETRXF_data_validated;
	assembly->wants_extra = flags & NETRXF_extra_info;
}

static const char *check_flags(const struct net_assembly *assembly, uint16_t flags, bool is_first)
{
	if (flags & NETRXF_gso_prefix)
		return "a GSO prefix, which nobody asked for";
	if (!is_first && flags & NETRXF_extra_info)
		return "extra info behind a slot that is not a frame's first";
	if (flags & NETRXF_more_data && !assembly->takes.sg)
		return "a frame of several slots, which was not agreed to";
	if (is_first && flags & NETRXF_csum_blank && !assembly->takes.csum_ipv4 && !assembly->takes.csum_ipv6)
		return "a blank checksum, which was not agreed to";
	return NULL;
}

static const char *add_data(struct net_assembly *assembly, const struct netif_rx_response *rsp, uint16_t id,
			    const uint8_t *page)
{
	bool is_first = !assembly->wants_data;
	const char *why;

	if (rsp->id != id)
		return "a response in the slot of another request";
	why = check_flags(assembly, rsp->flags, is_first);
	if (why)
		return why;
	if (is_first)
		begin(assembly, rsp->flags);
	assembly->wants_data = rsp->flags & NETRXF_more_data;
	if (rsp->status < 0) {
		assembly->is_bad = true;
		return NULL;
	}
	if (rsp->offset > GRANT_PAGE_BYTES || rsp->status > (int)GRANT_PAGE_BYTES - rsp->offset)
		return "data beyond the end of its page";
	if ((uint32_t)rsp->status > NET_MAX_RECEIVED_BYTES - assembly->len_bytes)
		return "a frame larger than any";
	peer_copy(assembly->bytes + assembly->len_bytes, page + rsp->offset, rsp->status);
	assembly->len_bytes += rsp->status;
	return NULL;
}

static const char *take_gso(struct net_assembly *assembly, const struct netif_extra_info *extra)
{
	bool is_v4 = extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (!is_v4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return "a GSO type that does not exist";
	if (!(is_v4 ? assembly->takes.gso_tcpv4 : assembly->takes.gso_tcpv6))
		return "a GSO type that was not agreed to";
	if (extra->u.gso.size == 0)
		return "GSO packets of no size";
	assembly->meta.gso_type = extra->u.gso.type;
	assembly->meta.gso_size = extra->u.gso.size;
	return NULL;
}

static void take_hash(struct net_assembly *assembly, const struct netif_extra_info *extra)
{
	const uint8_t *value = extra->u.hash.value;

	assembly->meta.hash_algorithm = extra->u.hash.algorithm;
	assembly->meta.hash_type = extra->u.hash.type;
	assembly->meta.hash = value[0] | value[1] << 8 | value[2] << 16 | (uint32_t)value[3] << 24;
}

/* Types that exist and were not asked for say nothing about the bytes. */
static const char *add_extra(struct net_assembly *assembly, const struct netif_extra_info *extra)
{
	if (extra->type == XEN_NETIF_EXTRA_TYPE_NONE || extra->type >= XEN_NETIF_EXTRA_TYPE_MAX)
		return "extra info of a type that does not exist";
	if (assembly->extras_seen & 1U << extra->type)
		return "the same extra info twice";
	assembly->extras_seen |= 1U << extra->type;
	assembly->wants_extra = extra->flags & XEN_NETIF_EXTRA_FLAG_MORE;
	if (extra->type == XEN_NETIF_EXTRA_TYPE_HASH)
		take_hash(assembly, extra);
	return extra->type == XEN_NETIF_EXTRA_TYPE_GSO ? take_gso(assembly, extra) : NULL;
}

const char *net_assembly_add(struct net_assembly *assembly, const void *slot, uint16_t id, const void *page,
			     enum net_step *step)
{
	struct netif_rx_response rsp;
	struct netif_extra_info extra;
	const char *why;

	if (assembly->wants_extra) {
		memcpy(&extra, slot, sizeof(extra));
		why = add_extra(assembly, &extra);
	} else {
		memcpy(&rsp, slot, sizeof(rsp));
		why = add_data(assembly, &rsp, id, page);
	}
	if (!why && ++assembly->nr_slots > NET_MAX_RECEIVED_SLOTS)
		why = "a frame that does not end";
	if (why)
		return why;
	if (assembly->wants_extra || assembly->wants_data)
		*step = NET_UNFINISHED;
	else
		*step = assembly->is_bad || assembly->len_bytes < NET_MIN_FRAME_BYTES ? NET_NO_FRAME : NET_FRAME;
	return NULL;
}
