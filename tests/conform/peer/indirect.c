// SPDX-License-Identifier: MIT
#include "tests/conform/peer/indirect.h"

#define SEGMENTS_PER_PAGE 512

struct octets indirect_make(struct front *front, uint8_t operation, uint64_t sector, unsigned int nr)
{
	uint64_t id = 0x5152535455560000 + front->req_prod;
	struct octets octets = octets_begin(front->abi, BLKIF_OP_INDIRECT, operation, id, sector);

	octets_indirect(&octets, nr);
	for (unsigned int i = 0; i < INDIRECT_PAGES; i++)
		octets_indirect_page(&octets, i,
				     i * SEGMENTS_PER_PAGE < nr ? front_gref(front, INDIRECT_PAGE + i) : UINT32_MAX);
	for (unsigned int i = 0; i < nr && i < INDIRECT_PAGES * SEGMENTS_PER_PAGE; i++) {
		unsigned int place = i % INDIRECT_SECTORS;

		octets_write_segment(front_page(front, INDIRECT_PAGE) + 8 * i, front_gref(front, place / 8), place % 8,
				     place % 8);
	}
	return octets;
}

unsigned int indirect_limit(struct front *front, unsigned int nr)
{
	unsigned int most = front_backend_number(front, INDIRECT, 0);

	return nr < most ? nr : most;
}
