// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdbool.h>
#include <string.h>

/* The command's own files are in no library. */
#include "ctl/args.c"

static const char *mode;

static int set_mode(void *config, const char *value, struct errbuf *err)
{
	mode = value;
	return 0;
}

static const struct option_row option_rows[] = { { "mode", "r|w", "help", set_mode } };

static const struct options_spec spec = {
	.program = "p",
	.synopsis = "A [B]",
	.summary = "s",
	.rows = option_rows,
	.nr_rows = 1,
};

static const struct {
	const char *name, *argv[8], *mode;
	enum options_result result;
	const char *first, *second;
} rows[] = {
	{ "no option", { "p", "a", "b" }, NULL, OPTIONS_RUN, "a", "b" },
	{ "an option first", { "p", "--mode", "w", "a" }, "w", OPTIONS_RUN, "a", NULL },
	{ "an option between", { "p", "a", "--mode=w", "b" }, "w", OPTIONS_RUN, "a", "b" },
	{ "an option last", { "p", "a", "b", "--mode", "w" }, "w", OPTIONS_RUN, "a", "b" },
	{ "after -- nothing is an option", { "p", "--", "--mode", "b" }, NULL, OPTIONS_RUN, "--mode", "b" },
	{ "-- in the middle", { "p", "a", "--", "--mode" }, NULL, OPTIONS_RUN, "a", "--mode" },
	{ "too few", { "p", "--mode", "w" }, "w", OPTIONS_BAD, NULL, NULL },
	{ "too many", { "p", "a", "b", "c" }, NULL, OPTIONS_BAD, NULL, NULL },
	{ "an option without its value", { "p", "a", "--mode" }, NULL, OPTIONS_BAD, NULL, NULL },
	{ "an unknown option", { "p", "a", "--force" }, NULL, OPTIONS_BAD, NULL, NULL },
	{ "help, whatever else is wrong", { "p", "--help", "a", "b", "c" }, NULL, OPTIONS_DONE, NULL, NULL },
};

static void options_stand_anywhere(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct args args = { .min = 1, .max = 2 };
		char *argv[9] = { NULL };
		int argc = 0, status;

		print_message("# %s\n", rows[i].name);
		for (; argc < 8 && rows[i].argv[argc]; argc++)
			argv[argc] = (char *)rows[i].argv[argc];
		mode = NULL;
		assert_int_equal(args_parse(&spec, argc, argv, NULL, &args, &status), rows[i].result == OPTIONS_RUN);
		assert_int_equal(status, rows[i].result == OPTIONS_BAD ? 2 : 0);
		if (rows[i].result != OPTIONS_RUN)
			continue;
		assert_int_equal(args.nr, rows[i].second ? 2 : 1);
		assert_string_equal(args.positional[0], rows[i].first);
		if (rows[i].second)
			assert_string_equal(args.positional[1], rows[i].second);
		assert_string_equal(mode ?: "", rows[i].mode ?: "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(options_stand_anywhere) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
