// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/core/guest.h"

static unsigned int allowed(struct log_limit *limit, uint64_t now_ns, unsigned int nr_tries)
{
	unsigned int nr = 0;
	uint32_t nr_suppressed;

	while (nr_tries--)
		nr += log_limit_allows(limit, now_ns, &nr_suppressed);
	return nr;
}

static void devices_of_one_guest_share_one_allowance(void **state)
{
	struct guest_list guests = LIST_HEAD_INITIALIZER(guests);
	struct guest *first = guest_get(&guests, 5), *second = guest_get(&guests, 5);

	assert_ptr_equal(first, second);
	assert_int_equal(allowed(&first->limits.requests, 1, 3), 3);
	assert_int_equal(allowed(&second->limits.requests, 1, 100), LOG_LIMIT_BURST - 3);
	guest_put(first);
	assert_int_equal(allowed(&second->limits.requests, 1, 100), 0);
	guest_put(second);
	assert_true(LIST_EMPTY(&guests));
}

static void guests_have_allowances_of_their_own(void **state)
{
	struct guest_list guests = LIST_HEAD_INITIALIZER(guests);
	struct guest *loud = guest_get(&guests, 5), *quiet = guest_get(&guests, 6);

	assert_ptr_not_equal(loud, quiet);
	allowed(&loud->limits.requests, 1, 100);
	assert_int_equal(allowed(&quiet->limits.requests, 1, 100), LOG_LIMIT_BURST);
	assert_int_equal(allowed(&loud->limits.trouble, 1, 100), LOG_LIMIT_BURST);
	guest_put(loud);
	guest_put(quiet);
}

static void a_number_used_again_is_another_guest(void **state)
{
	struct guest_list guests = LIST_HEAD_INITIALIZER(guests);
	struct guest *guest = guest_get(&guests, 5);

	allowed(&guest->limits.life, 1, 100);
	guest_put(guest);
	guest = guest_get(&guests, 5);
	assert_int_equal(allowed(&guest->limits.life, 1, 100), LOG_LIMIT_BURST);
	guest_put(guest);
	guest_put(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_of_one_guest_share_one_allowance),
		cmocka_unit_test(guests_have_allowances_of_their_own),
		cmocka_unit_test(a_number_used_again_is_another_guest),
	};

	return cmocka_run_group_tests_name("backend/core/guest", tests, NULL, NULL);
}
