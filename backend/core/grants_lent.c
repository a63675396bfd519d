// SPDX-License-Identifier: MIT
#include "backend/core/grants_lent.h"

#include <assert.h>
#include <string.h>

void grants_copy_between(struct grants *grants, const struct grants_lent *from, const struct grants_segment *segment,
			 uint32_t owner)
{
	xengnttab_grant_copy_segment_t *copy = &grants->copy[grants->nr_copies];

	assert(grants->nr_copies < GRANTS_COPY_BATCH);
	memset(copy, 0, sizeof(*copy));
	copy->len = segment->len_bytes;
	copy->flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	copy->source.foreign.ref = from->gref;
	copy->source.foreign.offset = from->offset_bytes;
	copy->source.foreign.domid = from->domid;
	copy->dest.foreign.ref = segment->gref;
	copy->dest.foreign.offset = segment->offset_bytes;
	copy->dest.foreign.domid = grants->domid;
	grants->owner[grants->nr_copies++] = owner;
}
