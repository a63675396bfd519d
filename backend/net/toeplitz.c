// SPDX-License-Identifier: MIT
#include "backend/net/toeplitz.h"

#include "common/wire/inet.h"
#include "common/wire/xen_netif.h"

#define PORTS_BYTES 4

/* The 32 bits of the key that begin with the given one. */
static uint32_t window(const uint8_t key[TOEPLITZ_KEY_BYTES], unsigned int first_bit)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 5; i++)
		bits = bits << 8 | (first_bit / 8 + i < TOEPLITZ_KEY_BYTES ? key[first_bit / 8 + i] : 0);
	return bits >> (8 - first_bit % 8);
}

void toeplitz_set_key(struct toeplitz *toeplitz, const uint8_t key[TOEPLITZ_KEY_BYTES])
{
	for (unsigned int place = 0; place < 2 * TOEPLITZ_MAX_INPUT_BYTES; place++) {
		for (unsigned int value = 0; value < 16; value++) {
			uint32_t sum = 0;

			for (unsigned int bit = 0; bit < 4; bit++)
				sum ^= value & 8U >> bit ? window(key, 4 * place + bit) : 0;
			toeplitz->table[place][value] = sum;
		}
	}
}

/* What these bytes contribute where they stand in the input. */
static uint32_t part(const struct toeplitz *toeplitz, unsigned int offset, const uint8_t *bytes, unsigned int nr)
{
	const uint32_t(*row)[16] = &toeplitz->table[2 * offset];
	uint32_t sum = 0;

	for (unsigned int i = 0; i < nr; i++, row += 2)
		sum ^= row[0][bytes[i] >> 4] ^ row[1][bytes[i] & 15];
	return sum;
}

/* By what IP version: where the addresses are, and the two types of hash. */
static const struct {
	uint8_t header_bytes, addresses_offset, addresses_bytes;
	uint8_t plain, tcp;
} versions[] = {
	{ 20, 12, 8, _XEN_NETIF_CTRL_HASH_TYPE_IPV4, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP },
	{ 40, 8, 32, _XEN_NETIF_CTRL_HASH_TYPE_IPV6, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP },
};

/* The most that was asked for and that the frame has. A fragment has no ports, as those of its packet are elsewhere. */
bool toeplitz_hash_frame(const struct toeplitz *toeplitz, uint32_t types, const void *frame, size_t len_bytes,
			 struct toeplitz_hash *hash)
{
	const uint8_t *bytes = frame;
	struct inet_frame parsed;
	bool is_whole = inet_parse(frame, len_bytes, &parsed), is_tcp;
	unsigned int v = parsed.ip_version == 6;

	if (parsed.ip_version == 0 || len_bytes - parsed.l3_offset < versions[v].header_bytes ||
	    bytes[parsed.l3_offset] >> 4 != parsed.ip_version)
		return false;
	is_tcp = is_whole && parsed.protocol == INET_TCP && types & 1U << versions[v].tcp;
	if (!is_tcp && !(types & 1U << versions[v].plain))
		return false;
	hash->type = is_tcp ? versions[v].tcp : versions[v].plain;
	hash->value = part(toeplitz, 0, bytes + parsed.l3_offset + versions[v].addresses_offset,
			   versions[v].addresses_bytes);
	if (is_tcp)
		hash->value ^= part(toeplitz, versions[v].addresses_bytes, bytes + parsed.l4_offset, PORTS_BYTES);
	return true;
}
