// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/user/blkload/barrier.h"

/* Lower case: a write, upper case: a barrier; what is submitted and in which order it is answered. */
static const struct {
	const char *submitted, *answered;
	const char *why; /* NULL: fine */
} rows[] = {
	{ "abc", "cab", NULL },
	{ "A", "A", NULL },
	{ "abCde", "baCed", NULL },
	{ "aBC", "aBC", NULL },
	{ "abC", "aCb", "a barrier was answered before a write" },
	{ "Ab", "bA", "answered before a barrier" },
	{ "aBC", "aCB", "answered before a barrier" },
	{ "abCd", "abdC", "answered before a barrier" },
};

static void an_answer_on_the_wrong_side_of_a_barrier_is_seen(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = NULL;
		struct barrier_watch watch;

		print_message("# %s answered as %s\n", rows[i].submitted, rows[i].answered);
		assert_true(barrier_watch_init(&watch, 32));
		for (const char *c = rows[i].submitted; *c; c++)
			barrier_watch_submitted(&watch, *c & 31, *c < 'a');
		for (const char *c = rows[i].answered; *c && !why; c++)
			why = barrier_watch_answered(&watch, *c & 31);
		if (rows[i].why)
			assert_non_null(strstr(why ? why : "", rows[i].why));
		else
			assert_null(why);
		barrier_watch_fini(&watch);
	}
}

static void reads_are_free_to_overtake(void **state)
{
	struct barrier_watch watch;

	assert_true(barrier_watch_init(&watch, 4));
	barrier_watch_submitted(&watch, 1, true);
	assert_null(barrier_watch_answered(&watch, 2));
	assert_null(barrier_watch_answered(&watch, 1));
	barrier_watch_submitted(&watch, 1, false);
	assert_null(barrier_watch_answered(&watch, 1));
	barrier_watch_fini(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_on_the_wrong_side_of_a_barrier_is_seen),
		cmocka_unit_test(reads_are_free_to_overtake),
	};

	return cmocka_run_group_tests_name("frontend/user/blkload/barrier", tests, NULL, NULL);
}
