// SPDX-License-Identifier: MIT
#include "common/wire/blk.h"
#include "common/wire/xen_blkif.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <xen/io/protocols.h>

static_assert(BLK_MAX_SEGMENTS == BLKIF_MAX_SEGMENTS_PER_REQUEST, "segments of a direct request");
static_assert(sizeof(struct blkif_request) <= BLK_MAX_REQUEST_BYTES, "request slot");
static_assert(sizeof(struct blkif_response) <= BLK_MAX_RESPONSE_BYTES, "response slot");
static_assert(offsetof(struct blkif_request, id) == 8, "x86_64 request layout");
static_assert(offsetof(struct blkif_request, sector_number) == 16, "x86_64 request layout");
static_assert(offsetof(struct blkif_request, seg) == 24, "x86_64 request layout");
static_assert(offsetof(struct blkif_response, status) == 10, "x86_64 response layout");

int blk_abi_parse(const char *protocol, enum blk_abi *abi)
{
	if (protocol && strcmp(protocol, XEN_IO_PROTO_ABI_NATIVE) != 0)
		return -EINVAL;
	*abi = BLK_ABI_NATIVE;
	return 0;
}

const char *blk_abi_name(enum blk_abi abi)
{
	return XEN_IO_PROTO_ABI_NATIVE;
}

size_t blk_request_bytes(enum blk_abi abi)
{
	return sizeof(struct blkif_request);
}

size_t blk_response_bytes(enum blk_abi abi)
{
	return sizeof(struct blkif_response);
}

void blk_request_decode(enum blk_abi abi, const void *slot, struct blk_request *req)
{
	struct blkif_request wire;

	memcpy(&wire, slot, sizeof(wire));
	req->operation = wire.operation;
	req->nr_segments = wire.nr_segments;
	req->id = wire.id;
	req->sector = wire.sector_number;
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++) {
		req->segment[i].gref = wire.seg[i].gref;
		req->segment[i].first_sect = wire.seg[i].first_sect;
		req->segment[i].last_sect = wire.seg[i].last_sect;
	}
}

void blk_request_encode(enum blk_abi abi, const struct blk_request *req, void *slot)
{
	struct blkif_request wire;

	memset(&wire, 0, sizeof(wire));
	wire.operation = req->operation;
	wire.nr_segments = req->nr_segments;
	wire.id = req->id;
	wire.sector_number = req->sector;
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++) {
		wire.seg[i].gref = req->segment[i].gref;
		wire.seg[i].first_sect = req->segment[i].first_sect;
		wire.seg[i].last_sect = req->segment[i].last_sect;
	}
	memcpy(slot, &wire, sizeof(wire));
}

void blk_response_decode(enum blk_abi abi, const void *slot, struct blk_response *rsp)
{
	struct blkif_response wire;

	memcpy(&wire, slot, sizeof(wire));
	rsp->id = wire.id;
	rsp->operation = wire.operation;
	rsp->status = wire.status;
}

void blk_response_encode(enum blk_abi abi, const struct blk_response *rsp, void *slot)
{
	struct blkif_response wire;

	memset(&wire, 0, sizeof(wire));
	wire.id = rsp->id;
	wire.operation = rsp->operation;
	wire.status = rsp->status;
	memcpy(slot, &wire, sizeof(wire));
}
