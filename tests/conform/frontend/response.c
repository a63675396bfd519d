// SPDX-License-Identifier: MIT
/* Responses that no backend should give. */
#include "tests/conform/case.h"

static void begin(struct play *play, struct blk_request *request)
{
	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	if (!play_take(play, request))
		error("the workload asks for nothing");
}

static void unknown_id(struct play *play)
{
	struct blk_request request;

	begin(play, &request);
	request.id ^= 0x5a5a5a5a;
	play_answer(play, &request, BLKIF_RSP_OKAY);
	must_stop(play, "BLK-16", "a response with an id that it never used");
}

static void wrong_operation(struct play *play)
{
	struct blk_request request;

	begin(play, &request);
	request.operation ^= 1;
	play_answer(play, &request, BLKIF_RSP_OKAY);
	must_stop(play, "BLK-16", "a response with another operation than its request");
}

const struct frontend_case front_response_cases[] = {
	CASE("response-unknown-id", "BLK-16 BUS-10", "a response with an id that was never used", unknown_id),
	CASE("response-operation", "BLK-16 BUS-10", "a response with the operation of another request",
	     wrong_operation),
	{ .name = NULL },
};
