// SPDX-License-Identifier: MIT
#include "tests/conform/peer/judge.h"

#include "tests/conform/verdict.h"

struct blk_request judge_request(struct front *front, uint8_t operation, uint64_t sector, unsigned int page,
				 uint8_t first, uint8_t last)
{
	struct blk_request request = front_request(front, operation, sector, 1);

	request.segment[0] = (struct blk_segment){ front_gref(front, page), first, last };
	return request;
}

struct blk_request judge_pages(struct front *front, uint8_t operation, uint64_t sector, unsigned int page,
			       unsigned int nr_segments)
{
	struct blk_request request = front_request(front, operation, sector, nr_segments);

	for (unsigned int i = 0; i < nr_segments && i < BLK_MAX_SEGMENTS; i++)
		request.segment[i].gref = front_gref(front, page + i);
	return request;
}

const char *judge_status(int status)
{
	switch (status) {
	case BLKIF_RSP_OKAY:
		return "OKAY";
	case BLKIF_RSP_ERROR:
		return "ERROR";
	case BLKIF_RSP_EOPNOTSUPP:
		return "EOPNOTSUPP";
	case FRONT_NO_ANSWER:
		return "nothing";
	default:
		return "a status that does not exist";
	}
}

bool judge_is_filled(const uint8_t *bytes, uint8_t with, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (bytes[i] != with)
			return false;
	}
	return true;
}

void must_answer(struct front *front, const char *clause, const struct blk_request *request, int status)
{
	int answer = front_do(front, request);

	MUST(clause, answer == status,
	     "it answers %s to operation %u (%s) at sector %#llx with %u segment(s), the first from %u to %u",
	     judge_status(answer), request->operation, blk_operation_name(request->operation),
	     (unsigned long long)request->sector, request->nr_segments, request->segment[0].first_sect,
	     request->segment[0].last_sect);
}

struct blk_response must_respond(struct front *front, const char *clause, const struct blk_request *request)
{
	struct blk_response response;

	front_put(front, request);
	front_push(front);
	MUST(clause, front_take(front, &response, FRONT_PATIENCE_MS), "it answers nothing to operation %u (%s)",
	     request->operation, blk_operation_name(request->operation));
	return response;
}

uint64_t must_answer_next(struct front *front, const char *clause)
{
	struct blk_response response;

	MUST(clause, front_take(front, &response, FRONT_PATIENCE_MS), "it answers %u requests of %u", front->rsp_cons,
	     front->req_prod);
	MUST(clause, response.status == BLKIF_RSP_OKAY, "it answers %s to operation %u (%s), response %u",
	     judge_status(response.status), response.operation, blk_operation_name(response.operation),
	     front->rsp_cons);
	return response.id;
}

void must_answer_all(struct front *front, const char *clause, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		must_answer_next(front, clause);
}

const uint8_t *must_read(struct front *front, const char *clause, uint64_t sector, unsigned int nr_sectors)
{
	unsigned int nr_pages = (nr_sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;
	struct blk_request request = judge_pages(front, BLKIF_OP_READ, sector, JUDGE_PAGE, nr_pages);

	request.segment[nr_pages - 1].last_sect = (nr_sectors - 1) % PAGE_SECTORS;
	must_answer(front, clause, &request, BLKIF_RSP_OKAY);
	return front_page(front, JUDGE_PAGE);
}

void must_hold(struct front *front, const char *clause, uint64_t sector, unsigned int nr_sectors, uint64_t pattern)
{
	const uint8_t *bytes = must_read(front, clause, sector, nr_sectors);

	for (unsigned int i = 0; i < nr_sectors; i++)
		MUST(clause, pattern_is(bytes + i * 512, pattern + i, 1),
		     "sector %llu holds something else than it should", (unsigned long long)sector + i);
}

void must_be_unchanged(struct front *front, const char *clause)
{
	for (unsigned int sector = 0; sector < DISK_SECTORS; sector += 64)
		must_hold(front, clause, sector, 64, sector);
}

void must_write(struct front *front, const char *clause, uint64_t sector, unsigned int nr_pages, uint64_t pattern)
{
	struct blk_request request = front_request(front, BLKIF_OP_WRITE, sector, nr_pages);

	pattern_fill(front_page(front, 0), pattern, nr_pages * PAGE_SECTORS);
	must_answer(front, clause, &request, BLKIF_RSP_OKAY);
}
