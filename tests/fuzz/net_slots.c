// SPDX-License-Identifier: MIT
/*
 * The slots by which a guest sends frames, one frame after the other. What holds:
 *
 * - a frame ends, and keeps each of its slots for an answer, in their order;
 * - one that is to be sent is as long as its pieces are together, each of which lies in its page; it has an Ethernet
 *   header, no more slots than it may have, and is to be cut into something if at all;
 * - it has a place in memory behind the one before, and not far behind;
 * - what ends the device, or drops a frame, has a reason.
 */
#include "backend/net/tx_frame.h"
#include "backend/net/tx_slots.h"
#include "tests/fuzz/fuzz.h"

#define SLOT_BYTES sizeof(netif_tx_request_t)
#define PAGE_BYTES 4096U

static void check_order(const struct net_tx_frame *frame, uint32_t first)
{
	unsigned int nr_data = 0;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		assert(frame->slots[i].slot == first + i);
		nr_data += !frame->slots[i].is_extra;
	}
	assert(nr_data == frame->nr_data_slots && !frame->slots[0].is_extra);
	assert(nr_data <= NET_TX_FATAL_SLOTS && frame->nr_slots - nr_data <= NET_TX_MAX_EXTRAS + 1);
}

static void check_pieces(const struct net_tx_frame *frame)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		const struct net_tx_slot *slot = &frame->slots[i];

		if (slot->is_extra)
			continue;
		assert(slot->len_bytes == 0 || slot->offset_bytes + slot->len_bytes <= PAGE_BYTES);
		sum += slot->len_bytes;
	}
	assert(sum == frame->len_bytes);
}

static void check_to_be_sent(const struct net_tx_frame *frame, size_t after_bytes)
{
	struct net_meta meta = net_tx_slots_meta(frame);
	size_t place = net_tx_slots_place(frame, after_bytes);

	check_pieces(frame);
	assert(frame->len_bytes >= NET_MIN_FRAME_BYTES && frame->nr_data_slots <= NET_TX_MAX_SLOTS);
	assert(meta.gso_type == XEN_NETIF_GSO_TYPE_NONE || meta.gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ||
	       meta.gso_type == XEN_NETIF_GSO_TYPE_TCPV6);
	assert((meta.gso_type == XEN_NETIF_GSO_TYPE_NONE) == (meta.gso_size == 0));
	assert(place >= after_bytes && place < after_bytes + PAGE_BYTES);
}

/* false: the device has ended. */
static bool take_frame(struct fuzz_input *input, struct net_tx_frame *frame)
{
	uint32_t first = fuzz_u16(input), nr = 0;
	size_t after_bytes = fuzz_u16(input);
	enum net_tx_verdict verdict;
	uint8_t slot[SLOT_BYTES];

	net_tx_frame_begin(frame);
	do {
		fuzz_take(input, slot, sizeof(slot));
		verdict = net_tx_frame_add(frame, first + nr, slot);
		assert(frame->nr_slots == ++nr);
	} while (verdict == NET_TX_MORE);
	check_order(frame, first);
	if (verdict == NET_TX_FATAL) {
		assert(frame->rejected);
		return false;
	}
	assert(frame->nr_data_slots < NET_TX_FATAL_SLOTS);
	if (!frame->rejected && !frame->group_change)
		check_to_be_sent(frame, after_bytes);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct net_tx_frame *frame = malloc(sizeof(*frame));
	struct fuzz_input input = { bytes, len_bytes };

	memset(frame, 0xa5, sizeof(*frame));
	while (input.left_bytes > 0 && take_frame(&input, frame))
		;
	free(frame);
	return 0;
}
