// SPDX-License-Identifier: MIT
/* The pages that requests name. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/front_disk.h"

#define MAX_KEPT 1024

/* ---- what is in them ------------------------------------------------------------------------------------------- */

static bool is_disk_data(const uint8_t *bytes)
{
	static const uint8_t zeros[BACK_SECTOR_BYTES];

	if (memcmp(bytes, zeros, sizeof(zeros)) == 0)
		return true;
	for (unsigned int sector = 0; sector < PLAY_SECTORS; sector++) {
		if (pattern_is(bytes, sector, 1))
			return true;
	}
	return false;
}

static void judge_page(struct play *play, uint32_t gref, const char *clause)
{
	uint8_t *page = back_map(&play->back, gref, true);

	MUST("GNT-1", page, "grant %u of a READ cannot be written", gref);
	for (unsigned int i = 0; i < BACK_PAGE_BYTES; i += BACK_SECTOR_BYTES)
		MUST(clause, is_disk_data(page + i),
		     "octet %u of the page of a READ is neither zero nor of this disk: %02x %02x %02x %02x", i, page[i],
		     page[i + 1], page[i + 2], page[i + 3]);
	back_unmap(&play->back, page);
}

/* The disk cannot be written: whatever is in a page and not of the disk is somebody else's. */
static void must_grant_nothing_else(struct play *play, const char *clause)
{
	struct blk_request request;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		for (unsigned int i = 0; i < request.nr_segments; i++)
			judge_page(play, request.segment[i].gref, clause);
		play_answer(play, &request, play_carry_out(play, &request));
	}
}

static void pages_hold_nothing_else(struct play *play)
{
	must_grant_nothing_else(play, "GNT-3");
}

/* XSA-403: without persistent grants Linux lends the pages that a READ is to fill, unless it is told not to. */
static void untrusted(struct play *play)
{
	struct errbuf err;

	need(xb_write(&play->store, play->back.dev.otherend, "trusted", &err, "0"), &err);
	play->back.is_persistent = false;
	must_grant_nothing_else(play, "GNT-19");
}

static void grants_are_usable(struct play *play)
{
	must_do(play, "GNT-1", "verify");
}

#define FIRST_GREF 8

/* Judged here alone: GRUB breaks it in every request, and would be held against nothing else. */
static void grants_are_not_reserved(struct play *play)
{
	struct blk_request request;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	for (unsigned int i = 0; i < 1U << play->back.order; i++)
		MUST("GNT-4", play->back.refs[i] >= FIRST_GREF, "page %u of its ring is grant %u", i,
		     play->back.refs[i]);
	while (play_take(play, &request)) {
		for (unsigned int i = 0; i < request.nr_segments; i++)
			MUST("GNT-4", request.segment[i].gref >= FIRST_GREF, "segment %u is grant %u", i,
			     request.segment[i].gref);
		play_answer(play, &request, play_carry_out(play, &request));
	}
	MUST("GNT-4", play->status == 0, "its workload fails with status %d", play->status);
}

static void fetch(struct play *play, const struct blk_request *request, uint8_t *bytes)
{
	for (unsigned int i = 0; i < request->nr_segments; i++) {
		MUST("GNT-1", back_copy_from(&play->back, &request->segment[i], bytes), "grant %u cannot be read",
		     request->segment[i].gref);
		bytes += back_segment_bytes(&request->segment[i]);
	}
}

static void data_stays(struct play *play)
{
	static uint8_t before[BLK_MAX_SEGMENTS * BACK_PAGE_BYTES], after[BLK_MAX_SEGMENTS * BACK_PAGE_BYTES];
	struct blk_request request;

	play_drive(play, "write");
	must_come_up(play, "BUS-10");
	do {
		request = must_ask(play);
		if (request.operation != BLKIF_OP_WRITE)
			play_answer(play, &request, play_carry_out(play, &request));
	} while (request.operation != BLKIF_OP_WRITE);
	fetch(play, &request, before);
	play->is_manual = true;
	play_await_drive(play, PLAY_SILENCE_MS);
	fetch(play, &request, after);
	MUST("GNT-17", memcmp(before, after, sizeof(before)) == 0,
	     "it changes a page of a WRITE that has no response yet");
}

/* ---- how long --------------------------------------------------------------------------------------------------- */

struct kept {
	unsigned int nr;
	struct {
		uint32_t gref;
		uint8_t *page;
	} grant[MAX_KEPT];
};

static uint8_t *kept_page(struct play *play, struct kept *kept, uint32_t gref)
{
	unsigned int i = 0;

	while (i < kept->nr && kept->grant[i].gref != gref)
		i++;
	if (i == kept->nr) {
		kept->grant[i].gref = gref;
		kept->grant[i].page = back_map(&play->back, gref, true);
		MUST("GNT-1", kept->grant[i].page, "grant %u cannot be written, with persistent grants agreed", gref);
		kept->nr += i < MAX_KEPT - 1;
	}
	return kept->grant[i].page;
}

/* By the pages that were mapped when they were first used. */
static void carry_out_in(struct play *play, struct kept *kept, const struct blk_request *request)
{
	uint8_t *at = play->disk + request->sector * BACK_SECTOR_BYTES;

	for (unsigned int i = 0; i < request->nr_segments; i++) {
		const struct blk_segment *segment = &request->segment[i];
		uint8_t *page = kept_page(play, kept, segment->gref) + segment->first_sect * BACK_SECTOR_BYTES;

		if (request->operation == BLKIF_OP_READ)
			memcpy(page, at, back_segment_bytes(segment));
		else
			memcpy(at, page, back_segment_bytes(segment));
		at += back_segment_bytes(segment);
	}
}

static void must_be_granted_still(struct play *play, const struct kept *kept)
{
	for (unsigned int i = 0; i < kept->nr; i++)
		MUST("GNT-13", back_map(&play->back, kept->grant[i].gref, true),
		     "grant %u was taken back, and the page is mapped", kept->grant[i].gref);
}

static void persistent(struct play *play)
{
	static struct kept kept;
	struct blk_request request;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	if (!play->back.frontend_is_persistent)
		skip("it does not use persistent grants");
	play->is_manual = true;
	while (back_frontend_state(&play->back) == XB_CONNECTED && play_is_driven(play)) {
		if (!play_take_within(play, &request, 20))
			continue;
		carry_out_in(play, &kept, &request);
		play_answer(play, &request, BLKIF_RSP_OKAY);
	}
	must_be_granted_still(play, &kept);
	play->is_manual = false;
	back_switch(&play->back, XB_CLOSING);
	MUST("GNT-13", play_serve(play) == 0, "its workload fails with status %d", play->status);
}

static void persistent_unmapped_early(struct play *play)
{
	must_do(play, "GNT-13", "verify");
}

static void persistent_not_offered(struct play *play)
{
	play->back.is_persistent = false;
	must_do(play, "GNT-12", "verify");
}

/* Without persistent grants: what Linux takes for a reason to stop must harm nobody else either. */
static void unmapped_late(struct play *play)
{
	struct blk_request request;
	uint8_t *page;

	play->back.is_persistent = false;
	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	request = must_ask(play);
	page = back_map(&play->back, request.segment[0].gref, true);
	MUST("GNT-1", page, "grant %u of a READ cannot be written", request.segment[0].gref);
	play_answer(play, &request, play_carry_out(play, &request));
	while (play_take_within(play, &request, PLAY_SILENCE_MS))
		play_answer(play, &request, play_carry_out(play, &request));
	for (unsigned int i = 0; i < BACK_PAGE_BYTES; i += BACK_SECTOR_BYTES)
		MUST("GNT-16", is_disk_data(page + i), "a page that is mapped is used for something else");
}

const struct frontend_case front_grant_cases[] = {
	CASE("grant-usable", "GNT-1 BUS-31", "what requests name can be read and written", grants_are_usable),
	CASE("grant-hold-nothing-else", "GNT-3 GNT-1 BUS-10", "pages hold data of the disk, or zeros",
	     pages_hold_nothing_else, .is_read_only = true),
	CASE("grant-untrusted", "GNT-19 GNT-1 BUS-10", "so do those that a backend gets that is not trusted", untrusted,
	     .is_read_only = true),
	CASE("grant-not-reserved", "GNT-4 BUS-10", "no grant is one of those that Xen reserves",
	     grants_are_not_reserved),
	CASE("grant-data-stays", "GNT-17 GNT-1 BUS-10", "data stays as it is until the response", data_stays),
	CASE("grant-persistent", "GNT-13 GNT-1 BUS-10", "pages that stay mapped are the ones that are meant",
	     persistent),
	CASE("grant-persistent-unmapped", "GNT-13 BUS-31", "pages that could stay mapped do not",
	     persistent_unmapped_early),
	CASE("grant-persistent-alone", "GNT-12 BUS-31", "persistent grants are not offered", persistent_not_offered),
	CASE("grant-unmapped-late", "GNT-16 GNT-1 BUS-10", "a page that is still mapped after the response",
	     unmapped_late, .is_read_only = true),
	{ .head.name = NULL },
};
