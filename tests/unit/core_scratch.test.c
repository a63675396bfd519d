// SPDX-License-Identifier: MIT
/* Memory that is granted to ourselves, and copies from it. The functions below take the place of libxengnttab's. */
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "backend/core/grants.h"
#include "backend/core/grants_lent.h"
#include "backend/core/scratch.h"

#define PAGE_BYTES  4096U
#define NR_PAGES    4U
#define NR_TURN     2U
#define OWN_DOMID   3U
#define GUEST_DOMID 7U
#define FIRST_GREF  100U

static bool has_gntalloc;
static uint8_t *shared;
static xengnttab_grant_copy_segment_t copied;

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return has_gntalloc ? (xengntshr_handle *)&has_gntalloc : NULL;
}

int xengntshr_close(xengntshr_handle *xgs)
{
	return 0;
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs, int writable)
{
	assert_int_equal(domid, OWN_DOMID);
	for (int i = 0; i < count; i++)
		refs[i] = FIRST_GREF + i;
	shared = aligned_alloc(PAGE_BYTES, count * PAGE_BYTES);
	return shared;
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count)
{
	assert_ptr_equal(start_address, shared);
	assert_int_equal(count, NR_PAGES);
	free(shared);
	shared = NULL;
	return 0;
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	assert_int_equal(count, 1);
	copied = segs[0];
	segs[0].status = GNTST_okay;
	return 0;
}

static const struct scratch_pages some = { .turn = NR_TURN, .flight = NR_PAGES - NR_TURN }, none;
static struct scratch scratch;
static struct grants grants;

static int setup(void **state)
{
	has_gntalloc = true;
	shared = NULL;
	assert_int_equal(scratch_open(&scratch, OWN_DOMID, &some, true), 0);
	grants_init(&grants);
	grants.domid = GUEST_DOMID;
	grants.scratch = &scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_close(&scratch);
	assert_null(shared);
	return 0;
}

static void no_failure(void *context, uint32_t owner, int rc)
{
	fail();
}

static void copy_to_guest(void *local, uint16_t len_bytes)
{
	struct grants_segment segment = { .gref = 55, .offset_bytes = 8, .len_bytes = len_bytes, .local = local };

	grants_copy(&grants, GRANTS_TO_GUEST, &segment, 0);
	grants_copy_run(&grants, no_failure, NULL);
	assert_int_equal(copied.len, len_bytes);
	assert_int_equal(copied.dest.foreign.ref, 55);
	assert_int_equal(copied.dest.foreign.offset, 8);
	assert_int_equal(copied.dest.foreign.domid, GUEST_DOMID);
}

static void test_a_page_of_it_is_named_by_reference(void **state)
{
	copy_to_guest(scratch.memory + 2 * PAGE_BYTES + 96, 4000);
	assert_int_equal(copied.flags, GNTCOPY_source_gref | GNTCOPY_dest_gref);
	assert_int_equal(copied.source.foreign.ref, FIRST_GREF + 2);
	assert_int_equal(copied.source.foreign.offset, 96);
	assert_int_equal(copied.source.foreign.domid, OWN_DOMID);
}

static void test_what_lies_in_two_pages_is_copied_by_address(void **state)
{
	copy_to_guest(scratch.memory + 97, 4000);
	assert_int_equal(copied.flags, GNTCOPY_dest_gref);
	assert_ptr_equal(copied.source.virt, scratch.memory + 97);
}

static void test_other_memory_is_copied_by_address(void **state)
{
	uint8_t *outside[] = { scratch.memory - 1, scratch.memory + NR_PAGES * PAGE_BYTES };

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		copy_to_guest(outside[i], 1);
		assert_int_equal(copied.flags, GNTCOPY_dest_gref);
		assert_ptr_equal(copied.source.virt, outside[i]);
	}
}

static void test_without_gntalloc_it_is_memory_like_any_other(void **state)
{
	scratch_close(&scratch);
	has_gntalloc = false;
	assert_int_equal(scratch_open(&scratch, OWN_DOMID, &some, true), 0);
	memset(scratch.memory, 1, scratch.size_bytes);
	copy_to_guest(scratch.memory, 4000);
	assert_int_equal(copied.flags, GNTCOPY_dest_gref);
	assert_null(scratch_take(&scratch, 0, 1));
}

static void test_copies_from_the_guest_go_there_by_reference(void **state)
{
	const struct grants_segment segment = { 55, 8, 64, scratch.memory + 96 };

	grants_copy(&grants, GRANTS_FROM_GUEST, &segment, 0);
	grants_copy_run(&grants, no_failure, NULL);
	assert_int_equal(copied.flags, GNTCOPY_source_gref | GNTCOPY_dest_gref);
	assert_int_equal(copied.source.foreign.ref, 55);
	assert_int_equal(copied.source.foreign.domid, GUEST_DOMID);
	assert_int_equal(copied.dest.foreign.ref, FIRST_GREF);
	assert_int_equal(copied.dest.foreign.offset, 96);
	assert_int_equal(copied.dest.foreign.domid, OWN_DOMID);
}

static void test_what_is_in_flight_has_a_part_of_its_own(void **state)
{
	size_t begin = NR_TURN * PAGE_BYTES, end = NR_PAGES * PAGE_BYTES;

	assert_int_equal(scratch.taken_bytes, begin);
	assert_ptr_equal(scratch_take(&scratch, begin + 7, 100), scratch.memory + begin + 7);
	assert_int_equal(scratch.taken_bytes, begin + 107);
	assert_null(scratch_take(&scratch, begin + 107, end - begin - 106)); /* one more than there is */
	assert_non_null(scratch_take(&scratch, begin + 107, end - begin - 107));
	scratch_give(&scratch);
	assert_null(scratch_take(&scratch, scratch.taken_bytes, 1));
	scratch_give(&scratch);
	assert_int_equal(scratch.taken_bytes, begin);
}

static void test_who_may_not_grant_has_memory_like_any_other(void **state)
{
	scratch_close(&scratch);
	assert_int_equal(scratch_open(&scratch, OWN_DOMID, &some, false), 0);
	assert_non_null(scratch.memory);
	assert_null(shared);
}

static void test_who_needs_none_has_none(void **state)
{
	scratch_close(&scratch);
	assert_int_equal(scratch_open(&scratch, OWN_DOMID, &none, true), 0);
	assert_null(scratch.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_page_of_it_is_named_by_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_lies_in_two_pages_is_copied_by_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_memory_is_copied_by_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_gntalloc_it_is_memory_like_any_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copies_from_the_guest_go_there_by_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_in_flight_has_a_part_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_may_not_grant_has_memory_like_any_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_needs_none_has_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
