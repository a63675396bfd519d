// SPDX-License-Identifier: MIT
#include "tests/conform/peer/front_disk.h"

#include <stdio.h>

#include "tests/conform/peer/judge.h"

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void make(struct front *front)
{
	front_make_ring(front, front->order, blk_request_bytes(front->abi), blk_response_bytes(front->abi));
	front_make_pages(front, FRONT_DATA_PAGES);
	front_make_port(front);
}

static bool is_numbered(const struct front *front)
{
	return front->order > 0 || front->writes_order;
}

void front_write_ring(struct front *front, const char *folder, const struct front *of)
{
	char name[48];

	for (unsigned int i = 0; i < 1U << of->order; i++) {
		if (is_numbered(of))
			snprintf(name, sizeof(name), "%sring-ref%u", folder, i);
		else
			snprintf(name, sizeof(name), "%sring-ref", folder);
		front_write(front, name, "%u", of->ring_pages.refs[i]);
	}
	snprintf(name, sizeof(name), "%sevent-channel", folder);
	front_write(front, name, "%d", of->port);
}

static void publish(struct front *front)
{
	static const char *const earlier[] = { "ring-ref", "ring-page-order", "protocol" };

	for (unsigned int i = 0; i < sizeof(earlier) / sizeof(earlier[0]); i++)
		front_remove(front, earlier[i]);
	if (is_numbered(front))
		front_write(front, "ring-page-order", "%u", front->order);
	front_write_ring(front, "", front);
	front_write(front, "feature-persistent", "%d", front->is_persistent);
	if (!front->omits_protocol)
		front_write(front, "protocol", "%s", blk_abi_name(front->abi));
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

struct blk_request front_request(struct front *front, uint8_t operation, uint64_t sector, unsigned int nr_segments)
{
	struct blk_request request = {
		.operation = operation, .nr_segments = nr_segments, .id = front->req_prod, .sector = sector
	};

	for (unsigned int i = 0; i < nr_segments && i < BLK_MAX_SEGMENTS; i++)
		request.segment[i] = (struct blk_segment){ front_gref(front, i), 0, 7 };
	return request;
}

void front_put(struct front *front, const struct blk_request *request)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];

	blk_request_encode(front->abi, request, slot);
	front_put_raw(front, slot);
}

void front_fill_ring(struct front *front, uint8_t operation)
{
	struct blk_request request;

	for (unsigned int i = 0; i < front->layout.nr_slots; i++) {
		request = judge_pages(front, operation, 88 * (i % 10), i % 4 * BLK_MAX_SEGMENTS, BLK_MAX_SEGMENTS);
		front_put(front, &request);
	}
	front_push(front);
}

bool front_take(struct front *front, struct blk_response *response, unsigned int ms)
{
	const void *slot = front_take_raw(front, ms);

	if (slot)
		blk_response_decode(front->abi, slot, response);
	return slot;
}

int front_do(struct front *front, const struct blk_request *request)
{
	struct blk_response response;

	front_put(front, request);
	front_push(front);
	if (!front_take(front, &response, FRONT_PATIENCE_MS))
		return FRONT_NO_ANSWER;
	return response.status;
}

static void put_one(struct front *front)
{
	struct blk_request request = front_request(front, BLKIF_OP_READ, 0, 1);

	front_put(front, &request);
}

static void fill(struct front *front)
{
	front_fill_ring(front, BLKIF_OP_READ);
}

static void go_on(struct front *front, const char *clause)
{
	must_hold(front, clause, UNTOUCHED, PAGE_SECTORS, UNTOUCHED);
}

const struct front_class front_disk_class = {
	.kind = "vbd",
	.ring_node = "ring-ref",
	.port_node = "event-channel",
	.make = make,
	.publish = publish,
	.put = put_one,
	.fill = fill,
	.go_on = go_on,
};
