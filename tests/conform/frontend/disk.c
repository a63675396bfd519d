// SPDX-License-Identifier: MIT
/* What the disk is said to be: sizes, units, what may be done with it. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <string.h>

/* ---- disks that are none --------------------------------------------------------------------------------------- */

/* All is offered as it should be; with Connected there is one node that is not. */
static void refuse(struct play *play, const char *clause, const char *name, const char *value)
{
	struct back *back = &play->back;
	char what[64];

	snprintf(what, sizeof(what), value ? "a %s of '%.20s'" : "no %s", name, value ?: "");
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	play_write_offer(play, name, value);
	back_switch(back, XB_CONNECTED);
	must_refuse_disk(play, clause, what);
}

static void no_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", NULL);
}

static void empty_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", "");
}

static void text_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", "many");
}

static void negative_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", "-2048");
}

static void zero_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", "0");
}

static void wrapped_sectors(struct play *play)
{
	refuse(play, "BUS-6", "sectors", "18446744073709553664");
}

static void long_sectors(struct play *play)
{
	static char digits[500];

	memset(digits, '1', sizeof(digits) - 1);
	refuse(play, "BUS-6", "sectors", digits);
}

static void too_many_sectors(struct play *play)
{
	refuse(play, "BLK-36", "sectors", "18014398509481985");
}

static void sector_size_0(struct play *play)
{
	refuse(play, "BLK-36", "sector-size", "0");
}

static void sector_size_256(struct play *play)
{
	refuse(play, "BLK-36", "sector-size", "256");
}

static void sector_size_520(struct play *play)
{
	refuse(play, "BLK-36", "sector-size", "520");
}

static void sector_size_2_31(struct play *play)
{
	refuse(play, "BLK-36", "sector-size", "2147483648");
}

static void malformed_option(struct play *play)
{
	refuse(play, "BUS-7", "feature-flush-cache", "perhaps");
}

/* ---- sectors --------------------------------------------------------------------------------------------------- */

static void large_sectors(struct play *play)
{
	play->back.sector_bytes = 4096;
	must_do(play, "BLK-28", "verify");
}

static void middling_sectors(struct play *play)
{
	play->back.sector_bytes = 1024;
	must_do(play, "BLK-28", "verify");
}

static void offer_large_indirect(struct play *play)
{
	play->back.sector_bytes = 4096;
	play->back.max_indirect_segments = 256;
}

static void large_sectors_indirect(struct play *play)
{
	offer_large_indirect(play);
	must_do(play, "BLK-28", "verify");
	play_needs(play, BLKIF_OP_INDIRECT);
}

/* The whole disk is asked for, in units of 512 octets. */
static void units(struct play *play)
{
	play->unit_clause = "BLK-33";
	play->back.sector_bytes = 4096;
	must_do(play, "BLK-33", "read");
	MUST("BLK-33", play->end_sector == PLAY_SECTORS, "it reads %llu sectors of %u, in units of 512 octets",
	     (unsigned long long)play->end_sector, PLAY_SECTORS);
}

static void units_indirect(struct play *play)
{
	play->unit_clause = "BLK-33";
	offer_large_indirect(play);
	must_do(play, "BLK-33", "big");
	play_needs(play, BLKIF_OP_INDIRECT);
}

static void read_to_odd_end(struct play *play, const char *work)
{
	play->back.sector_bytes = 4096;
	play->back.nr_sectors = PLAY_SECTORS - 3;
	must_do(play, "BLK-36", work);
	MUST("BLK-36", play->end_sector <= PLAY_SECTORS - 8, "it asks for sector %llu of a disk that ends at %u",
	     (unsigned long long)play->end_sector - 1, PLAY_SECTORS - 8);
}

static void odd_end(struct play *play)
{
	read_to_odd_end(play, "read");
}

static void odd_end_verified(struct play *play)
{
	read_to_odd_end(play, "verify");
}

static void odd_end_indirect(struct play *play)
{
	offer_large_indirect(play);
	read_to_odd_end(play, "big");
	play_needs(play, BLKIF_OP_INDIRECT);
}

static void grows(struct play *play)
{
	must_work(play, "BLK-38", "read");
	if (back_frontend_state(&play->back) != XB_CONNECTED)
		skip("it closes the disk after its workload");
	play_grow(play);
	play_drive(play, "read");
	MUST("BLK-38", play_serve(play) == 0, "its workload fails with status %d after the disk has grown",
	     play->status);
	MUST("BLK-38", play->end_sector == PLAY_MAX_SECTORS, "it reads %llu sectors of a disk that has grown to %u",
	     (unsigned long long)play->end_sector, PLAY_MAX_SECTORS);
}

/* ---- what may be done with it ---------------------------------------------------------------------------------- */

static void read_only(struct play *play)
{
	play_drive(play, "readonly-write");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	MUST("BLK-42", play_serve(play) != 0, "its workload writes to a read-only disk with success");
}

static void read_only_is_read(struct play *play)
{
	must_do(play, "BLK-42", "read");
}

const struct frontend_case front_disk_cases[] = {
	CASE("disk-sectors-missing", "BUS-6 BUS-10", "no sectors", no_sectors),
	CASE("disk-sectors-empty", "BUS-6 BUS-10", "sectors of no length", empty_sectors),
	CASE("disk-sectors-text", "BUS-6 BUS-10", "sectors that are no number", text_sectors),
	CASE("disk-sectors-negative", "BUS-6 BUS-10", "sectors with a sign", negative_sectors),
	CASE("disk-sectors-zero", "BUS-6 BUS-10", "a disk of no size", zero_sectors),
	CASE("disk-sectors-wrapped", "BUS-6 BUS-10", "sectors that are fine modulo 2^64", wrapped_sectors),
	CASE("disk-sectors-long", "BUS-6 BUS-10", "sectors of 499 digits", long_sectors),
	CASE("disk-sectors-too-many", "BLK-36 BUS-10", "a disk of more than 2^63 octets", too_many_sectors),
	CASE("disk-sector-size-0", "BLK-36 BUS-10", "a sector-size of 0", sector_size_0),
	CASE("disk-sector-size-256", "BLK-36 BUS-10", "a sector-size of 256", sector_size_256),
	CASE("disk-sector-size-520", "BLK-36 BUS-10", "a sector-size that is no power of two", sector_size_520),
	CASE("disk-sector-size-2-31", "BLK-36 BUS-10", "a sector-size of 2^31", sector_size_2_31),
	CASE("disk-option-malformed", "BUS-7 BUS-10", "a feature that is no number", malformed_option),
	CASE("disk-sector-size-4096", "BLK-28 BUS-31", "sectors of 4096 octets", large_sectors),
	CASE("disk-sector-size-4096-indirect", "BLK-28 BUS-31", "the same with INDIRECT", large_sectors_indirect),
	CASE("disk-sector-size-1024", "BLK-28 BUS-31", "sectors of 1024 octets", middling_sectors),
	CASE("disk-units", "BLK-33 BUS-31", "and they are counted in units of 512", units),
	CASE("disk-units-indirect", "BLK-33 BUS-31", "in INDIRECT, too", units_indirect),
	CASE("disk-odd-end", "BLK-36 BUS-31", "a disk that ends within a sector", odd_end),
	CASE("disk-odd-end-verified", "BLK-36 BUS-31", "it is written, too, and what was written is read",
	     odd_end_verified),
	CASE("disk-odd-end-indirect", "BLK-36 BUS-31", "it is read with INDIRECT", odd_end_indirect),
	CASE("disk-grows", "BLK-38", "a disk that has grown while it was connected", grows),
	CASE("disk-read-only", "BLK-42 BUS-10", "nothing is written to a read-only disk", read_only,
	     .is_read_only = true),
	CASE("disk-read-only-read", "BLK-42 BUS-31", "and it is read", read_only_is_read, .is_read_only = true),
	CASE("disk-cdrom", "BLK-42 BUS-31", "a CD-ROM is read", read_only_is_read, .is_cdrom = true),
	{ .head.name = NULL },
};
