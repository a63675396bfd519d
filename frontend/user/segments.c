// SPDX-License-Identifier: MIT
#include "frontend/user/segments.h"

unsigned int blk_cut_segments(const uint32_t *refs, uint32_t nr_pages, uint32_t first_sector, uint32_t nr_sectors,
			      struct blk_segment *segment)
{
	uint64_t end = (uint64_t)first_sector + nr_sectors;
	uint32_t first_page = first_sector / BLK_SECTORS_PER_PAGE;
	unsigned int nr;

	if (nr_sectors == 0 || end > (uint64_t)nr_pages * BLK_SECTORS_PER_PAGE)
		return 0;
	nr = (end - 1) / BLK_SECTORS_PER_PAGE - first_page + 1;
	for (unsigned int i = 0; i < nr; i++)
		segment[i] = (struct blk_segment){
			.gref = refs[first_page + i],
			.first_sect = i == 0 ? first_sector % BLK_SECTORS_PER_PAGE : 0,
			.last_sect = i == nr - 1 ? (end - 1) % BLK_SECTORS_PER_PAGE : BLK_SECTORS_PER_PAGE - 1,
		};
	return nr;
}
