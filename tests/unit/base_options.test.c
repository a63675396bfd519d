// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/base/options.h"

struct config {
	uint32_t threads;
	const char *name;
	bool fast;
};

static int set_threads(void *config, const char *value, struct errbuf *err)
{
	return option_u32("thread count", value, 1, 64, &((struct config *)config)->threads, err);
}

static int set_name(void *config, const char *value, struct errbuf *err)
{
	((struct config *)config)->name = value;
	return 0;
}

static int set_fast(void *config, const char *value, struct errbuf *err)
{
	assert_null(value);
	((struct config *)config)->fast = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "threads", "N", "this many workers", set_threads },
	{ "name", "NAME", "called so", set_name },
	{ "fast", NULL, "in a hurry", set_fast },
};
static const struct options_spec spec = {
	.program = "prog",
	.synopsis = "[OPTION...] FILE",
	.summary = "Does things.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
	.letters = "tn",
};

static char said[4096]; /* on stdout and stderr */

static enum options_result parse(char **argv, struct config *config, int *next)
{
	int argc = 0, out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	enum options_result result;
	FILE *file = tmpfile();
	size_t len;

	while (argv[argc])
		argc++;
	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	*config = (struct config){ 0 };
	*next = -1;
	result = options_parse(&spec, argc, argv, config, next);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(file);
	len = fread(said, 1, sizeof(said) - 1, file);
	said[len] = '\0';
	fclose(file);
	return result;
}

static const struct {
	char *argv[8];
	enum options_result want;
	int next;
	struct config config;
	const char *said;
} lines[] = {
	{ { "prog" }, OPTIONS_RUN, 1, { 0 }, "" },
	{ { "prog", "file", "--fast" }, OPTIONS_RUN, 1, { 0 }, "" },
	{ { "prog", "--fast", "file" }, OPTIONS_RUN, 2, { .fast = true }, "" },
	{ { "prog", "--threads", "4", "--fast", "--", "--name" }, OPTIONS_RUN, 5, { .threads = 4, .fast = true }, "" },
	{ { "prog", "--threads=64", "--name=" }, OPTIONS_RUN, 3, { .threads = 64, .name = "" }, "" },
	{ { "prog", "--name", "--fast" }, OPTIONS_RUN, 3, { .name = "--fast" }, "" },
	{ { "prog", "--name=a=b" }, OPTIONS_RUN, 2, { .name = "a=b" }, "" },
	{ { "prog", "-x" }, OPTIONS_RUN, 1, { 0 }, "" },
	{ { "prog", "-" }, OPTIONS_RUN, 1, { 0 }, "" },
	{ { "prog", "-t", "4", "-n", "-", "-" }, OPTIONS_RUN, 5, { .threads = 4, .name = "-" }, "" },
	{ { "prog", "-tn" }, OPTIONS_RUN, 1, { 0 }, "" },
	{ { "prog", "-t" }, OPTIONS_BAD, -1, { 0 }, "prog: option '--threads' needs a value: N\n" },
	{ { "prog", "--nmae=x" }, OPTIONS_BAD, -1, { 0 }, "prog: unknown option '--nmae=x'\n" },
	{ { "prog", "--thread", "4" }, OPTIONS_BAD, -1, { 0 }, "prog: unknown option '--thread'\n" },
	{ { "prog", "--threads" }, OPTIONS_BAD, -1, { 0 }, "prog: option '--threads' needs a value: N\n" },
	{ { "prog", "--fast=yes" }, OPTIONS_BAD, -1, { 0 }, "prog: option '--fast' takes no value\n" },
	{ { "prog", "--threads=0" },
	  OPTIONS_BAD,
	  -1,
	  { 0 },
	  "prog: --threads: '0' is not a thread count: expected a number from 1 to 64\n" },
	{ { "prog", "--help", "--nonsense" }, OPTIONS_DONE, -1, { 0 }, "Usage: prog [OPTION...] FILE\nDoes things.\n" },
	{ { "prog", "--fast", "--version" }, OPTIONS_DONE, -1, { .fast = true }, "prog " },
	{ { "prog", "--long-options" },
	  OPTIONS_DONE,
	  -1,
	  { 0 },
	  "--threads\n--name\n--fast\n--version\n--help\n" },
};

static void a_command_line_means_what_it_says(void **state)
{
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct config config;
		int next;

		print_message("# %s %s\n", lines[i].argv[1] ? lines[i].argv[1] : "",
			      lines[i].argv[1] && lines[i].argv[2] ? lines[i].argv[2] : "");
		assert_int_equal(parse((char **)lines[i].argv, &config, &next), lines[i].want);
		if (lines[i].want == OPTIONS_RUN)
			assert_int_equal(next, lines[i].next);
		assert_int_equal(config.threads, lines[i].config.threads);
		assert_int_equal(config.fast, lines[i].config.fast);
		assert_int_equal(!config.name, !lines[i].config.name);
		if (config.name)
			assert_string_equal(config.name, lines[i].config.name);
		assert_memory_equal(said, lines[i].said, strlen(lines[i].said));
		if (lines[i].want == OPTIONS_RUN)
			assert_string_equal(said, "");
	}
}

static void help_lists_every_row(void **state)
{
	struct config config;
	int next;

	assert_int_equal(parse((char *[]){ "prog", "--help", NULL }, &config, &next), OPTIONS_DONE);
	for (unsigned int i = 0; i < spec.nr_rows; i++) {
		assert_non_null(strstr(said, rows[i].name));
		assert_non_null(strstr(said, rows[i].help));
	}
	assert_non_null(strstr(said, "  -t, --threads N "));
	assert_non_null(strstr(said, "  --fast "));
}

static void a_mistake_points_to_the_help(void **state)
{
	struct config config;
	int next;

	assert_int_equal(parse((char *[]){ "prog", "--oops", NULL }, &config, &next), OPTIONS_BAD);
	assert_non_null(strstr(said, "Try 'prog --help'."));
}

static void where_only_options_are_taken_all_else_is_a_mistake(void **state)
{
	char *fine[] = { "prog", "--fast" }, *odd[] = { "prog", "--fast", "file" };
	char *dashes[] = { "prog", "--", "--fast" };
	struct config config = { 0 };

	assert_int_equal(options_parse_all(&spec, 2, fine, &config), OPTIONS_RUN);
	assert_true(config.fast);
	assert_int_equal(options_parse_all(&spec, 3, odd, &config), OPTIONS_BAD);
	assert_int_equal(options_parse_all(&spec, 3, dashes, &config), OPTIONS_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_means_what_it_says),
		cmocka_unit_test(help_lists_every_row),
		cmocka_unit_test(a_mistake_points_to_the_help),
		cmocka_unit_test(where_only_options_are_taken_all_else_is_a_mistake),
	};

	return cmocka_run_group_tests_name("common/base/options", tests, NULL, NULL);
}
