// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "tests/unit/cm.h"

#include "backend/core/queue_group.h"

/* What the group has told, in order. */
static char told[128];

static void tell(const char *what)
{
	strncat(told, what, sizeof(told) - strlen(told) - 1);
}

static void on_started(struct queue_group *group)
{
	tell("started ");
}

static void on_failed(struct queue_group *group, const char *reason)
{
	tell("failed:");
	tell(reason);
	tell(" ");
}

static void on_stop(struct queue_group *group)
{
	tell(group->stop_how == QUEUE_CLOSE ? "close " : "hand-over ");
}

static void on_ended(struct queue_group *group)
{
	tell(group->start_rc ? "never " : "ended ");
}

static const struct queue_group_ops ops = {
	.started = on_started,
	.failed = on_failed,
	.stop = on_stop,
	.ended = on_ended,
};

static struct queue_group group_of(unsigned int nr, bool is_resumed)
{
	struct queue_group group;

	told[0] = '\0';
	queue_group_init(&group, &ops, nr, is_resumed);
	return group;
}

static void refuse(struct queue_group *group, int rc, const char *why)
{
	struct errbuf err;

	queue_group_started(group, errbuf_set(&err, rc, "%s", why), &err);
}

static void it_starts_with_its_last_and_ends_with_its_last(void **state)
{
	struct queue_group group = group_of(2, false);

	queue_group_started(&group, 0, NULL);
	assert_string_equal(told, "");
	queue_group_started(&group, 0, NULL);
	queue_group_stop(&group, QUEUE_HAND_OVER);
	queue_group_stopped(&group, 3);
	assert_string_equal(told, "started hand-over ");
	queue_group_stopped(&group, 4);
	assert_string_equal(told, "started hand-over ended ");
	assert_int_equal(group.nr_orphans, 7);
}

static void if_one_does_not_start_none_goes_on(void **state)
{
	struct queue_group group = group_of(3, false);

	queue_group_started(&group, 0, NULL);
	refuse(&group, -EAGAIN, "first");
	refuse(&group, -ENOMEM, "second");
	assert_string_equal(told, "close ");
	queue_group_stopped(&group, 0);
	assert_string_equal(told, "close never ");
	assert_int_equal(group.start_rc, -EAGAIN);
	assert_string_equal(group.start_err.text, "first");
}

static void one_that_is_taken_up_is_left_to_the_next(void **state)
{
	struct queue_group group = group_of(2, true);

	refuse(&group, -EAGAIN, "busy");
	queue_group_started(&group, 0, NULL);
	assert_string_equal(told, "hand-over ");
}

static void none_that_starts_is_nothing_to_stop(void **state)
{
	struct queue_group group = group_of(2, false);

	refuse(&group, -ENOMEM, "a");
	refuse(&group, -ENOMEM, "b");
	assert_string_equal(told, "never ");
}

static void a_failure_is_told_once_and_not_before_all_run(void **state)
{
	struct queue_group group = group_of(2, false);

	queue_group_started(&group, 0, NULL);
	queue_group_failed(&group, "a");
	assert_string_equal(told, "");
	queue_group_started(&group, 0, NULL);
	queue_group_failed(&group, "b");
	assert_string_equal(told, "started failed:a ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_with_its_last_and_ends_with_its_last),
		cmocka_unit_test(if_one_does_not_start_none_goes_on),
		cmocka_unit_test(one_that_is_taken_up_is_left_to_the_next),
		cmocka_unit_test(none_that_starts_is_nothing_to_stop),
		cmocka_unit_test(a_failure_is_told_once_and_not_before_all_run),
	};

	return cmocka_run_group_tests_name("core_queue_group", tests, NULL, NULL);
}
