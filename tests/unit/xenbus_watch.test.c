// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <malloc.h>

#include "tests/unit/xenbus_fake_store.h"
#include "xenbus/watch.h"

static void fire(const char *token, unsigned int nr)
{
	fake.event_token = token;
	fake.nr_events = nr;
	while (fake.nr_events)
		assert_int_equal(xb_watch_drain(&store, &err), 0);
}

static void a_hundred_thousand_events_are_one_visit_and_no_memory(void **state)
{
	static struct xb_watch watch;
	size_t before, after;

	xb_watch_init(&watch);
	assert_int_equal(xb_watch_add(&store, &watch, "/a", &err), 0);
	fire(fake.last_token, 1);
	before = mallinfo2().uordblks;
	fire(fake.last_token, 100000);
	after = mallinfo2().uordblks;
	assert_int_equal(after, before);
	assert_ptr_equal(xb_watch_next_dirty(&store), &watch);
	assert_null(xb_watch_next_dirty(&store));
	fire(fake.last_token, 1);
	assert_ptr_equal(xb_watch_next_dirty(&store), &watch);
	xb_watch_remove(&watch);
}

static void a_drain_never_stays(void **state)
{
	fake.event_token = "0.0";
	fake.nr_events = XB_DRAIN_MAX + 1;
	assert_int_equal(xb_watch_drain(&store, &err), 0);
	assert_int_equal(fake.nr_events, 1);
}

static void tokens_that_are_not_ours_are_ignored(void **state)
{
	static const char *const tokens[] = { "", "x", "0", "0.", "1.0", "0.1", "99.0", "4294967295.0", "-1.0" };
	static struct xb_watch watch;

	xb_watch_init(&watch);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		fire(tokens[i], 1);
	assert_int_equal(xb_watch_add(&store, &watch, "/a", &err), 0);
	assert_string_equal(fake.last_token, "0.0");
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		fire(tokens[i], 1);
	assert_null(xb_watch_next_dirty(&store));
}

static void an_event_that_is_lost_may_have_been_any_watchs(void **state)
{
	static struct xb_watch watches[2];

	for (int i = 0; i < 2; i++) {
		xb_watch_init(&watches[i]);
		assert_int_equal(xb_watch_add(&store, &watches[i], "/a", &err), 0);
	}
	fake.fail_errno = ENOMEM;
	fire("0.0", 1);
	fake.fail_errno = 0;
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(xb_watch_next_dirty(&store), &watches[i]);
	assert_null(xb_watch_next_dirty(&store));
}

static void a_connection_that_has_ended_is_said(void **state)
{
	fake.fail_errno = EINVAL;
	assert_int_equal(xb_watch_drain(&store, &err), -EIO);
}

static void a_late_event_of_a_removed_watch_is_nobodys(void **state)
{
	static struct xb_watch first, second;
	char old_token[32];

	xb_watch_init(&first);
	xb_watch_init(&second);
	assert_int_equal(xb_watch_add(&store, &first, "/a", &err), 0);
	strcpy(old_token, fake.last_token);
	xb_watch_remove(&first);
	xb_watch_remove(&first);
	assert_int_equal(xb_watch_add(&store, &second, "/b", &err), 0);
	assert_int_equal(second.slot, 0);
	fire(old_token, 1);
	assert_null(xb_watch_next_dirty(&store));
}

static void a_new_connection_has_every_watch_of_the_old_one(void **state)
{
	static struct xb_watch a, gone, b;
	char tokens[2][32];

	xb_watch_init(&a);
	xb_watch_init(&gone);
	xb_watch_init(&b);
	assert_int_equal(xb_watch_add(&store, &a, "/a", &err), 0);
	assert_int_equal(xb_watch_add(&store, &gone, "/gone", &err), 0);
	assert_int_equal(xb_watch_add(&store, &b, "/b", &err), 0);
	memcpy(tokens[0], fake.watches[0], sizeof(tokens[0]));
	memcpy(tokens[1], fake.watches[2], sizeof(tokens[1]));
	xb_watch_remove(&gone);
	memset(fake.watches, 0, sizeof(fake.watches));
	assert_int_equal(xb_watch_add_again(&store, &err), 0);
	assert_string_equal(fake.watches[0], tokens[0]);
	assert_string_equal(fake.watches[1], tokens[1]);
	assert_string_equal(fake.watches[2], "");
	fake.fail_errno = EACCES;
	assert_int_equal(xb_watch_add_again(&store, &err), -EACCES);
	assert_string_equal(err.text, "/a cannot be watched: Permission denied");
	fake.fail_errno = 0;
	xb_watch_remove(&a);
	xb_watch_remove(&b);
}

static void any_watch_may_go_during_the_walk(void **state)
{
	static struct xb_watch watches[40];
	unsigned int nr_seen = 0;
	struct xb_watch *watch;

	for (int i = 0; i < 40; i++) {
		xb_watch_init(&watches[i]);
		assert_int_equal(xb_watch_add(&store, &watches[i], "/a", &err), 0);
		fire(fake.last_token, 1);
	}
	while ((watch = xb_watch_next_dirty(&store))) {
		int i = watch - watches;

		nr_seen++;
		assert_int_equal(i % 2, 0); /* in order; every other was removed by its predecessor */
		xb_watch_remove(watch);
		memset(watch, 0xaa, sizeof(*watch));
		xb_watch_remove(&watches[i + 1]);
	}
	assert_int_equal(nr_seen, 20);
}

static void adding_twice_and_failing_to_add_change_nothing(void **state)
{
	static struct xb_watch watch;

	xb_watch_init(&watch);
	fake.fail_errno = ENOSPC;
	assert_int_equal(xb_watch_add(&store, &watch, "/a", &err), -ENOSPC);
	assert_string_equal(err.text, "/a cannot be watched: No space left on device");
	fake.fail_errno = 0;
	assert_int_equal(xb_watch_add(&store, &watch, "/a", &err), 0);
	assert_int_equal(xb_watch_add(&store, &watch, "/b", &err), -EBUSY);
	assert_string_equal(watch.path, "/a");
}

static void closing_the_store_forgets_its_watches(void **state)
{
	static struct xb_watch watch;

	xb_watch_init(&watch);
	assert_int_equal(xb_watch_add(&store, &watch, "/a", &err), 0);
	fire(fake.last_token, 1);
	xb_store_fini(&store);
	assert_null(watch.store);
	assert_null(xb_watch_next_dirty(&store));
	xb_watch_remove(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hundred_thousand_events_are_one_visit_and_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_drain_never_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_that_are_not_ours_are_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(an_event_that_is_lost_may_have_been_any_watchs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_connection_that_has_ended_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_late_event_of_a_removed_watch_is_nobodys, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_connection_has_every_watch_of_the_old_one, setup, teardown),
		cmocka_unit_test_setup_teardown(any_watch_may_go_during_the_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(adding_twice_and_failing_to_add_change_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(closing_the_store_forgets_its_watches, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
