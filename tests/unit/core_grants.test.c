// SPDX-License-Identifier: MIT
/* What is copied by Xen, and what by us. The functions below take the place of libxengnttab's. */
#include "tests/unit/cm.h"

#include <string.h>
#include <sys/mman.h>

#include "backend/core/grants.h"

#define PAGE_BYTES 4096
#define WRITABLE   8
#define READ_ONLY  9
#define OTHER      10

static uint8_t *pages[OTHER + 1]; /* the guest's */
static uint32_t nr_by_xen;

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	assert_int_equal(mprotect(pages[refs[0]], PAGE_BYTES, prot), 0); /* a store beside it does not go unnoticed */
	return pages[refs[0]];
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	return mprotect(start_address, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	nr_by_xen += count;
	for (uint32_t i = 0; i < count; i++)
		segs[i].status = GNTST_okay;
	return 0;
}

static struct grants grants;
static struct persistent registered;

static int setup(void **state)
{
	for (uint32_t gref = WRITABLE; gref <= OTHER; gref++) {
		pages[gref] = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(pages[gref], gref, PAGE_BYTES);
	}
	grants_init(&grants);
	grants.registered = &registered;
	nr_by_xen = 0;
	assert_int_equal(persistent_open(&registered, NULL, 5, 16, NULL), 0);
	assert_int_equal(persistent_add(&registered, WRITABLE, true), 0);
	assert_int_equal(persistent_add(&registered, READ_ONLY, false), 0);
	return 0;
}

static int teardown(void **state)
{
	persistent_close(&registered);
	for (uint32_t gref = WRITABLE; gref <= OTHER; gref++)
		munmap(pages[gref], PAGE_BYTES);
	return 0;
}

static void failed(void *context, uint32_t owner, int rc)
{
	fail();
}

/* true: by us, and at once. */
static bool is_ours(enum grants_direction direction, uint32_t gref)
{
	uint8_t local[100];
	const struct grants_segment segment = { gref, 3000, sizeof(local), local };
	uint32_t nr_before = nr_by_xen;
	bool is_there;

	memset(local, 77, sizeof(local));
	grants_copy(&grants, direction, &segment, 1);
	if (direction == GRANTS_FROM_GUEST)
		is_there = local[0] == gref && local[99] == gref;
	else
		is_there = pages[gref][2999] == gref && pages[gref][3000] == 77 && pages[gref][3099] == 77 &&
			   pages[gref][3100] == gref;
	grants_copy_run(&grants, failed, NULL);
	assert_int_equal(nr_by_xen - nr_before, !is_there);
	assert_int_equal(grants.nr_copied, nr_by_xen);
	return is_there;
}

static void what_is_registered_is_copied_by_us(void **state)
{
	assert_true(is_ours(GRANTS_FROM_GUEST, WRITABLE));
	assert_true(is_ours(GRANTS_TO_GUEST, WRITABLE));
	assert_true(is_ours(GRANTS_FROM_GUEST, READ_ONLY));
	assert_int_equal(nr_by_xen, 0);
}

static void what_is_registered_for_reading_is_written_by_xen_if_at_all(void **state)
{
	assert_false(is_ours(GRANTS_TO_GUEST, READ_ONLY));
}

static void all_others_are_copied_by_xen(void **state)
{
	assert_false(is_ours(GRANTS_FROM_GUEST, OTHER));
	assert_false(is_ours(GRANTS_TO_GUEST, OTHER));
	persistent_remove(&registered, WRITABLE);
	assert_false(is_ours(GRANTS_FROM_GUEST, WRITABLE));
	persistent_close(&registered);
	assert_false(is_ours(GRANTS_FROM_GUEST, READ_ONLY));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_registered_is_copied_by_us),
		TEST(what_is_registered_for_reading_is_written_by_xen_if_at_all),
		TEST(all_others_are_copied_by_xen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
