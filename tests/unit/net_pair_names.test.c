// SPDX-License-Identifier: MIT
#include "backend/net/pair_names.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/cm.h"

static int a, b, c; /* vifs */
static struct errbuf err;

static void two_are_joined_and_a_third_is_not(void **state)
{
	struct net_pair *of_a, *of_b, *of_c;

	assert_int_equal(net_pair_get(&of_a, "x", &a, &err), 0);
	assert_int_equal(net_pair_get(&of_b, "x", &b, &err), 0);
	assert_ptr_equal(of_a, of_b);
	assert_int_equal(net_pair_get(&of_c, "x", &c, &err), -EBUSY);
	assert_non_null(strstr(err.text, "pair:x: two other vifs"));
	assert_int_equal(net_pair_get(&of_c, "y", &c, &err), 0);
	assert_ptr_not_equal(of_a, of_c);
	net_pair_put(of_c, &c);
	net_pair_put(of_a, &a);
	assert_int_equal(net_pair_get(&of_c, "x", &c, &err), 0);
	assert_ptr_equal(of_b, of_c);
	net_pair_put(of_b, &b);
	net_pair_put(of_c, &c);
}

static void a_name_has_a_length(void **state)
{
	char name[NET_PAIR_MAX_NAME + 1];
	struct net_pair *pair;

	assert_int_equal(net_pair_get(&pair, "", &a, &err), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[NET_PAIR_MAX_NAME] = '\0';
	assert_int_equal(net_pair_get(&pair, name, &a, &err), -EINVAL);
	assert_non_null(strstr(err.text, "expected a name of 1 to 63 bytes"));
	name[NET_PAIR_MAX_NAME - 1] = '\0';
	assert_int_equal(net_pair_get(&pair, name, &a, &err), 0);
	net_pair_put(pair, &a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_are_joined_and_a_third_is_not),
		cmocka_unit_test(a_name_has_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
