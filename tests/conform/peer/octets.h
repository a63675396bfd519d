/* SPDX-License-Identifier: MIT */
/*
 * Slots made and read octet by octet from the tables of docs/protocol.md, 7.1, so that a mistake that our own encoder
 * and decoder share is found. What the tables call padding, and all that is not used, is 0xff.
 */
#ifndef TESTS_CONFORM_PEER_OCTETS_H
#define TESTS_CONFORM_PEER_OCTETS_H

#include "tests/conform/peer/front_disk.h"

struct octets {
	enum blk_abi abi;
	uint8_t slot[112];
};

/* The second octet is nr_segments, flag or indirect_op. */
struct octets octets_begin(enum blk_abi abi, uint8_t operation, uint8_t second, uint64_t id, uint64_t sector);
/* The same of one who keeps BLK-18: 0. */
struct octets octets_begin_zero(enum blk_abi abi, uint8_t operation, uint8_t second, uint64_t id, uint64_t sector);
void octets_segment(struct octets *octets, unsigned int i, uint32_t gref, uint8_t first, uint8_t last);
void octets_discard(struct octets *octets, uint64_t nr_sectors);
void octets_indirect(struct octets *octets, uint16_t nr_segments);
void octets_indirect_page(struct octets *octets, unsigned int i, uint32_t gref);
/* A segment in a page of segments. */
void octets_write_segment(uint8_t *bytes, uint32_t gref, uint8_t first, uint8_t last);

/* What a frontend has put into a slot, and into a page of segments. */
uint64_t octets_nr_sectors(enum blk_abi abi, const uint8_t *slot); /* of a DISCARD */
uint16_t octets_nr_segments(const uint8_t *slot);                  /* these two of an INDIRECT */
uint32_t octets_indirect_gref(enum blk_abi abi, const uint8_t *slot, unsigned int i);
struct blk_segment octets_read_segment(const uint8_t *bytes);

struct octets_response {
	uint64_t id;
	uint8_t operation;
	int16_t status;
	bool has_padding_0;
};

struct octets_response octets_response(enum blk_abi abi, const uint8_t *slot);
/* One request, and its answer's status or FRONT_NO_ANSWER; id and operation must be the request's. */
int octets_do(struct front *front, const char *clause, const struct octets *octets, uint8_t operation);

#endif
