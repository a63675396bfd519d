/* SPDX-License-Identifier: MIT */
/*
 * From one guest's pages right into another's: a copy by Xen between two grants, neither of which we see. It is
 * gathered and done with those of grants.h.
 *
 * Thread, trust, errors: as there.
 */
#ifndef BACKEND_CORE_GRANTS_LENT_H
#define BACKEND_CORE_GRANTS_LENT_H

#include "backend/core/grants.h"

/*
 * A part of a page of another guest's, who lets us copy from it as this one lets us copy to its own; or of ours
 * (scratch.h).
 */
struct grants_lent {
	uint32_t domid, gref;
	uint16_t offset_bytes;
};

/* As one side of a copy. */
void grants_lent_name(const struct grants_lent *lent, union xengnttab_copy_ptr *side);
/* From there to a page of the guest's, the owner of these: to where segment says; its local is left alone. */
void grants_copy_between(struct grants *grants, const struct grants_lent *from, const struct grants_segment *segment,
			 uint32_t owner);

#endif
