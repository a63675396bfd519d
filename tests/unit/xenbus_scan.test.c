// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "tests/unit/xenbus_fake_store.h"
#include "xenbus/scan.h"

#define VBD "/local/domain/0/backend/vbd"

static struct xb_backend_id *ids;
static unsigned int nr_ids;

static int free_and_teardown(void **state)
{
	free(ids);
	ids = NULL;
	return teardown(state);
}

static void nothing_there_is_no_error(void **state)
{
	assert_int_equal(xb_scan(&store, "vbd", XB_ANY_GUEST, &ids, &nr_ids, &err), 0);
	assert_int_equal(nr_ids, 0);
	assert_int_equal(xb_scan(&store, "vbd", 5, &ids, &nr_ids, &err), 0);
	assert_int_equal(nr_ids, 0);
}

static void devices_come_sorted_and_only_plain_numbers_count(void **state)
{
	fake_set(VBD "/12/51712/state", "1");
	fake_set(VBD "/5/51728/state", "1");
	fake_set(VBD "/5/51712/state", "1");
	fake_set(VBD "/5/rubbish/state", "1");
	fake_set(VBD "/5/051712/state", "1");
	fake_set(VBD "/5/-1/state", "1");
	fake_set(VBD "/5/4294967296/state", "1");
	fake_set(VBD "/rubbish/51712/state", "1");
	fake_set(VBD "/32752/51712/state", "1");
	fake_set(VBD "/7", "");
	assert_int_equal(xb_scan(&store, "vbd", XB_ANY_GUEST, &ids, &nr_ids, &err), 0);
	assert_int_equal(nr_ids, 3);
	assert_int_equal(ids[0].domid, 5);
	assert_int_equal(ids[0].devid, 51712);
	assert_int_equal(ids[1].domid, 5);
	assert_int_equal(ids[1].devid, 51728);
	assert_int_equal(ids[2].domid, 12);
}

static void one_guest_only(void **state)
{
	char path[XB_PATH_MAX];

	fake_set(VBD "/12/51712/state", "1");
	fake_set(VBD "/5/51728/state", "1");
	assert_int_equal(xb_scan(&store, "vbd", 12, &ids, &nr_ids, &err), 0);
	assert_int_equal(nr_ids, 1);
	assert_int_equal(ids[0].domid, 12);
	assert_int_equal(xb_scan_path(&store, "vbd", XB_ANY_GUEST, path, sizeof(path), &err), 0);
	assert_string_equal(path, VBD);
	assert_int_equal(xb_scan_path(&store, "vbd", 12, path, sizeof(path), &err), 0);
	assert_string_equal(path, VBD "/12");
}

static void a_broken_store_is_an_error(void **state)
{
	fake_set(VBD "/12/51712/state", "1");
	fake.fail_errno = EIO;
	assert_int_equal(xb_scan(&store, "vbd", XB_ANY_GUEST, &ids, &nr_ids, &err), -EIO);
	assert_string_equal(err.text, VBD " cannot be read: Input/output error");
	assert_null(ids);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, free_and_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_there_is_no_error),
		TEST(devices_come_sorted_and_only_plain_numbers_count),
		TEST(one_guest_only),
		TEST(a_broken_store_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
