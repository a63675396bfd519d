// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"

#define START 1000ULL /* the clock never says 0 */

static unsigned int allowed(struct log_limit *limit, uint64_t now_ns, unsigned int nr_tries, uint32_t *nr_told)
{
	unsigned int nr = 0;
	uint32_t nr_suppressed;

	*nr_told = 0;
	while (nr_tries--) {
		nr += log_limit_allows(limit, now_ns, &nr_suppressed);
		*nr_told += nr_suppressed;
	}
	return nr;
}

static void a_burst_is_allowed_and_no_more(void **state)
{
	struct log_limit limit = { 0 };
	uint32_t told;

	assert_int_equal(allowed(&limit, START, 1000, &told), LOG_LIMIT_BURST);
	assert_int_equal(told, 0);
	assert_int_equal(allowed(&limit, START + LOG_LIMIT_WINDOW_NS - 1, 1000, &told), 0);
}

static void the_next_window_says_what_was_left_out(void **state)
{
	struct log_limit limit = { 0 };
	uint32_t told;

	allowed(&limit, START, LOG_LIMIT_BURST + 37, &told);
	assert_int_equal(allowed(&limit, START + LOG_LIMIT_WINDOW_NS, 1, &told), 1);
	assert_int_equal(told, 37);
	assert_int_equal(allowed(&limit, START + LOG_LIMIT_WINDOW_NS, LOG_LIMIT_BURST, &told), LOG_LIMIT_BURST - 1);
	assert_int_equal(told, 0);
}

static void a_quiet_peer_is_never_limited(void **state)
{
	struct log_limit limit = { 0 };
	uint32_t told;

	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(allowed(&limit, START + i * LOG_LIMIT_WINDOW_NS, 1, &told), 1);
}

/* What FILL() writes to stderr, in a buffer. */
static void capture(char *text, size_t size, void (*fill)(void))
{
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	assert_true(write(fds[1], ".", 1) == 1); /* so that the read below never waits */
	dup2(fds[1], STDERR_FILENO);
	fill();
	dup2(saved, STDERR_FILENO);
	close(saved);
	len = read(fds[0], text, size - 1);
	assert_true(len > 0);
	memmove(text, text + 1, len - 1);
	text[len - 1] = '\0';
	close(fds[0]);
	close(fds[1]);
}

static void log_one_of_each(void)
{
	errno = ENOENT;
	log_error("e %d", 1);
	log_warn("w");
	log_info("i");
	log_debug("d");
	assert_int_equal(errno, ENOENT);
}

static const struct {
	const char *level, *journal, *want;
} levels[] = {
	{ "error", NULL, "error: e 1\n" },
	{ "info", NULL, "error: e 1\nwarn: w\ninfo: i\n" },
	{ "debug", NULL, "error: e 1\nwarn: w\ninfo: i\ndebug: d\n" },
	{ "warn", "1:2", "<3>e 1\n<4>w\n" },
};

static void lines_of_the_level_and_above_are_written(void **state)
{
	char text[4096];

	for (unsigned int i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		assert_true(log_set_level(levels[i].level));
		if (levels[i].journal)
			setenv("JOURNAL_STREAM", levels[i].journal, 1);
		else
			unsetenv("JOURNAL_STREAM");
		capture(text, sizeof(text), log_one_of_each);
		assert_string_equal(text, levels[i].want);
	}
	unsetenv("JOURNAL_STREAM");
}

static void log_a_long_line(void)
{
	char words[3000];

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	log_error("%s", words);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char text[4096];

	capture(text, sizeof(text), log_a_long_line);
	assert_in_range(strlen(text), 1000, 1200);
	assert_int_equal(strchr(text, '\n') - text, strlen(text) - 1);
}

static void log_nine_with_a_limit(void)
{
	struct log_limit limit = { 0 };

	for (int i = 0; i < 9; i++)
		log_limited(&limit, LOG_ERROR, "n");
	limit.window_start_ns = 0;
	log_limited(&limit, LOG_ERROR, "n");
}

static void a_limited_line_says_how_many_are_missing(void **state)
{
	char text[4096];

	capture(text, sizeof(text), log_nine_with_a_limit);
	assert_string_equal(text, "error: n\nerror: n\nerror: n\nerror: n\nerror: n\nerror: n (4 more not shown)\n");
}

static void an_unknown_level_changes_nothing(void **state)
{
	assert_true(log_set_level("warn"));
	assert_false(log_set_level("verbose"));
	assert_false(log_set_level(""));
	assert_true(log_enabled(LOG_WARN));
	assert_false(log_enabled(LOG_INFO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_allowed_and_no_more),
		cmocka_unit_test(the_next_window_says_what_was_left_out),
		cmocka_unit_test(a_quiet_peer_is_never_limited),
		cmocka_unit_test(lines_of_the_level_and_above_are_written),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(a_limited_line_says_how_many_are_missing),
		cmocka_unit_test(an_unknown_level_changes_nothing),
	};

	return cmocka_run_group_tests_name("common/base/log", tests, NULL, NULL);
}
