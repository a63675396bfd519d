// SPDX-License-Identifier: MIT
/*
 * A frame that a guest sends, and what it says of it, on its way to a tap and to another guest. What holds:
 *
 * - headers that are found lie behind each other within the frame, and are found again in the headers alone;
 * - what a tap is told to complete lies within the frame;
 * - a blank checksum changes two bytes, and nothing else does;
 * - to a guest nothing goes that it has not said it takes; to one that takes all goes what was sent;
 * - the packets that a large frame is cut to are what was to be sent: all of the payload in its order, each with the
 *   headers, a right checksum and as much as it may have;
 * - the hash that a guest is told is that of the frame's addresses, reckoned here bit by bit.
 */
#include "backend/net/toeplitz.h"
#include "common/wire/big_endian.h"
#include "common/wire/segment.h"
#include "common/wire/vnet.h"
#include "common/wire/xen_netif.h"
#include "tests/fuzz/fuzz.h"

#define MAX_CUTS 64 /* that are looked at, of one frame */

/* ---- where the headers are ------------------------------------------------------------------------------------- */

static void check_headers(const uint8_t *frame, size_t len_bytes)
{
	struct inet_frame parsed, again;
	uint8_t *headers;

	if (!inet_parse(frame, len_bytes, &parsed))
		return;
	assert(parsed.l3_offset >= 14 && parsed.l3_offset < parsed.l4_offset);
	assert(parsed.l4_offset + parsed.csum_offset + 2 <= parsed.headers_bytes && parsed.headers_bytes <= len_bytes);
	if (parsed.protocol == INET_TCP)
		assert(parsed.headers_bytes == parsed.l4_offset + (frame[parsed.l4_offset + 12] >> 4) * 4);
	else
		assert(parsed.protocol == INET_UDP && parsed.headers_bytes == parsed.l4_offset + 8);
	headers = fuzz_copy(frame, parsed.headers_bytes);
	assert(inet_parse(headers, parsed.headers_bytes, &again));
	assert(memcmp(&parsed, &again, sizeof(parsed)) == 0);
	free(headers);
}

/* ---- to a tap -------------------------------------------------------------------------------------------------- */

static void check_blanked(const struct net_meta *meta, const uint8_t *before, uint8_t *frame, size_t len_bytes)
{
	struct inet_frame parsed;
	size_t field;

	vnet_blank_large(meta, frame, len_bytes);
	if (!inet_parse(frame, len_bytes, &parsed)) {
		assert(memcmp(before, frame, len_bytes) == 0);
		return;
	}
	field = parsed.l4_offset + parsed.csum_offset;
	assert(memcmp(before, frame, field) == 0);
	assert(memcmp(before + field + 2, frame + field + 2, len_bytes - field - 2) == 0);
}

static void check_for_tap(const struct virtio_net_hdr *hdr, const struct net_meta *meta, size_t len_bytes)
{
	bool is_large = meta->gso_type != XEN_NETIF_GSO_TYPE_NONE;

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		assert((size_t)hdr->csum_start + hdr->csum_offset + 2 <= len_bytes);
	assert((hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE) == is_large);
	assert(!is_large || (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && hdr->gso_size > 0));
	assert(hdr->hdr_len <= len_bytes);
}

/* ---- to another guest ------------------------------------------------------------------------------------------ */

static void check_for_guest(const struct virtio_net_hdr *hdr, const struct net_meta *sent, const uint8_t *frame,
			    size_t len_bytes, const struct net_takes *takes)
{
	bool takes_all = takes->csum_ipv4 && takes->csum_ipv6 && takes->gso_tcpv4 && takes->gso_tcpv6;
	uint8_t *copy = fuzz_copy(frame, len_bytes);
	const char *why;
	struct net_meta meta;

	why = vnet_to_netif(hdr, copy, len_bytes, takes, &meta);
	if (!why && meta.is_csum_blank)
		assert(takes->csum_ipv4 || takes->csum_ipv6);
	if (!why && meta.gso_type != XEN_NETIF_GSO_TYPE_NONE)
		assert(vnet_takes_large(takes, meta.gso_type) && meta.is_csum_blank);
	if (takes_all) {
		assert(!why && meta.gso_type == sent->gso_type);
		assert(meta.gso_type == XEN_NETIF_GSO_TYPE_NONE || meta.gso_size == sent->gso_size);
		assert(memcmp(copy, frame, len_bytes) == 0);
	}
	free(copy);
}

/* ---- cut ------------------------------------------------------------------------------------------------------- */

static void check_cut(const uint8_t *frame, size_t len_bytes, const struct inet_frame *parsed, uint16_t payload_bytes,
		      unsigned int index)
{
	size_t offset = parsed->headers_bytes + (size_t)index * payload_bytes, left = len_bytes - offset;
	size_t payload = left < payload_bytes ? left : payload_bytes, bytes = parsed->headers_bytes + payload;
	uint32_t sequence = get32(frame + parsed->l4_offset + 4);
	struct inet_frame again;
	uint8_t *out = malloc(bytes);

	assert(segment_cut(frame, len_bytes, parsed, payload_bytes, index, out) == bytes);
	assert(inet_parse(out, bytes, &again) && memcmp(&again, parsed, sizeof(again)) == 0);
	assert(inet_checksum_is_right(out, bytes, &again));
	assert(get32(out + parsed->l4_offset + 4) == sequence + index * payload_bytes);
	assert(memcmp(out + parsed->headers_bytes, frame + offset, payload) == 0);
	free(out);
}

static void check_cuts(const uint8_t *frame, size_t len_bytes, uint16_t payload_bytes)
{
	struct inet_frame parsed;
	unsigned int nr;

	assert(inet_parse(frame, len_bytes, &parsed));
	nr = segment_count(len_bytes, &parsed, payload_bytes);
	assert(nr >= 1 && (size_t)nr * payload_bytes >= len_bytes - parsed.headers_bytes);
	assert((size_t)(nr - 1) * payload_bytes <= len_bytes - parsed.headers_bytes);
	for (unsigned int i = 0; i < nr && i < MAX_CUTS; i++)
		check_cut(frame, len_bytes, &parsed, payload_bytes, i);
}

/* ---- the hash -------------------------------------------------------------------------------------------------- */

/* As it is defined: each bit that is set adds the 32 bits of the key that begin where it stands. */
static uint32_t hash_bit_by_bit(const uint8_t *key, const uint8_t *input, unsigned int len_bytes)
{
	uint32_t sum = 0;

	for (unsigned int bit = 0; bit < 8 * len_bytes; bit++) {
		uint32_t window = 0;

		for (unsigned int i = bit; i < bit + 32; i++)
			window = window << 1 | (key[i / 8] >> (7 - i % 8) & 1);
		sum ^= input[bit / 8] >> (7 - bit % 8) & 1 ? window : 0;
	}
	return sum;
}

static void check_hash(const uint8_t *frame, size_t len_bytes, uint32_t types, const uint8_t key[TOEPLITZ_KEY_BYTES])
{
	static struct toeplitz toeplitz;
	static uint8_t key_of_it[TOEPLITZ_KEY_BYTES];
	struct toeplitz_hash hash;
	struct inet_frame parsed;
	uint8_t input[TOEPLITZ_MAX_INPUT_BYTES];
	unsigned int addresses_bytes;

	if (memcmp(key, key_of_it, sizeof(key_of_it)) != 0)
		toeplitz_set_key(&toeplitz, memcpy(key_of_it, key, sizeof(key_of_it)));
	if (!toeplitz_hash_frame(&toeplitz, types, frame, len_bytes, &hash))
		return;
	assert(types & 1U << hash.type);
	(void)inet_parse(frame, len_bytes, &parsed);
	addresses_bytes = parsed.ip_version == 4 ? 8 : 32;
	memcpy(input, frame + parsed.l3_offset + (parsed.ip_version == 4 ? 12 : 8), addresses_bytes);
	if (hash.type == _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP || hash.type == _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP) {
		memcpy(input + addresses_bytes, frame + parsed.l4_offset, 4);
		addresses_bytes += 4;
	}
	assert(hash.value == hash_bit_by_bit(key, input, addresses_bytes));
}

/* ---------------------------------------------------------------------------------------------------------------- */

/* As the slots give it: with a size if, and only if, it is to be cut. */
static struct net_meta take_meta(struct fuzz_input *input)
{
	uint8_t kind = fuzz_u8(input);
	uint16_t size = fuzz_u16(input);
	struct net_meta meta = { .is_csum_blank = kind & 1, .is_data_validated = kind & 2 };

	meta.gso_type = (kind >> 2) % 3;
	meta.gso_size = meta.gso_type == XEN_NETIF_GSO_TYPE_NONE ? 0 : size ? size : 1;
	return meta;
}

static struct net_takes take_takes(struct fuzz_input *input)
{
	uint8_t kind = fuzz_u8(input);

	return (struct net_takes){ .csum_ipv4 = kind & 1, .csum_ipv6 = kind & 2, .gso_tcpv4 = kind & 4,
				   .gso_tcpv6 = kind & 8 };
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	struct net_meta meta = take_meta(&input);
	struct net_takes takes = take_takes(&input);
	uint32_t types = fuzz_u8(&input) % 16;
	uint16_t factor = fuzz_u16(&input);
	uint8_t key[TOEPLITZ_KEY_BYTES];
	struct virtio_net_hdr hdr;
	uint8_t *frame;

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)((i + 1) * (factor + 109U) >> 3);
	if (input.left_bytes < 14)
		return 0;
	frame = fuzz_copy(input.next, input.left_bytes);
	check_headers(frame, input.left_bytes);
	check_hash(frame, input.left_bytes, types, key);
	check_blanked(&meta, input.next, frame, input.left_bytes);
	if (!vnet_from_netif(&meta, frame, input.left_bytes, &hdr)) {
		check_for_tap(&hdr, &meta, input.left_bytes);
		check_for_guest(&hdr, &meta, frame, input.left_bytes, &takes);
		if (meta.gso_type != XEN_NETIF_GSO_TYPE_NONE)
			check_cuts(frame, input.left_bytes, meta.gso_size);
	}
	free(frame);
	return 0;
}
