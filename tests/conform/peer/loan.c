// SPDX-License-Identifier: MIT
#include "tests/conform/peer/loan.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/conform/verdict.h"

struct loan loan_to(struct front *front, uint32_t domid, bool is_writable)
{
	struct loan loan;

	loan.page = xengntshr_share_pages(front->gntshr, domid, 1, &loan.gref, is_writable);
	if (!loan.page)
		error("granting a page to domain %u: %s", domid, strerror(errno));
	return loan;
}

struct loan loan_page(struct front *front, bool is_writable)
{
	return loan_to(front, front->dev.domid, is_writable);
}

void loan_end(struct front *front, struct loan *loan)
{
	xengntshr_unshare(front->gntshr, loan->page, 1);
	loan->page = NULL;
}

static bool is_empty(const uint8_t *page)
{
	static const uint8_t zeros[GRANT_PAGE_BYTES];

	return memcmp(page, zeros, sizeof(zeros)) == 0;
}

/* An old size of 0 asks for a second view of a shared page; NULL: this kind of page has none. */
static uint8_t *second_view(const struct loan *loan)
{
	void *view = mremap(loan->page, 0, GRANT_PAGE_BYTES, MREMAP_MAYMOVE);

	return view == MAP_FAILED ? NULL : view;
}

bool loan_end_in_use(struct front *front, struct loan *loan)
{
	uint8_t *view = second_view(loan);
	bool is_in_use;

	if (!view)
		error("the page of a grant cannot be looked at twice");
	view[0] = 1;
	loan_end(front, loan);
	is_in_use = !is_empty(view);
	munmap(view, GRANT_PAGE_BYTES);
	return is_in_use;
}

bool loan_can_tell(struct front *front)
{
	struct loan loan = loan_page(front, true);
	uint8_t *view = second_view(&loan);

	if (!view) {
		loan_end(front, &loan);
		return false;
	}
	munmap(view, GRANT_PAGE_BYTES);
	return !loan_end_in_use(front, &loan);
}

void loan_check(struct front *front)
{
	if (!loan_can_tell(front))
		skip("a guest's process cannot see here whether a grant is in use");
}
