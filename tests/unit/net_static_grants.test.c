// SPDX-License-Identifier: MIT
/* The functions below take the place of libxengnttab's and the loop's: what is deferred runs when the test says so. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/static_grants.h"

#define NR_GRANTS  2048
#define PAGE_BYTES 4096
#define BUDGET     1500

static uint8_t pages[NR_GRANTS][PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static bool is_mapped[NR_GRANTS];
static uint32_t nr_mapped, fails_in;
static unsigned int nr_handles;
static struct loop_task *deferred;

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	nr_handles++;
	return (void *)pages;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	assert_int_equal(nr_mapped, 0);
	nr_handles--;
	return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	assert_int_equal(domid, 5);
	if ((fails_in && --fails_in == 0) || refs[0] >= NR_GRANTS) {
		errno = EINVAL;
		return NULL;
	}
	assert_false(is_mapped[refs[0]]);
	is_mapped[refs[0]] = true;
	nr_mapped++;
	return pages[refs[0]];
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	size_t gref = ((uint8_t *)start_address - pages[0]) / PAGE_BYTES;

	assert_true(is_mapped[gref]);
	is_mapped[gref] = false;
	nr_mapped--;
	return 0;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
	assert_true(!deferred || deferred == task);
	deferred = task;
}

/* ---------------------------------------------------------------------------------------------------------------- */

static const struct journal_identity identity = { .kind = "vif", .domid = 5, .remote_port = 9, .ref = { 8 } };
static struct persistent_budget budget;
static struct net_static statics;
static struct net_static_job job;
static char path[64];
static bool is_done, has_stopped;
static uint32_t most_at_once; /* pages mapped or unmapped in one turn */

static void done(struct net_static_job *asked)
{
	assert_ptr_equal(asked, &job);
	is_done = true;
}

static void stopped(struct net_static *which)
{
	has_stopped = true;
}

static bool turn(void)
{
	struct loop_task *task = deferred;
	uint32_t nr_before = nr_mapped, nr;

	deferred = NULL;
	if (task)
		task->run(task);
	nr = nr_mapped > nr_before ? nr_mapped - nr_before : nr_before - nr_mapped;
	most_at_once = nr > most_at_once ? nr : most_at_once;
	return task;
}

static void begin(unsigned int number, const struct journal_identity *whose, bool is_resumed)
{
	const struct net_static_params params = { path, number, whose, &budget };

	net_static_init(&statics, &params);
	net_static_start(&statics, (struct loop *)&params, is_resumed);
}

static void end(void)
{
	has_stopped = false;
	net_static_stop(&statics, stopped);
	while (turn())
		;
	assert_true(has_stopped);
	assert_int_equal(nr_mapped, 0);
	assert_int_equal(nr_handles, 0);
	assert_int_equal(budget.nr_left, BUDGET);
	assert_int_equal(statics.pages.nr_pages, 0);
}

static int setup(void **state)
{
	strcpy(path, "/tmp/pvring-static-XXXXXX");
	close(mkstemp(path));
	unlink(path);
	budget = (struct persistent_budget){ .nr_left = BUDGET };
	fails_in = most_at_once = 0;
	begin(0, &identity, false);
	return 0;
}

static int teardown(void **state)
{
	end();
	unlink(path);
	return 0;
}

static void list(bool is_removal, uint32_t first, uint32_t nr, uint16_t flags)
{
	job = (struct net_static_job){ .done = done, .is_removal = is_removal, .nr = nr };
	for (uint32_t i = 0; i < nr; i++)
		job.list[i] = (struct xen_netif_gref){ .ref = first + i, .flags = flags, .status = 99 };
}

static bool change(void)
{
	is_done = false;
	net_static_change(&statics, &job);
	while (!is_done)
		assert_true(turn());
	assert_null(deferred);
	return !job.has_failed;
}

static bool add(uint32_t first, uint32_t nr, uint16_t flags)
{
	list(false, first, nr, flags);
	return change();
}

/* How many of them. */
static uint32_t take_away(uint32_t first, uint32_t nr)
{
	uint32_t nr_gone = 0;

	list(true, first, nr, 0);
	assert_true(change());
	for (uint32_t i = 0; i < nr; i++) {
		assert_int_not_equal(job.list[i].status, 99);
		nr_gone += job.list[i].status == XEN_NETIF_CTRL_STATUS_SUCCESS;
	}
	return nr_gone;
}

static void a_list_is_mapped_bit_by_bit(void **state)
{
	assert_true(add(0, 512, 0));
	assert_int_equal(nr_mapped, 512);
	assert_ptr_equal(persistent_find(&statics.pages, 511, true), pages[511]);
	assert_int_equal(take_away(100, 300), 300);
	assert_int_equal(nr_mapped, 212);
	assert_null(persistent_find(&statics.pages, 100, false));
	assert_in_range(most_at_once, 1, 64);
}

static void a_guest_that_takes_all_back_costs_nothing_any_more(void **state)
{
	assert_int_equal(nr_handles, 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_true(add(0, 10, 0));
	assert_int_equal(nr_handles, 1);
	assert_int_equal(take_away(0, 10), 10);
	assert_int_equal(nr_handles, 0);
	assert_null(statics.pages.table);
	assert_true(add(0, 10, 0)); /* anew */
}

static void all_or_none_whichever_fails(void **state)
{
	assert_true(add(1000, 5, 0));
	for (uint32_t i = 1; i <= 200; i++) {
		fails_in = i;
		assert_false(add(0, 200, 0));
		assert_int_equal(nr_mapped, 5);
		assert_int_equal(budget.nr_left, BUDGET - 5);
	}
	fails_in = 0;
	assert_true(add(0, 200, 0));
}

static void the_same_one_twice_is_none(void **state)
{
	assert_true(add(10, 5, 0));
	assert_false(add(14, 2, 0)); /* one of them */
	assert_int_equal(nr_mapped, 5);
	list(false, 100, 200, 0);
	job.list[199].ref = 100; /* of one list */
	assert_false(change());
	assert_int_equal(nr_mapped, 5);
	assert_ptr_equal(persistent_find(&statics.pages, 14, true), pages[14]);
}

static void more_than_the_table_has_are_none(void **state)
{
	assert_true(add(0, 500, 0));
	assert_false(add(500, 13, 0));
	assert_int_equal(nr_mapped, 500);
	assert_true(add(500, 12, 0));
	budget.nr_left = 3; /* of other devices of the guest */
	assert_int_equal(take_away(0, 512), 512);
	budget.nr_left = 3;
	assert_false(add(0, 4, 0));
	assert_true(add(0, 3, 0));
	budget.nr_left = BUDGET - 3;
}

static void what_was_not_added_is_not_removed(void **state)
{
	assert_int_equal(take_away(0, 10), 0);
	assert_true(add(0, 10, 0));
	assert_int_equal(take_away(5, 10), 5);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(job.list[i].status, i < 5 ? XEN_NETIF_CTRL_STATUS_SUCCESS :
							      XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
	list(true, 0, 2, 0);
	job.list[1].ref = 0; /* twice */
	assert_true(change());
	assert_int_equal(job.list[0].status, XEN_NETIF_CTRL_STATUS_SUCCESS);
	assert_int_equal(job.list[1].status, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
}

static void what_a_daemon_that_died_has_done_counts(void **state)
{
	assert_true(add(0, 500, 0));
	list(false, 0, 500, 0);
	job.is_replay = true;
	assert_true(change());
	assert_int_equal(nr_mapped, 500);
	assert_int_equal(take_away(0, 500), 500);
	list(true, 0, 500, 0);
	job.is_replay = true;
	assert_true(change());
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(job.list[i].status, XEN_NETIF_CTRL_STATUS_SUCCESS);
}

static void a_file_without_room_refuses_and_holds_nothing(void **state)
{
	strcpy(path, "/proc/no-such-place");
	assert_false(add(0, 10, 0));
	assert_int_equal(nr_mapped, 0);
	assert_int_equal(nr_handles, 0);
}

/* ---- who goes on with it ---- */

static void the_next_one_has_the_same(void **state)
{
	assert_true(add(0, 300, 0));
	assert_true(add(400, 10, XEN_NETIF_CTRLF_GREF_readonly));
	assert_int_equal(take_away(0, 100), 100);
	for (int i = 0; i < 3; i++) {
		end();
		begin(0, &identity, true);
		assert_int_equal(nr_mapped, 210);
		assert_ptr_equal(persistent_find(&statics.pages, 100, true), pages[100]);
		assert_ptr_equal(persistent_find(&statics.pages, 400, false), pages[400]);
		assert_null(persistent_find(&statics.pages, 400, true));
	}
	assert_int_equal(take_away(0, 512), 210);
	end();
	begin(0, &identity, true);
	assert_int_equal(nr_handles, 0);
}

static void each_queue_has_its_own(void **state)
{
	assert_true(add(0, 10, 0));
	end();
	begin(7, &identity, true);
	assert_int_equal(nr_mapped, 0);
	assert_true(add(100, 20, 0));
	end();
	begin(3, &identity, true); /* between them, in a hole of the file */
	assert_int_equal(nr_mapped, 0);
	end();
	begin(0, &identity, true);
	assert_int_equal(nr_mapped, 10);
	end();
	begin(7, &identity, true);
	assert_int_equal(nr_mapped, 20);
}

static void what_cannot_be_mapped_again_was_never_registered(void **state)
{
	assert_true(add(0, 10, 0));
	end();
	fails_in = 4;
	begin(0, &identity, true);
	assert_int_equal(nr_mapped, 9);
	assert_int_equal(take_away(0, 10), 9);
}

static void another_connection_has_nothing_of_it(void **state)
{
	struct journal_identity other = identity;

	other.remote_port++;
	assert_true(add(0, 10, 0));
	end();
	begin(0, &other, true);
	assert_int_equal(nr_mapped, 0);
	assert_true(add(0, 20, 0));
	end();
	begin(0, &identity, true);
	assert_int_equal(nr_mapped, 0);
}

static void damage(size_t offset, uint8_t value)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	assert_int_equal(fputc(value, file), value);
	assert_int_equal(fclose(file), 0);
}

static void what_is_no_such_file_is_as_if_there_were_none(void **state)
{
	static const size_t offsets[] = { offsetof(struct net_static_file, magic),
					  offsetof(struct net_static_file, version),
					  offsetof(struct net_static_file, list_bytes),
					  offsetof(struct net_static_file, list[1].nr) + 3 };

	for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		assert_true(add(0, 10, 0)); /* generation 1 */
		end();
		damage(offsets[i], 0x55);
		begin(0, &identity, true);
		assert_int_equal(nr_mapped, 0);
		unlink(path);
		end();
		begin(0, &identity, false);
	}
	assert_true(add(0, 10, 0));
	end();
	assert_int_equal(truncate(path, sizeof(struct net_static_file) - 1), 0);
	begin(0, &identity, true);
	assert_int_equal(nr_mapped, 0);
}

/* ---- the end ---- */

static void a_stop_waits_for_what_is_being_done(void **state)
{
	list(false, 0, 200, 0);
	is_done = has_stopped = false;
	net_static_change(&statics, &job);
	assert_false(is_done);
	net_static_stop(&statics, stopped);
	while (turn())
		assert_true(is_done || !has_stopped);
	assert_true(is_done && has_stopped);
	assert_false(job.has_failed);
	assert_int_equal(nr_mapped, 0);
	assert_false(add(0, 1, 0)); /* too late */
	list(true, 0, 1, 0);
	assert_false(change());
	begin(0, &identity, true);
	assert_int_equal(nr_mapped, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_list_is_mapped_bit_by_bit),
		TEST(a_guest_that_takes_all_back_costs_nothing_any_more),
		TEST(all_or_none_whichever_fails),
		TEST(the_same_one_twice_is_none),
		TEST(more_than_the_table_has_are_none),
		TEST(what_was_not_added_is_not_removed),
		TEST(what_a_daemon_that_died_has_done_counts),
		TEST(a_file_without_room_refuses_and_holds_nothing),
		TEST(the_next_one_has_the_same),
		TEST(each_queue_has_its_own),
		TEST(what_cannot_be_mapped_again_was_never_registered),
		TEST(another_connection_has_nothing_of_it),
		TEST(what_is_no_such_file_is_as_if_there_were_none),
		TEST(a_stop_waits_for_what_is_being_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
