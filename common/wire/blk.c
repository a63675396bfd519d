// SPDX-License-Identifier: MIT
#include "common/wire/blk.h"
#include "common/wire/xen_blkif.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <xen/io/protocols.h>

#include "common/base/errbuf.h"

/* A 32-bit x86 guest aligns 64-bit fields to 4 bytes only. Everything else is as in Xen's own header. */
#pragma pack(push, 4)
struct x86_32_blkif_request {
	uint8_t operation;
	uint8_t nr_segments;
	blkif_vdev_t handle;
	uint64_t id;
	blkif_sector_t sector_number;
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
struct x86_32_blkif_request_indirect {
	uint8_t operation;
	uint8_t indirect_op;
	uint16_t nr_segments;
	uint64_t id;
	blkif_sector_t sector_number;
	blkif_vdev_t handle;
	grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};
struct x86_32_blkif_request_discard {
	uint8_t operation;
	uint8_t flag;
	blkif_vdev_t handle;
	uint64_t id;
	blkif_sector_t sector_number;
	uint64_t nr_sectors;
};
struct x86_32_blkif_response {
	uint64_t id;
	uint8_t operation;
	int16_t status;
};
#pragma pack(pop)

static_assert(sizeof(long) == 8, "the native ABI is that of a 64-bit guest");
static_assert(BLK_MAX_SEGMENTS == BLKIF_MAX_SEGMENTS_PER_REQUEST, "segments of a direct request");
static_assert(BLK_MAX_SEGMENT_PAGES == BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST, "pages of an indirect request's segments");
static_assert(sizeof(struct blkif_request_segment) == BLK_SEGMENT_BYTES, "segment");
static_assert(BLK_SEGMENTS_PER_PAGE * BLK_SEGMENT_BYTES == 4096, "segments of a page");

#define ASSERT_LAYOUT(request, response, request_bytes, response_bytes, id_at, sector_at, seg_at)                      \
	static_assert(sizeof(struct request) == (request_bytes) && (request_bytes) <= BLK_MAX_REQUEST_BYTES,           \
		      "request slot");                                                                                 \
	static_assert(sizeof(struct response) == (response_bytes) && (response_bytes) <= BLK_MAX_RESPONSE_BYTES,       \
		      "response slot");                                                                                \
	static_assert(offsetof(struct request, operation) == 0 && offsetof(struct request, nr_segments) == 1 &&        \
			      offsetof(struct request, id) == (id_at) &&                                               \
			      offsetof(struct request, sector_number) == (sector_at) &&                                \
			      offsetof(struct request, seg) == (seg_at),                                               \
		      "request layout");                                                                               \
	static_assert(offsetof(struct response, id) == 0 && offsetof(struct response, operation) == 8 &&               \
			      offsetof(struct response, status) == 10,                                                 \
		      "response layout")

#define ASSERT_INDIRECT(request, id_at, sector_at, grefs_at)                                                           \
	static_assert(offsetof(struct request, indirect_op) == 1 && offsetof(struct request, nr_segments) == 2 &&      \
			      offsetof(struct request, id) == (id_at) &&                                               \
			      offsetof(struct request, sector_number) == (sector_at) &&                                \
			      offsetof(struct request, indirect_grefs) == (grefs_at),                                  \
		      "layout of an indirect request")

#define ASSERT_DISCARD(request, id_at, sector_at, nr_sectors_at)                                                       \
	static_assert(offsetof(struct request, id) == (id_at) &&                                                       \
			      offsetof(struct request, sector_number) == (sector_at) &&                                \
			      offsetof(struct request, nr_sectors) == (nr_sectors_at),                                 \
		      "layout of a discard")

ASSERT_LAYOUT(blkif_request, blkif_response, 112, 16, 8, 16, 24);
ASSERT_LAYOUT(x86_32_blkif_request, x86_32_blkif_response, 108, 12, 4, 12, 20);
ASSERT_INDIRECT(blkif_request_indirect, 8, 16, 28);
ASSERT_INDIRECT(x86_32_blkif_request_indirect, 4, 12, 24);
ASSERT_DISCARD(blkif_request_discard, 8, 16, 24);
ASSERT_DISCARD(x86_32_blkif_request_discard, 4, 12, 20);

/*
 * What differs between the ABIs; operation and nr_segments, or indirect_op, come first in all of them, an indirect
 * request has id and sector where a direct one has them, a discard its length where that has its segments, a response
 * has one layout.
 */
static const struct {
	const char *name;
	uint8_t request_bytes, response_bytes;
	uint8_t id_at, sector_at, segments_at, indirect_grefs_at;
} abis[BLK_NR_ABIS] = {
#define ABI(protocol, request, response)                                                                               \
	{ protocol, sizeof(struct request), sizeof(struct response), offsetof(struct request, id),                     \
	  offsetof(struct request, sector_number), offsetof(struct request, seg),                                      \
	  offsetof(struct request##_indirect, indirect_grefs) }
	[BLK_ABI_NATIVE] = ABI(XEN_IO_PROTO_ABI_NATIVE, blkif_request, blkif_response),
	[BLK_ABI_X86_32] = ABI(XEN_IO_PROTO_ABI_X86_32, x86_32_blkif_request, x86_32_blkif_response),
#undef ABI
};

int blk_abi_parse(const char *protocol, enum blk_abi *abi, struct errbuf *err)
{
	for (unsigned int i = 0; i < BLK_NR_ABIS; i++) {
		if (strcmp(protocol, abis[i].name) == 0) {
			*abi = i;
			return 0;
		}
	}
	return errbuf_set(err, -EINVAL, "'%.40s' is not served: expected %s or %s", protocol, abis[BLK_ABI_NATIVE].name,
			  abis[BLK_ABI_X86_32].name);
}

const char *blk_abi_name(enum blk_abi abi)
{
	return abis[abi].name;
}

const char *blk_operation_name(uint8_t operation)
{
	switch (operation) {
	case BLKIF_OP_READ:
		return "read";
	case BLKIF_OP_WRITE:
		return "write";
	case BLKIF_OP_WRITE_BARRIER:
		return "barrier";
	case BLKIF_OP_FLUSH_DISKCACHE:
		return "flush";
	case BLKIF_OP_DISCARD:
		return "discard";
	case BLKIF_OP_INDIRECT:
		return "indirect";
	default:
		return "other";
	}
}

size_t blk_request_bytes(enum blk_abi abi)
{
	return abis[abi].request_bytes;
}

size_t blk_response_bytes(enum blk_abi abi)
{
	return abis[abi].response_bytes;
}

void blk_segments_decode(const void *bytes, unsigned int nr, struct blk_segment *segment)
{
	struct blkif_request_segment seg;

	for (unsigned int i = 0; i < nr; i++) {
		memcpy(&seg, (const uint8_t *)bytes + i * sizeof(seg), sizeof(seg));
		segment[i] = (struct blk_segment){ seg.gref, seg.first_sect, seg.last_sect };
	}
}

static void decode_head(enum blk_abi abi, const uint8_t *from, struct blk_request *req)
{
	memcpy(&req->id, from + abis[abi].id_at, sizeof(req->id));
	memcpy(&req->sector, from + abis[abi].sector_at, sizeof(req->sector));
}

void blk_request_decode(enum blk_abi abi, const void *slot, struct blk_request *req)
{
	const uint8_t *from = slot;

	req->operation = from[0];
	req->is_indirect = false;
	req->nr_segments = from[1];
	decode_head(abi, from, req);
	blk_segments_decode(from + abis[abi].segments_at, BLK_MAX_SEGMENTS, req->segment);
}

void blk_indirect_decode(enum blk_abi abi, const void *slot, struct blk_request *req)
{
	const uint8_t *from = slot;

	req->operation = from[1];
	req->is_indirect = true;
	memcpy(&req->nr_segments, from + 2, sizeof(req->nr_segments));
	decode_head(abi, from, req);
	memcpy(req->segments_gref, from + abis[abi].indirect_grefs_at, sizeof(req->segments_gref));
}

void blk_discard_decode(enum blk_abi abi, const void *slot, struct blk_request *req)
{
	const uint8_t *from = slot;

	req->operation = from[0];
	req->is_indirect = false;
	req->nr_segments = 0;
	decode_head(abi, from, req);
	memcpy(&req->nr_sectors, from + abis[abi].segments_at, sizeof(req->nr_sectors));
}

void blk_slot_decode(enum blk_abi abi, const void *slot, struct blk_request *req)
{
	switch (*(const uint8_t *)slot) {
	case BLKIF_OP_INDIRECT:
		blk_indirect_decode(abi, slot, req);
		break;
	case BLKIF_OP_DISCARD:
		blk_discard_decode(abi, slot, req);
		break;
	default:
		blk_request_decode(abi, slot, req);
	}
}

void blk_segments_encode(const struct blk_segment *segment, unsigned int nr, void *bytes)
{
	struct blkif_request_segment seg;

	memset(&seg, 0, sizeof(seg));
	for (unsigned int i = 0; i < nr; i++) {
		seg.gref = segment[i].gref;
		seg.first_sect = segment[i].first_sect;
		seg.last_sect = segment[i].last_sect;
		memcpy((uint8_t *)bytes + i * sizeof(seg), &seg, sizeof(seg));
	}
}

static void encode_direct(enum blk_abi abi, const struct blk_request *req, uint8_t *to)
{
	to[0] = req->operation;
	to[1] = req->nr_segments;
	blk_segments_encode(req->segment, BLK_MAX_SEGMENTS, to + abis[abi].segments_at);
}

static void encode_discard(enum blk_abi abi, const struct blk_request *req, uint8_t *to)
{
	to[0] = req->operation;
	memcpy(to + abis[abi].segments_at, &req->nr_sectors, sizeof(req->nr_sectors));
}

static void encode_indirect(enum blk_abi abi, const struct blk_request *req, uint8_t *to)
{
	to[0] = BLKIF_OP_INDIRECT;
	to[1] = req->operation;
	memcpy(to + 2, &req->nr_segments, sizeof(req->nr_segments));
	memcpy(to + abis[abi].indirect_grefs_at, req->segments_gref, sizeof(req->segments_gref));
}

void blk_request_encode(enum blk_abi abi, const struct blk_request *req, void *slot)
{
	uint8_t *to = slot;

	memset(to, 0, abis[abi].request_bytes);
	memcpy(to + abis[abi].id_at, &req->id, sizeof(req->id));
	memcpy(to + abis[abi].sector_at, &req->sector, sizeof(req->sector));
	if (req->is_indirect)
		encode_indirect(abi, req, to);
	else if (req->operation == BLKIF_OP_DISCARD)
		encode_discard(abi, req, to);
	else
		encode_direct(abi, req, to);
}

void blk_response_decode(enum blk_abi abi, const void *slot, struct blk_response *rsp)
{
	struct x86_32_blkif_response wire; /* the native one is this and 4 bytes of padding */

	memcpy(&wire, slot, sizeof(wire));
	rsp->id = wire.id;
	rsp->operation = wire.operation;
	rsp->status = wire.status;
}

void blk_response_encode(enum blk_abi abi, const struct blk_response *rsp, void *slot)
{
	struct x86_32_blkif_response wire;

	memset(&wire, 0, sizeof(wire));
	wire.id = rsp->id;
	wire.operation = rsp->operation;
	wire.status = rsp->status;
	memset(slot, 0, abis[abi].response_bytes);
	memcpy(slot, &wire, sizeof(wire));
}
