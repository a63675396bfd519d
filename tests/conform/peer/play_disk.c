// SPDX-License-Identifier: MIT
/* The disk of a case about a frontend: what it offers, and how what is asked of it is taken and served. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/conform/peer/front_disk.h"
#include "tests/conform/peer/play.h"
#include "tests/conform/verdict.h"

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void begin(struct play *play)
{
	play->offer_clause = "BLK-9";
	play->unit_clause = "BLK-28";
	play->back.nr_sectors = PLAY_SECTORS;
	play->disk = malloc(PLAY_MAX_SECTORS * BACK_SECTOR_BYTES);
	pattern_fill(play->disk, 0, PLAY_MAX_SECTORS);
}

static void write_rest(struct back *back)
{
	back_write_size(back);
	back_write_features(back);
}

static void set_number(const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	setenv(name, text, 1);
}

static void set_environment(const struct play *play)
{
	const struct back *back = &play->back;
	char vdev[] = "xvda";

	vdev[3] += back->dev.devid / 16 % 16;
	setenv("CONFORM_VDEV", vdev, 1);
	set_number("CONFORM_RING_ORDER", back->max_order);
	set_number("CONFORM_SEGMENTS", back->max_indirect_segments);
}

void must_map_and_bind(struct play *play)
{
	struct errbuf why;

	MUST("GNT-1", back_map_ring(&play->back, &why), "%s", why.text);
	MUST("EVT-1", back_bind(&play->back, &why), "%s", why.text);
}

static void attach(struct play *play)
{
	struct back *back = &play->back;
	struct errbuf why;

	MUST("BUS-10", back_read_options(back, &why) && back_read_ring(back, &why), "it has announced a ring, but %s",
	     why.text);
	MUST("BLK-1", xb_exists(&play->store, back->dev.otherend, "protocol"), "it does not write protocol");
	must_map_and_bind(play);
}

static void release(struct play *play)
{
	back_release(&play->back);
}

static void write_size_and_state(struct back *back)
{
	back_write(back, "sectors", "%llu", (unsigned long long)back->nr_sectors);
	back_write(back, "state", "%d", XB_CONNECTED);
}

void play_grow(struct play *play)
{
	play->back.nr_sectors = PLAY_MAX_SECTORS;
	back_transaction(&play->back, write_size_and_state);
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

static void take(struct play *play)
{
	back_take_raw(&play->back, play->slot);
	play_read_request(play, &play->request);
	play->nr_of[play->slot[0]]++;
}

bool play_take_within(struct play *play, struct blk_request *request, unsigned int ms)
{
	bool has_one = play_take_next_within(play, ms);

	*request = play->request;
	return has_one;
}

bool play_take(struct play *play, struct blk_request *request)
{
	bool has_one = play_take_next(play);

	*request = play->request;
	return has_one;
}

struct blk_request must_ask(struct play *play)
{
	must_ask_next(play);
	return play->request;
}

void play_needs(const struct play *play, uint8_t operation)
{
	if (play->nr_of[operation] == 0)
		skip("its workload asks for no operation %u (%s)", operation, blk_operation_name(operation));
}

unsigned int play_hold(struct play *play, struct blk_request *held, unsigned int nr, unsigned int ms)
{
	unsigned int nr_held = 0;

	while (nr_held < nr && play_take_within(play, &held[nr_held], ms))
		nr_held++;
	return nr_held;
}

#define MAX_ALONE 16

unsigned int play_hold_several(struct play *play, struct blk_request *held, unsigned int nr)
{
	unsigned int nr_held;

	for (unsigned int nr_alone = 0; play_take(play, &held[0]); nr_alone++) {
		nr_held = 1 + play_hold(play, held + 1, nr - 1, PLAY_SILENCE_MS / 4);
		if (nr_held > 1 || nr_alone == MAX_ALONE)
			return nr_held;
		play_answer(play, &held[0], play_carry_out(play, &held[0]));
	}
	return 0;
}

static bool hold(struct play *play)
{
	static struct blk_request held[PLAY_MAX_HELD];

	return play_hold_several(play, held, PLAY_MAX_HELD) > 0;
}

/* ---- serving --------------------------------------------------------------------------------------------------- */

static void transfer(struct play *play, const struct blk_request *request, const struct blk_segment *segment,
		     unsigned int nr)
{
	bool is_read = request->operation == BLKIF_OP_READ;
	uint8_t *at = play->disk + request->sector * BACK_SECTOR_BYTES;

	for (unsigned int i = 0; i < nr; i++) {
		bool is_done = is_read ? back_copy_to(&play->back, &segment[i], at)
				       : back_copy_from(&play->back, &segment[i], at);

		/* Once we say Closed it may take its pages back. */
		MUST("GNT-1", is_done || back_own_state(&play->back) == XB_CLOSED, "grant %u of a %s cannot be %s",
		     segment[i].gref, blk_operation_name(request->operation), is_read ? "written" : "read");
		at += back_segment_bytes(&segment[i]);
	}
}

int16_t play_carry_out(struct play *play, const struct blk_request *request)
{
	if (play->back.ring && request->is_indirect)
		transfer(play, request, play->segment, play->nr_segments);
	else if (play->back.ring) /* a DISCARD has none, and may forget nothing */
		transfer(play, request, request->segment, request->nr_segments);
	return BLKIF_RSP_OKAY;
}

void play_answer(struct play *play, const struct blk_request *request, int16_t status)
{
	if (play->back.ring)
		back_answer(&play->back, request, status);
}

static void finish(struct play *play)
{
	play_answer(play, &play->request, play_carry_out(play, &play->request));
}

const struct play_class play_disk_class = {
	.kind = "vbd",
	.load = "read",
	.begin = begin,
	.write_limits = back_write_limits,
	.write_rest = write_rest,
	.set_environment = set_environment,
	.attach = attach,
	.release = release,
	.take = take,
	.finish = finish,
	.hold = hold,
};
