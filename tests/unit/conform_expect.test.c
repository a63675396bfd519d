// SPDX-License-Identifier: MIT
#include "tests/conform/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cm.h"

static char dir[] = "/tmp/conform_expect.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool is_known(const struct expect *expect, const char *name, enum verdict verdict, const char *clause)
{
	struct result result = { .name = name, .verdict = verdict };

	snprintf(result.clause, sizeof(result.clause), "%s", clause);
	return expect_is(expect, &result);
}

static int setup(void **state)
{
	return !mkdtemp(dir);
}

static int teardown(void **state)
{
	unlink(path_of("peer"));
	unlink(path_of("like-it"));
	return rmdir(dir);
}

static void only_what_is_said_is_known(void **state)
{
	struct expect *expect;
	struct errbuf err;

	write_file("peer", "# of a peer\n\na FAIL BUS-1  # why\nb SKIP\nc RACE BLK-2\n");
	assert_int_equal(expect_read(&expect, path_of("peer"), &err), 0);
	assert_true(is_known(expect, "a", VERDICT_FAIL, "BUS-1"));
	assert_false(is_known(expect, "a", VERDICT_FAIL, "BUS-2"));
	assert_false(is_known(expect, "a", VERDICT_PASS, "-"));
	assert_true(is_known(expect, "b", VERDICT_SKIP, "-"));
	assert_false(is_known(expect, "b", VERDICT_FAIL, "-"));
	assert_true(is_known(expect, "c", VERDICT_FAIL, "BLK-2"));
	assert_true(is_known(expect, "c", VERDICT_PASS, "-"));
	assert_true(is_known(expect, "d", VERDICT_PASS, "-"));
	assert_false(is_known(expect, "d", VERDICT_SKIP, "-"));
	expect_free(expect);
}

static void later_lines_replace_what_is_included(void **state)
{
	struct expect *expect;
	struct errbuf err;

	write_file("peer", "a FAIL BUS-1\nb SKIP\nc FAIL BLK-2\n");
	write_file("like-it", "include peer\na FAIL BUS-3\nb PASS\n");
	assert_int_equal(expect_read(&expect, path_of("like-it"), &err), 0);
	assert_false(is_known(expect, "a", VERDICT_FAIL, "BUS-1"));
	assert_true(is_known(expect, "a", VERDICT_FAIL, "BUS-3"));
	assert_false(is_known(expect, "b", VERDICT_SKIP, "-"));
	assert_true(is_known(expect, "b", VERDICT_PASS, "-"));
	assert_true(is_known(expect, "c", VERDICT_FAIL, "BLK-2"));
	expect_free(expect);
}

static void what_cannot_be_read_is_said(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "a\n", "peer:1: expected" },
		{ "\nb FAIL\n", "peer:2: expected" },
		{ "b SKIP BUS-1\n", "peer:1: expected" },
		{ "b SKIP\ninclude nothing\n", "nothing: No such file" },
		{ "include peer\n", "peer: it includes itself" },
	};
	struct expect *expect;
	struct errbuf err;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s", rows[i].text);
		write_file("peer", rows[i].text);
		assert_true(expect_read(&expect, path_of("peer"), &err) < 0);
		assert_non_null(strstr(err.text, rows[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_said_is_known),
		cmocka_unit_test(later_lines_replace_what_is_included),
		cmocka_unit_test(what_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
