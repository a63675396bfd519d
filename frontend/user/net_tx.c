// SPDX-License-Identifier: MIT
#include "frontend/user/net_tx.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "frontend/user/queue.h"

void front_tx_init(struct net_tx *tx)
{
	*tx = (struct net_tx){ 0 };
	grant_pool_init(&tx->ring_pages);
	grant_pool_init(&tx->buffers);
}

int front_tx_open(struct net_tx *tx, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_buffers,
		struct net_features takes, struct errbuf *err)
{
	int rc;

	front_tx_init(tx);
	tx->takes = takes;
	rc = front_ring_open(&tx->ring, &tx->ring_pages, gntshr, domid, 0, sizeof(struct netif_tx_request),
			     sizeof(struct netif_tx_response), err);
	if (rc == 0)
		rc = grant_pool_share(&tx->buffers, gntshr, domid, nr_buffers, err);
	if (rc) {
		front_tx_fini(tx);
		return rc;
	}
	for (uint32_t i = 0; i < nr_buffers; i++)
		tx->free[i] = nr_buffers - 1 - i;
	tx->nr_free = nr_buffers;
	return 0;
}

void front_tx_fini(struct net_tx *tx)
{
	grant_pool_fini(&tx->buffers);
	grant_pool_fini(&tx->ring_pages);
	front_tx_init(tx);
}

unsigned int front_tx_cut(uint32_t len_bytes, struct net_piece *pieces)
{
	unsigned int nr = 0;

	for (uint32_t left = len_bytes; left; nr++) {
		if (nr == NET_TX_MAX_PIECES)
			return 0;
		pieces[nr] = (struct net_piece){ 0, left < GRANT_PAGE_BYTES ? left : GRANT_PAGE_BYTES };
		left -= pieces[nr].size_bytes;
	}
	return nr;
}

static int check_pieces(const struct net_tx *tx, const struct net_outgoing *frame, const struct net_piece *pieces,
			unsigned int nr_pieces)
{
	uint32_t sum = 0;

	if (frame->len_bytes < NET_MIN_FRAME_BYTES || frame->len_bytes > NET_MAX_SENT_BYTES)
		return -EMSGSIZE;
	if (nr_pieces == 0 || nr_pieces > (tx->takes.sg ? NET_TX_MAX_PIECES : 1))
		return -EMSGSIZE;
	for (unsigned int i = 0; i < nr_pieces; i++) {
		if (!pieces[i].size_bytes || (uint32_t)pieces[i].offset + pieces[i].size_bytes > GRANT_PAGE_BYTES)
			return -EINVAL;
		sum += pieces[i].size_bytes;
	}
	return sum == frame->len_bytes ? 0 : -EINVAL;
}

static int check_meta(const struct net_features *takes, const struct net_meta *meta)
{
	if (meta->is_csum_blank && !takes->csum_ipv4 && !takes->csum_ipv6)
		return -EOPNOTSUPP;
	switch (meta->gso_type) {
	case XEN_NETIF_GSO_TYPE_NONE:
		return 0;
	case XEN_NETIF_GSO_TYPE_TCPV4:
		return takes->gso_tcpv4 ? 0 : -EOPNOTSUPP;
	case XEN_NETIF_GSO_TYPE_TCPV6:
		return takes->gso_tcpv6 ? 0 : -EOPNOTSUPP;
	default:
		return -EOPNOTSUPP;
	}
}

static void put(struct net_tx *tx, const void *slot)
{
	if (!ring_front_put(&tx->ring, slot))
		assert(!"there was room");
	tx->nr_slots++;
}

static void put_extra(struct net_tx *tx, const struct netif_extra_info *extra)
{
	struct netif_tx_request slot = { 0 }; /* which is larger */

	memcpy(&slot, extra, sizeof(*extra));
	put(tx, &slot);
	tx->nr_extras_out++;
}

static void put_gso(struct net_tx *tx, const struct net_meta *meta)
{
	const struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .type = meta->gso_type, .size = meta->gso_size },
	};

	put_extra(tx, &extra);
}

static uint16_t flags_of(const struct net_meta *meta)
{
	uint16_t flags = 0;

	if (meta->is_csum_blank)
		flags |= NETTXF_csum_blank;
	if (meta->is_data_validated)
		flags |= NETTXF_data_validated;
	if (meta->gso_type != XEN_NETIF_GSO_TYPE_NONE)
		flags |= NETTXF_extra_info;
	return flags;
}

/* Takes a page for a piece, makes it part of the frame, and puts its slot. */
static uint8_t put_piece(struct net_tx *tx, const struct net_piece *piece, const void *bytes, uint16_t flags,
			 uint16_t size)
{
	uint8_t number = tx->free[--tx->nr_free];
	struct net_tx_page *page = &tx->page[number];
	struct netif_tx_request req = {
		.gref = tx->buffers.refs[number],
		.offset = piece->offset,
		.flags = flags,
		.id = (uint16_t)(++page->generation << 8 | number),
		.size = size,
	};

	memcpy((uint8_t *)grant_pool_page(&tx->buffers, number) + piece->offset, bytes, piece->size_bytes);
	page->is_out = true;
	page->next = number;
	put(tx, &req);
	return number;
}

int front_tx_send(struct net_tx *tx, const struct net_outgoing *frame, const struct net_piece *pieces,
		unsigned int nr_pieces)
{
	bool has_extra = frame->meta.gso_type != XEN_NETIF_GSO_TYPE_NONE;
	const uint8_t *bytes = frame->bytes;
	uint8_t first = 0, last = 0, number;
	int rc;

	rc = check_pieces(tx, frame, pieces, nr_pieces);
	if (rc == 0)
		rc = check_meta(&tx->takes, &frame->meta);
	if (rc)
		return rc;
	if (nr_pieces > tx->nr_free || nr_pieces + has_extra > ring_front_free_slots(&tx->ring))
		return -EAGAIN;
	for (unsigned int i = 0; i < nr_pieces; i++) {
		uint16_t more = i + 1 < nr_pieces ? NETTXF_more_data : 0;

		if (i == 0) /* its size is that of the frame */
			number = first = put_piece(tx, pieces, bytes, flags_of(&frame->meta) | more, frame->len_bytes);
		else
			number = put_piece(tx, &pieces[i], bytes, more, pieces[i].size_bytes);
		if (i == 0 && has_extra)
			put_gso(tx, &frame->meta);
		if (i > 0)
			tx->page[last].next = number;
		tx->page[number].first = first;
		last = number;
		bytes += pieces[i].size_bytes;
	}
	tx->page[first].nr_out = nr_pieces;
	tx->page[first].sent = (struct net_sent){ .cookie = frame->cookie, .len_bytes = frame->len_bytes };
	tx->nr_frames_out++;
	return 0;
}

int front_tx_change_group(struct net_tx *tx, bool is_added, const uint8_t address[6])
{
	static const struct net_piece nothing;
	struct netif_extra_info extra = {
		.type = is_added ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD : XEN_NETIF_EXTRA_TYPE_MCAST_DEL,
	};
	uint8_t number;

	if (tx->nr_free == 0 || ring_front_free_slots(&tx->ring) < 2)
		return -EAGAIN;
	memcpy(extra.u.mcast.addr, address, sizeof(extra.u.mcast.addr));
	number = put_piece(tx, &nothing, address, NETTXF_extra_info, 0);
	put_extra(tx, &extra);
	tx->page[number].first = number;
	tx->page[number].nr_out = 1;
	tx->page[number].sent = (struct net_sent){ .is_group_change = true };
	tx->nr_frames_out++;
	return 0;
}

bool front_tx_push(struct net_tx *tx)
{
	return ring_front_push(&tx->ring);
}

static const char *find_page(struct net_tx *tx, uint16_t id, struct net_tx_page **page)
{
	uint8_t number = id & 0xff;

	if (number >= tx->buffers.nr_pages)
		return "an answer to an id that was never used";
	*page = &tx->page[number];
	if ((*page)->generation != id >> 8)
		return "an answer to an id that is not in use";
	if (!(*page)->is_out)
		return "a second answer to one slot";
	return NULL;
}

static void note_status(struct net_sent *sent, int16_t status)
{
	if (status == NETIF_RSP_DROPPED && sent->rc == 0)
		sent->rc = -ENOBUFS;
	else if (status != NETIF_RSP_OKAY && status != NETIF_RSP_DROPPED)
		sent->rc = -EIO;
}

/* All pages of a frame, whose first one is number. */
static void give_back(struct net_tx *tx, uint8_t number)
{
	uint8_t next = tx->page[number].next;

	tx->free[tx->nr_free++] = number;
	while (next != number) {
		number = next;
		next = tx->page[number].next;
		tx->free[tx->nr_free++] = number;
	}
}

/* *is_done: the frame was waiting for this one only. */
static const char *take_answer(struct net_tx *tx, const struct netif_tx_response *rsp, struct net_sent *sent,
			       bool *is_done)
{
	struct net_tx_page *page, *first;
	const char *why;

	if (rsp->status == NETIF_RSP_NULL) {
		if (tx->nr_extras_out == 0)
			return "an answer to extra info that was not sent";
		tx->nr_extras_out--;
		return NULL;
	}
	why = find_page(tx, rsp->id, &page);
	if (why)
		return why;
	page->is_out = false;
	first = &tx->page[page->first];
	note_status(&first->sent, rsp->status);
	if (--first->nr_out == 0) {
		*is_done = true;
		*sent = first->sent;
		tx->nr_frames_out--;
		give_back(tx, page->first);
	}
	return NULL;
}

enum ring_pop front_tx_take(struct net_tx *tx, struct net_sent *sent, const char **why)
{
	struct netif_tx_response rsp;
	bool is_done = false;
	enum ring_pop got;

	do {
		got = ring_front_pop(&tx->ring, &rsp);
		if (got == RING_BROKEN)
			*why = "an index of answers beyond what was sent";
		if (got != RING_GOT)
			return got;
		*why = take_answer(tx, &rsp, sent, &is_done);
		if (*why)
			return RING_BROKEN;
	} while (!is_done);
	return RING_GOT;
}
