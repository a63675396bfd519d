// SPDX-License-Identifier: MIT
#include "backend/core/grants_lent.h"

#include <assert.h>
#include <string.h>

void grants_lent_name(const struct grants_lent *lent, union xengnttab_copy_ptr *side)
{
	side->foreign.ref = lent->gref;
	side->foreign.offset = lent->offset_bytes;
	side->foreign.domid = lent->domid;
}

void grants_copy_between(struct grants *grants, const struct grants_lent *from, const struct grants_segment *segment,
			 uint32_t owner)
{
	xengnttab_grant_copy_segment_t *copy = &grants->copy[grants->nr_copies];
	const struct grants_lent to = { grants->domid, segment->gref, segment->offset_bytes };

	assert(grants->nr_copies < GRANTS_COPY_BATCH);
	memset(copy, 0, sizeof(*copy));
	copy->len = segment->len_bytes;
	copy->flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	grants_lent_name(from, &copy->source);
	grants_lent_name(&to, &copy->dest);
	grants->owner[grants->nr_copies++] = owner;
}
