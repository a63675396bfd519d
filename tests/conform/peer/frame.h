/* SPDX-License-Identifier: MIT */
/*
 * Frames that the suite sends from one vif to another: of a kind that nobody but us takes notice of, or TCP and UDP
 * between addresses that nobody has (RFC 5737, RFC 3849). What is in them is given by a seed, so that one that is torn,
 * mixed up or stale is not equal.
 *
 * Pure. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_FRAME_H
#define TESTS_CONFORM_PEER_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MIN_BYTES 14    /* an Ethernet header */
#define FRAME_MAX_BYTES 65535 /* what a slot can say */
#define FRAME_KEY_BYTES 40 /* of a hash */
#define FRAME_PADDED_BYTES 60 /* what Ethernet itself makes of a shorter one */

struct frame {
	uint32_t len;
	bool is_csum_blank, is_data_validated;
	uint8_t gso_type; /* XEN_NETIF_GSO_TYPE_...; 0: it is a frame like any other */
	uint16_t gso_size;
	/* Of one that was received. */
	unsigned int nr_slots; /* of data */
	bool has_failed;       /* one of them says so */
	bool has_hash;
	uint32_t hash;
	uint8_t bytes[FRAME_MAX_BYTES + FRAME_MIN_BYTES]; /* from outside an IP packet of 65535 octets may come */
};

struct frame_ends {
	const uint8_t *to, *from; /* addresses, of six octets */
};

void frame_raw(struct frame *frame, struct frame_ends ends, uint32_t len, uint32_t seed);
/* protocol: INET_TCP or INET_UDP; the checksum is right. */
void frame_ip(struct frame *frame, struct frame_ends ends, unsigned int ip_version, uint8_t protocol,
	      uint32_t payload_bytes, uint32_t seed);
/* Its checksum becomes blank; with a gso_size, it is one packet to be cut. */
void frame_blank(struct frame *frame);
void frame_make_large(struct frame *frame, uint16_t gso_size);

/* 4, 6, or 0: it is none of IP. */
unsigned int frame_ip_version(const struct frame *frame);
/* TCP or UDP, whole headers. */
bool frame_has_checksum(const struct frame *frame);
bool frame_is_tcp(const struct frame *frame);
/* One that is blank is put right. */
void frame_finish(struct frame *frame);
/* The packet of a large one that begins after done_bytes of its payload, with at most most_bytes of that. */
void frame_cut(const struct frame *large, uint32_t done_bytes, uint32_t most_bytes, struct frame *packet);

/* Toeplitz, with a key of FRAME_KEY_BYTES: of both addresses, and with TCP of both ports. false: it is none of IP. */
bool frame_hash(const struct frame *frame, const uint8_t *key, uint32_t *hash);

bool frame_is_from(const struct frame *frame, const uint8_t from[6]);
/* The same octets; a short one may have been padded on its way. */
bool frame_is(const struct frame *frame, const struct frame *expected);
/* The same, whether either's checksum is blank or not; one that is not is right, one that is holds what it has to. */
bool frame_is_packet(const struct frame *frame, const struct frame *expected);
bool frame_has_right_checksum(const struct frame *frame);
/* Are these octets of TCP's payload the next ones of a large packet? *done_bytes, what there was, is moved on. */
bool frame_is_next_of(const struct frame *frame, const struct frame *large, uint32_t *done_bytes);
/* Of TCP or UDP; 0: it has none. */
uint32_t frame_payload_bytes(const struct frame *frame);

#endif
