/* SPDX-License-Identifier: MIT */
/*
 * Block requests and responses between their ring slots and one in-memory form, so that nothing else knows a guest's
 * ABI. Pure: bytes in, values out; nothing is judged here (backend/blk/request.h does that).
 *
 * Source: xen/io/blkif.h. A slot is a private copy (common/ring), never the shared page itself.
 * Thread: any. Never logs.
 */
#ifndef COMMON_WIRE_BLK_H
#define COMMON_WIRE_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errbuf;

/*
 * What the node `protocol` can name. The guest's word size decides the layout: native is that of a 64-bit guest
 * (x86_64-abi, or arm-abi on Arm, which are alike), the other one is that of a 32-bit x86 guest.
 */
enum blk_abi { BLK_ABI_NATIVE, BLK_ABI_X86_32, BLK_NR_ABIS };

/* What Linux's backend takes a frontend for that does not write the node. */
#ifdef __x86_64__
#define BLK_ABI_UNSAID BLK_ABI_X86_32
#else
#define BLK_ABI_UNSAID BLK_ABI_NATIVE
#endif

#define BLK_MAX_SEGMENTS 11 /* BLKIF_MAX_SEGMENTS_PER_REQUEST: what fits a slot of every ABI */

/* Of an indirect request: they stand in pages of their own, filled one after the other. */
#define BLK_MAX_SEGMENT_PAGES     8 /* BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST */
#define BLK_SEGMENT_BYTES         8 /* there */
#define BLK_SEGMENTS_PER_PAGE     512
#define BLK_MAX_INDIRECT_SEGMENTS (BLK_MAX_SEGMENT_PAGES * BLK_SEGMENTS_PER_PAGE)

/* The largest slots of any ABI, for buffers. */
#define BLK_MAX_REQUEST_BYTES  112
#define BLK_MAX_RESPONSE_BYTES 16

struct blk_segment {
	uint32_t gref;
	uint8_t first_sect; /* of 512 bytes, whatever the disk's sector size */
	uint8_t last_sect;  /* included */
};

struct blk_request {
	uint8_t operation;    /* BLKIF_OP_*; of an indirect request what it does with its segments */
	bool is_indirect;     /* a BLKIF_OP_INDIRECT: segments stand in pages of their own */
	uint16_t nr_segments; /* as the guest wrote it: may exceed what there is room for */
	uint64_t id;          /* the guest's, echoed in the response */
	uint64_t sector;      /* of 512 bytes */
	uint64_t nr_sectors;  /* of a BLKIF_OP_DISCARD, which has no segments */
	uint32_t segments_gref[BLK_MAX_SEGMENT_PAGES]; /* those pages, of an indirect request */
	struct blk_segment segment[BLK_MAX_SEGMENTS];  /* of any other */
};

struct blk_response {
	uint64_t id;
	uint8_t operation;
	int16_t status; /* BLKIF_RSP_* */
};

/* -EINVAL, with a reason: not a name that is served. What a guest without the node speaks is for the caller to know. */
int blk_abi_parse(const char *protocol, enum blk_abi *abi, struct errbuf *err);
const char *blk_abi_name(enum blk_abi abi);

/* "read"; "other" for what blkif.h does not name. */
const char *blk_operation_name(uint8_t operation);

size_t blk_request_bytes(enum blk_abi abi);
size_t blk_response_bytes(enum blk_abi abi);

/* As its operation says: one of the three below, for who offers all of them. */
void blk_slot_decode(enum blk_abi abi, const void *slot, struct blk_request *req);
/* Takes every request for a direct one. */
void blk_request_decode(enum blk_abi abi, const void *slot, struct blk_request *req);
void blk_indirect_decode(enum blk_abi abi, const void *slot, struct blk_request *req);
void blk_discard_decode(enum blk_abi abi, const void *slot, struct blk_request *req);
/* How many of those pages so many segments take. */
static inline unsigned int blk_nr_segment_pages(unsigned int nr_segments)
{
	return (nr_segments + BLK_SEGMENTS_PER_PAGE - 1) / BLK_SEGMENTS_PER_PAGE;
}

/* The segments of an indirect request, as their pages have them, side by side: nr of BLK_SEGMENT_BYTES each. */
void blk_segments_decode(const void *bytes, unsigned int nr, struct blk_segment *segment);
/* Of every kind; an indirect one's segments are for blk_segments_encode(), a discard is not secure. */
void blk_request_encode(enum blk_abi abi, const struct blk_request *req, void *slot);
void blk_segments_encode(const struct blk_segment *segment, unsigned int nr, void *bytes);
void blk_response_decode(enum blk_abi abi, const void *slot, struct blk_response *rsp);
/* Writes every byte of the slot: padding left as it was would tell the guest what our stack held (XSA-216). */
void blk_response_encode(enum blk_abi abi, const struct blk_response *rsp, void *slot);

#endif
