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

static struct queue_group group;
static struct queue_member member[3];

static void make_group(unsigned int nr, bool is_resumed)
{
	told[0] = '\0';
	queue_group_init(&group, &ops, nr, is_resumed);
	for (unsigned int i = 0; i < nr; i++)
		member[i] = (struct queue_member){ .group = &group };
}

static void refuse(struct queue_member *one, int rc, const char *why)
{
	struct errbuf err;

	queue_member_started(one, errbuf_set(&err, rc, "%s", why), &err);
}

static void it_starts_with_its_last_and_ends_with_its_last(void **state)
{
	make_group(2, false);
	queue_member_started(&member[0], 0, NULL);
	assert_string_equal(told, "");
	queue_member_started(&member[1], 0, NULL);
	queue_group_stop(&group, QUEUE_HAND_OVER);
	queue_member_stopped(&member[0], 3);
	assert_string_equal(told, "started hand-over ");
	queue_member_stopped(&member[1], 4);
	assert_string_equal(told, "started hand-over ended ");
	assert_int_equal(group.nr_orphans, 7);
}

static void if_one_does_not_start_none_goes_on(void **state)
{
	make_group(3, false);
	queue_member_started(&member[0], 0, NULL);
	refuse(&member[1], -EAGAIN, "first");
	refuse(&member[2], -ENOMEM, "second");
	assert_string_equal(told, "close ");
	queue_member_stopped(&member[0], 0);
	assert_string_equal(told, "close never ");
	assert_int_equal(group.start_rc, -EAGAIN);
	assert_string_equal(group.start_err.text, "first");
}

static void one_that_is_taken_up_is_left_to_the_next(void **state)
{
	make_group(2, true);
	refuse(&member[0], -EAGAIN, "busy");
	queue_member_started(&member[1], 0, NULL);
	assert_string_equal(told, "hand-over ");
}

static void none_that_starts_is_nothing_to_stop(void **state)
{
	make_group(2, false);
	refuse(&member[0], -ENOMEM, "a");
	refuse(&member[1], -ENOMEM, "b");
	assert_string_equal(told, "never ");
}

static void a_failure_is_told_once_and_not_before_all_run(void **state)
{
	make_group(2, false);
	queue_member_started(&member[0], 0, NULL);
	queue_member_failed(&member[0], "a");
	assert_string_equal(told, "");
	queue_member_started(&member[1], 0, NULL);
	queue_member_failed(&member[1], "b");
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
