// SPDX-License-Identifier: MIT
/* DISCARD, which a backend may offer or not. */

#include "tests/conform/case.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/octets.h"
#include "tests/conform/peer/toolstack.h"

#define SECURE 1 /* the flag */

static int discard(struct front *front, const char *clause, uint8_t flag, uint64_t sector, uint64_t nr_sectors)
{
	struct octets octets = octets_begin(front->abi, BLKIF_OP_DISCARD, flag, 0x4142434445464748 + sector, sector);

	octets_discard(&octets, nr_sectors);
	return octets_do(front, clause, &octets, BLKIF_OP_DISCARD);
}

static void discard_part(struct front *front, const char *clause, uint64_t sector, uint64_t nr_sectors)
{
	int status = discard(front, clause, 0, sector, nr_sectors);

	MUST(clause, status == BLKIF_RSP_OKAY, "it answers %s to a DISCARD of %llu sectors at %llu",
	     judge_status(status), (unsigned long long)nr_sectors, (unsigned long long)sector);
	must_hold(front, "BLK-57", sector - 80, 80, sector - 80);
	must_hold(front, "BLK-57", sector + nr_sectors, 80, sector + nr_sectors);
}

static void discard_aligned(struct front *front)
{
	front_connect(front, "BUS-21");
	discard_part(front, "BLK-56", 1024, 256);
}

static void discard_aligned_x86_32(struct front *front)
{
	front->abi = BLK_ABI_X86_32;
	discard_aligned(front);
}

static void discard_any_range(struct front *front)
{
	front_connect(front, "BUS-21");
	discard_part(front, "BLK-56", 101, 1);
	discard_part(front, "BLK-56", 203, 11);
	discard_part(front, "BLK-56", 301, 500);
}

static void discard_to_end(struct front *front)
{
	uint64_t sectors;

	front_connect(front, "BUS-21");
	sectors = front_backend_number(front, "sectors", 0);
	MUST("BLK-56", discard(front, "BLK-56", 0, 0, sectors) == BLKIF_RSP_OKAY,
	     "it refuses to discard the whole disk");
	must_write(front, "BLK-44", sectors - 88, 11, 70000);
	must_hold(front, "BLK-44", sectors - 88, 88, 70000);
}

static void discard_beyond_end(struct front *front)
{
	static const struct {
		uint64_t sector, nr_sectors;
	} ranges[] = {
		{ DISK_SECTORS, 1 }, { DISK_SECTORS - 1, 2 }, { 0, DISK_SECTORS + 1 }, { 16, UINT64_MAX },
		{ 16, -16ULL },	     { UINT64_MAX, 1 },	      { UINT64_MAX - 7, 16 },  { 0, 1ULL << 55 },
		{ 1ULL << 55, 16 },  { 1ULL << 54, 16 },      { 0, 1ULL << 63 },       { 16, (1ULL << 55) + 16 },
	};
	int status;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		status = discard(front, "BLK-55", 0, ranges[i].sector, ranges[i].nr_sectors);
		MUST("BLK-55", status == BLKIF_RSP_ERROR, "it answers %s to a DISCARD of %#llx sectors at %#llx",
		     judge_status(status), (unsigned long long)ranges[i].nr_sectors,
		     (unsigned long long)ranges[i].sector);
	}
	must_be_unchanged(front, "BLK-55");
}

static void discard_secure(struct front *front)
{
	int status;

	front_connect(front, "BUS-21");
	status = discard(front, "BLK-59", SECURE, 512, 64);
	MUST("BLK-59", status == BLKIF_RSP_OKAY, "it answers %s to a secure DISCARD, and discard-secure is %llu",
	     judge_status(status), (unsigned long long)front_backend_number(front, "discard-secure", 0));
	must_hold(front, "BLK-57", 424, 88, 424);
	must_hold(front, "BLK-57", 576, 88, 576);
}

/* The disk is made anew, as of an operator who wants its storage to stay allocated. */
static void discard_disabled(struct front *front)
{
	front_begin(front);
	must_forget(front, "BUS-34");
	toolstack_create(front, "discard-enable", "0");
	toolstack_hotplug(front);
	front_reconnect(front, "BUS-21");
	MUST("BLK-60", front_backend_number(front, "feature-discard", 0) == 0,
	     "it offers discard, and discard-enable is 0");
}

/* XSA-142 again: whether it was offered or not. */
static void discard_read_only(struct front *front)
{
	int status;

	front_connect(front, "BUS-21");
	status = discard(front, "BLK-13", 0, 64, 88);
	MUST("BLK-26", status == BLKIF_RSP_ERROR || status == BLKIF_RSP_EOPNOTSUPP,
	     "it answers %s to a DISCARD on a read-only disk", judge_status(status));
	must_be_unchanged(front, "BLK-26");
}

const struct backend_case discard_cases[] = {
	CASE("discard", "BLK-56 BLK-57 BUS-21", "a range of whole pages", discard_aligned, .needs = "feature-discard"),
	CASE("discard-x86-32", "BLK-56 BLK-57 BUS-21", "a range of whole pages, of a 32-bit guest",
	     discard_aligned_x86_32, .needs = "feature-discard"),
	CASE("discard-any-range", "BLK-56 BLK-57 BUS-21", "ranges that fit no granularity", discard_any_range,
	     .needs = "feature-discard"),
	CASE("discard-to-end", "BLK-56 BLK-44 BUS-21", "the whole disk, and then it is written", discard_to_end,
	     .needs = "feature-discard"),
	CASE("discard-beyond-end", "BLK-55 BUS-21", "ranges that end outside the disk, or wrap", discard_beyond_end,
	     .needs = "feature-discard"),
	CASE("discard-secure", "BLK-59 BLK-57 BUS-21", "the flag, offered or not", discard_secure,
	     .needs = "feature-discard"),
	CASE("discard-disabled", "BLK-60 BUS-34 BUS-21", "none is offered where discard-enable is 0", discard_disabled,
	     .asks_toolstack = true),
	CASE("discard-read-only", "BLK-26 BLK-13 BUS-21", "none is done on a read-only disk", discard_read_only,
	     .is_read_only = true),
	{ .head.name = NULL },
};
