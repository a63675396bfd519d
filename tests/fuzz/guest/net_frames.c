// SPDX-License-Identifier: MIT
#include "tests/fuzz/guest/net_frames.h"

#include <string.h>

#include "tests/fuzz/guest/dice.h"

#define PAGE_BYTES    4096
#define NO_GREF	      1000000 /* more than there are */
#define HEADERS_BYTES 54

/* ---- frames as they should be ---------------------------------------------------------------------------------- */

/* TCP over IPv4, as far as anybody looks at it. */
static void write_headers(uint8_t *to, const uint8_t mac[6], uint32_t len_bytes)
{
	static const uint8_t headers[HEADERS_BYTES] = {
		[0] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 0x08, 0x00, 0x45, [20] = 0x40, [22] = 64, 6,
		[26] = 10, 0, 0, 1, 10, 0, 0, 2, [34] = 0x10, 0x00, 0x00, 0x50, [46] = 0x50, 0x10, 0xff, 0xff,
	};

	memcpy(to, headers, sizeof(headers));
	memcpy(to + 6, mac, 6);
	to[16] = (uint8_t)((len_bytes - 14) >> 8);
	to[17] = (uint8_t)(len_bytes - 14);
}

static void choose_piece(netif_tx_request_t *piece, struct net_queue *queue, uint16_t page, uint32_t least_bytes)
{
	piece->size = (uint16_t)dice_from(least_bytes, dice_one_in(3) ? 3500 : least_bytes + 60);
	piece->offset = (uint16_t)dice_below(PAGE_BYTES - piece->size + 1);
	piece->id = page;
	piece->gref = queue->tx.buffers.refs[page];
	piece->flags = NETTXF_more_data;
}

/* The first one says how long the whole is. */
void choose_frame(struct frame *frame, const struct netfront *front, struct net_queue *queue, unsigned int first_page)
{
	netif_tx_request_t *first = &frame->piece[0];
	uint32_t sum = 0;

	*frame = (struct frame){ .nr_pieces = dice_one_in(2) ? 1 : (unsigned int)dice_from(1, NET_TX_MAX_PIECES),
				 .expected = MUST_SUCCEED };
	for (unsigned int i = 0; i < frame->nr_pieces; i++) {
		choose_piece(&frame->piece[i], queue, (uint16_t)((first_page + i) % NR_PAGES), i ? 0 : HEADERS_BYTES);
		sum += frame->piece[i].size;
	}
	frame->piece[frame->nr_pieces - 1].flags = 0;
	write_headers((uint8_t *)grant_pool_page(&queue->tx.buffers, first->id) + first->offset,
		      netfront_identity(front)->mac, sum);
	first->size = (uint16_t)sum;
	if (dice_one_in(2))
		first->flags |= NETTXF_csum_blank | NETTXF_data_validated;
	if (dice_one_in(4)) {
		first->flags |= NETTXF_extra_info | NETTXF_csum_blank | NETTXF_data_validated;
		frame->extra = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
						     .u.gso = { .size = (uint16_t)dice_from(1, 1448),
								.type = XEN_NETIF_GSO_TYPE_TCPV4 } };
	}
}

/* ---- and as they should not: dropped, and the connection goes on ----------------------------------------------- */

static void spoil_length(struct frame *frame, struct net_queue *queue)
{
	frame->piece[0].size = (uint16_t)dice_below(14);
}

static void spoil_gref(struct frame *frame, struct net_queue *queue)
{
	frame->piece[0].gref = NO_GREF + (uint32_t)dice_below(NO_GREF);
}

/* What it is said to be it is not, or its first bytes are none of a frame's. */
static void spoil_bytes(struct frame *frame, struct net_queue *queue)
{
	uint8_t *page = grant_pool_page(&queue->tx.buffers, frame->piece[0].id);

	for (unsigned int i = 0; i < 8; i++)
		page[frame->piece[0].offset + dice_from(12, HEADERS_BYTES - 1)] = (uint8_t)dice_u64();
	frame->expected = MAY_DO_EITHER;
}

static void spoil_number(struct frame *frame, struct net_queue *queue)
{
	unsigned int was = frame->nr_pieces;

	frame->nr_pieces = (unsigned int)dice_from(20, MAX_PIECES);
	for (unsigned int i = was - 1; i < frame->nr_pieces - 1; i++)
		frame->piece[i].flags |= NETTXF_more_data;
	for (unsigned int i = was; i < frame->nr_pieces; i++) {
		frame->piece[i] = frame->piece[was - 1];
		frame->piece[i].id = (uint16_t)((frame->piece[0].id + i) % NR_PAGES);
		frame->piece[i].size = 0;
		frame->piece[i].offset = 0;
	}
	frame->piece[frame->nr_pieces - 1].flags = 0;
}

void spoil_frame(struct frame *frame, struct net_queue *queue)
{
	static void (*const spoils[])(struct frame *, struct net_queue *) = { spoil_length, spoil_gref, spoil_bytes,
									     spoil_number };

	frame->expected = MUST_FAIL;
	spoils[dice_below(sizeof(spoils) / sizeof(spoils[0]))](frame, queue);
}

/* ---- what ends the connection ---------------------------------------------------------------------------------- */

static void break_page(struct frame *frame)
{
	frame->nr_pieces = 1;
	frame->piece[0].flags = 0;
	frame->piece[0].offset = PAGE_BYTES - 20;
	frame->piece[0].size = 60;
}

static void break_extra(struct frame *frame)
{
	frame->piece[0].flags |= NETTXF_extra_info;
	frame->extra = (netif_extra_info_t){ .type = (uint8_t)dice_from(XEN_NETIF_EXTRA_TYPE_MAX, UINT8_MAX) };
}

static void break_segments(struct frame *frame)
{
	frame->piece[0].flags |= NETTXF_extra_info;
	frame->extra = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
					     .u.gso = { .type = XEN_NETIF_GSO_TYPE_TCPV4 } };
}

void break_frame(struct frame *frame)
{
	static void (*const breaks[])(struct frame *) = { break_page, break_extra, break_segments };

	breaks[dice_below(sizeof(breaks) / sizeof(breaks[0]))](frame);
}
