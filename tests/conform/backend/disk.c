// SPDX-License-Identifier: MIT
/* What a backend says of a disk: its size, its units, what kind it is. */
#include "tests/conform/case.h"
#include "tests/conform/peer/judge.h"

#define IS_POWER_OF_2(number) ((number) && ((number) & ((number)-1)) == 0)

static void sizes(struct front *front)
{
	uint64_t sectors, sector_bytes, physical_bytes;

	front_connect(front, "BUS-21");
	sectors = front_backend_number(front, "sectors", 0);
	sector_bytes = front_backend_number(front, "sector-size", 0);
	physical_bytes = front_backend_number(front, "physical-sector-size", sector_bytes);
	MUST("BLK-34", sector_bytes >= 512 && sector_bytes <= 4096 && IS_POWER_OF_2(sector_bytes),
	     "sector-size is %llu", (unsigned long long)sector_bytes);
	MUST("BLK-34", sectors > 0 && sectors % (sector_bytes / 512) == 0,
	     "sectors is %llu, with a sector-size of %llu", (unsigned long long)sectors,
	     (unsigned long long)sector_bytes);
	MUST("BLK-33", sectors == DISK_SECTORS, "a disk of %u sectors of 512 octets has %llu", DISK_SECTORS,
	     (unsigned long long)sectors);
	MUST("BLK-35", IS_POWER_OF_2(physical_bytes) && physical_bytes % sector_bytes == 0,
	     "physical-sector-size is %llu, with a sector-size of %llu", (unsigned long long)physical_bytes,
	     (unsigned long long)sector_bytes);
}

static void check_info(struct front *front, bool is_read_only, bool is_cdrom)
{
	uint64_t info;

	front_connect(front, "BUS-21");
	info = front_backend_number(front, "info", 0);
	MUST("BLK-40", !(info & 4) == !is_read_only, "info is %llu", (unsigned long long)info);
	MUST("BLK-41", !is_cdrom || info & 1, "info is %llu", (unsigned long long)info);
	must_hold(front, "BLK-33", 64, 88, 64);
}

static void writable(struct front *front)
{
	check_info(front, false, false);
}

static void read_only(struct front *front)
{
	check_info(front, true, false);
}

static void cdrom(struct front *front)
{
	check_info(front, true, true);
}

const struct backend_case disk_cases[] = {
	CASE("disk-sizes", "BLK-34 BLK-33 BLK-35 BUS-21", "sectors, sector-size, physical-sector-size", sizes),
	CASE("disk-sizes-4096", "BLK-34 BLK-33 BLK-35 BUS-21", "the same, of a disk with sectors of 4096 octets", sizes,
	     .has_large_sectors = true),
	CASE("disk-info-writable", "BLK-40 BLK-41 BLK-33 BUS-21", "a disk that can be written", writable),
	CASE("disk-info-read-only", "BLK-40 BLK-41 BLK-33 BUS-21", "a disk that is read-only", read_only,
	     .is_read_only = true),
	CASE("disk-info-cdrom", "BLK-41 BLK-40 BLK-33 BUS-21", "a CD-ROM", cdrom, .is_cdrom = true),
	{ .head.name = NULL },
};
