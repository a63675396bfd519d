/* SPDX-License-Identifier: MIT */
/*
 * The Toeplitz hash of a frame, as a guest asks for it: over addresses and, of TCP, ports.
 *
 * A key becomes a table: what each half byte of the input contributes wherever it stands. So a hash is one look-up for
 * each half byte, and its parts can be hashed where they are.
 *
 * Pure; never reads outside of the frame. Thread: any, one at a time for one that is being made. Never logs.
 * Trust: the frame may be anything; it must be a private copy.
 * Source: Xen's io/netif.h; what is hashed of which frame, and what of none, is as xen-netback does it.
 */
#ifndef BACKEND_NET_TOEPLITZ_H
#define BACKEND_NET_TOEPLITZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOEPLITZ_MAX_INPUT_BYTES 36 /* two IPv6 addresses and two ports */
#define TOEPLITZ_KEY_BYTES       (TOEPLITZ_MAX_INPUT_BYTES + 4)

struct toeplitz {
	uint32_t table[2 * TOEPLITZ_MAX_INPUT_BYTES][16]; /* by place, by value */
};

struct toeplitz_hash {
	uint32_t value;
	uint8_t type; /* _XEN_NETIF_CTRL_HASH_TYPE_... */
};

void toeplitz_set_key(struct toeplitz *toeplitz, const uint8_t key[TOEPLITZ_KEY_BYTES]);

/* types: those that are wanted, XEN_NETIF_CTRL_HASH_TYPE_... or-ed. false: the frame is of none of them. */
bool toeplitz_hash_frame(const struct toeplitz *toeplitz, uint32_t types, const void *frame, size_t len_bytes,
			 struct toeplitz_hash *hash);

#endif
