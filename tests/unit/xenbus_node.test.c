// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "tests/unit/xenbus_fake_store.h"
#include "xenbus/node.h"

#define DIR "/local/domain/1/device/vbd/51712"

static const struct {
	const char *name, *value;
	unsigned int len; /* 0: strlen(value) */
	int rc;
	const char *reason;
} number_rows[] = {
	{ "the least", "1", 0, 0, "" },
	{ "the most", "4294967295", 0, 0, "" },
	{ "missing", NULL, 0, -ENOENT, DIR "/n is missing: expected a number from 1 to 4294967295" },
	{ "empty", "", 0, -EINVAL, DIR "/n: '' is not a number from 1 to 4294967295" },
	{ "words", "abc", 0, -EINVAL, DIR "/n: 'abc' is not a number from 1 to 4294967295" },
	{ "too small", "0", 0, -ERANGE, DIR "/n: '0' is not a number from 1 to 4294967295" },
	{ "negative", "-1", 0, -EINVAL, DIR "/n: '-1' is not a number from 1 to 4294967295" },
	{ "signed", "+1", 0, -EINVAL, DIR "/n: '+1' is not a number from 1 to 4294967295" },
	{ "hexadecimal", "0x10", 0, -EINVAL, DIR "/n: '0x10' is not a number from 1 to 4294967295" },
	{ "a blank before", " 1", 0, -EINVAL, DIR "/n: ' 1' is not a number from 1 to 4294967295" },
	{ "a newline after", "1\n", 0, -EINVAL, DIR "/n: '1?' is not a number from 1 to 4294967295" },
	{ "over 32 bits", "4294967296", 0, -ERANGE, DIR "/n: '4294967296' is not a number from 1 to 4294967295" },
	{ "over 64 bits", "18446744073709551617", 0, -ERANGE,
	  DIR "/n: '18446744073709551617' is not a number from 1 to 4294967295" },
	{ "a NUL inside", "1\0002", 3, -EINVAL, DIR "/n: '1?2' is not a number from 1 to 4294967295" },
	{ "a terminal's escape", "\033[2J", 0, -EINVAL, DIR "/n: '?[2J' is not a number from 1 to 4294967295" },
};

static void a_number_is_decimal_and_in_range_or_refused_with_its_path(void **state)
{
	for (size_t i = 0; i < sizeof(number_rows) / sizeof(number_rows[0]); i++) {
		uint32_t value = 77;
		int rc;

		print_message("# %s\n", number_rows[i].name);
		err.text[0] = '\0';
		if (number_rows[i].value)
			fake_set_bytes(DIR "/n", number_rows[i].value,
				       number_rows[i].len ?: strlen(number_rows[i].value));
		rc = xb_read_u32(&store, DIR, "n", 1, UINT32_MAX, &value, &err);
		assert_int_equal(rc, number_rows[i].rc);
		assert_string_equal(err.text, number_rows[i].reason);
		assert_true(rc ? value == 77 : value == strtoul(number_rows[i].value, NULL, 10));
		xb_remove(&store, DIR "/n", &err);
	}
}

static void a_huge_value_is_refused_and_shown_in_part(void **state)
{
	static char huge[8192];
	char text[64] = "old";
	uint32_t number;

	memset(huge, '9', sizeof(huge));
	fake_set_bytes(DIR "/n", huge, sizeof(huge));
	assert_int_equal(xb_read_u32(&store, DIR, "n", 0, 10, &number, &err), -ERANGE);
	assert_string_equal(err.text, DIR "/n: '9999999999999999999999999999999999999999...' is not a number from 0 to "
				      "10");
	assert_int_equal(xb_read_string(&store, DIR, "n", text, sizeof(text), &err), -E2BIG);
	assert_string_equal(err.text, DIR "/n: '9999999999999999999999999999999999999999...' has 8192 characters: "
				      "expected at most 63");
	assert_string_equal(text, "");
}

static void a_missing_number_gives_its_default_a_wrong_one_does_not(void **state)
{
	uint32_t value = 77;

	assert_int_equal(xb_read_u32_or(&store, DIR, "n", 5, 0, 4, &value, &err), 0);
	assert_int_equal(value, 5);
	fake_set(DIR "/n", "31");
	assert_int_equal(xb_read_u32_or(&store, DIR, "n", 5, 0, 4, &value, &err), -ERANGE);
	fake.fail_errno = EIO;
	assert_int_equal(xb_read_u32_or(&store, DIR, "n", 5, 0, 4, &value, &err), -EIO);
	assert_string_equal(err.text, DIR "/n cannot be read: Input/output error");
	assert_int_equal(value, 5);
}

static void a_string_is_a_line_of_text(void **state)
{
	char text[8] = "old";

	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), -ENOENT);
	assert_string_equal(err.text, DIR "/s is missing: expected a line of text");
	assert_int_equal(xb_read_string_or(&store, DIR, "s", "def", text, sizeof(text), &err), 0);
	assert_string_equal(text, "def");
	fake_set(DIR "/s", "");
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), 0);
	assert_string_equal(text, "");
	fake_set(DIR "/s", "1234567");
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), 0);
	assert_string_equal(text, "1234567");
	fake_set(DIR "/s", "12345678");
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), -E2BIG);
	fake_set(DIR "/s", "a\nb");
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), -EINVAL);
	assert_string_equal(err.text, DIR "/s: 'a?b' has control characters: expected a line of text");
	fake_set_bytes(DIR "/s", "a\0b", 3);
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), -EINVAL);
	fake_set(DIR "/s", "\xc3\xa4"); /* an image's name may be UTF-8 */
	assert_int_equal(xb_read_string(&store, DIR, "s", text, sizeof(text), &err), 0);
}

struct peer {
	uint32_t order, persistent;
};

static const struct xb_node_u32 rows[] = {
	{ "ring-page-order", 0, 0, 4, offsetof(struct peer, order) },
	{ "feature-persistent", 1, 0, 1, offsetof(struct peer, persistent) },
};

static void rows_are_read_into_their_places(void **state)
{
	struct peer peer = { 9, 9 };

	fake_set(DIR "/ring-page-order", "4");
	assert_int_equal(xb_read_nodes(&store, DIR, rows, 2, &peer, &err), 0);
	assert_int_equal(peer.order, 4);
	assert_int_equal(peer.persistent, 1);
	fake_set(DIR "/feature-persistent", "2");
	assert_int_equal(xb_read_nodes(&store, DIR, rows, 2, &peer, &err), -ERANGE);
	assert_string_equal(err.text, DIR "/feature-persistent: '2' is not a number from 0 to 1");
}

static void a_path_too_long_is_refused(void **state)
{
	char dir[XB_PATH_MAX + 10];
	uint32_t value;

	memset(dir, 'a', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(xb_read_u32(&store, dir, "n", 0, 1, &value, &err), -ENAMETOOLONG);
	assert_int_equal(xb_write(&store, dir, "n", &err, "1"), -ENAMETOOLONG);
	assert_false(xb_exists(&store, dir, "n"));
	assert_int_equal(xb_write(&store, DIR, "n", &err, "%4096d", 1), -ENAMETOOLONG);
}

static void writing_listing_and_removing(void **state)
{
	unsigned int nr;
	char **names;

	assert_int_equal(xb_write(&store, DIR, "sectors", &err, "%llu", 1ULL << 40), 0);
	assert_string_equal(fake_get(DIR "/sectors"), "1099511627776");
	assert_true(xb_exists(&store, DIR, "sectors"));
	assert_int_equal(xb_list(&store, DIR, &names, &nr, &err), 0);
	assert_int_equal(nr, 1);
	assert_string_equal(names[0], "sectors");
	free(names);
	assert_int_equal(xb_set_perms(&store, DIR, 0, 1, &err), 0);
	assert_int_equal(fake.owner, 0);
	assert_int_equal(fake.reader, 1);
	assert_int_equal(xb_remove(&store, DIR, &err), 0);
	assert_int_equal(xb_remove(&store, DIR, &err), 0);
	assert_false(xb_exists(&store, DIR, "sectors"));
	assert_int_equal(xb_list(&store, DIR, &names, &nr, &err), -ENOENT);
}

static void parents_go_with_the_last_child_but_never_past_the_stop(void **state)
{
	fake_set("/b/backend", "");
	fake_set("/b/backend/vbd", "");
	fake_set("/b/backend/vbd/5", "");
	fake_set("/b/backend/vbd/5/51712/state", "6");
	fake_set("/b/backend/vbd/5/51728/state", "4");
	assert_int_equal(xb_remove_up_to(&store, "/b/backend/vbd/5/51712", "/b/backend", &err), 0);
	assert_true(xb_exists(&store, "/b/backend/vbd/5/51728", "state"));
	assert_int_equal(xb_remove_up_to(&store, "/b/backend/vbd/5/51728", "/b/backend", &err), 0);
	assert_false(xb_exists(&store, "/b/backend/vbd", NULL));
	assert_true(xb_exists(&store, "/b/backend", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_number_is_decimal_and_in_range_or_refused_with_its_path, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_huge_value_is_refused_and_shown_in_part, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_number_gives_its_default_a_wrong_one_does_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_string_is_a_line_of_text, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_are_read_into_their_places, setup, teardown),
		cmocka_unit_test_setup_teardown(a_path_too_long_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(writing_listing_and_removing, setup, teardown),
		cmocka_unit_test_setup_teardown(parents_go_with_the_last_child_but_never_past_the_stop, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
