// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/net/multicast.h"

static const uint8_t mdns[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb };
static const uint8_t all_nodes[6] = { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t station[6] = { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x01 };

static void only_groups_need_to_be_asked_for(void **state)
{
	struct net_multicast multicast = { 0 };

	assert_true(net_multicast_wants(&multicast, broadcast));
	assert_true(net_multicast_wants(&multicast, station));
	assert_false(net_multicast_wants(&multicast, mdns));
	assert_false(net_multicast_wants(&multicast, all_nodes));
}

static void a_group_is_wanted_from_add_to_del(void **state)
{
	struct net_multicast multicast = { 0 };

	assert_true(net_multicast_add(&multicast, mdns));
	assert_true(net_multicast_add(&multicast, all_nodes));
	assert_true(net_multicast_wants(&multicast, mdns));
	assert_true(net_multicast_wants(&multicast, all_nodes));
	net_multicast_del(&multicast, mdns);
	net_multicast_del(&multicast, mdns);
	assert_false(net_multicast_wants(&multicast, mdns));
	assert_true(net_multicast_wants(&multicast, all_nodes));
	net_multicast_del(&multicast, all_nodes);
	assert_int_equal(multicast.nr, 0);
}

static void what_is_added_twice_goes_at_the_second_del(void **state)
{
	struct net_multicast multicast = { 0 };

	net_multicast_add(&multicast, mdns);
	net_multicast_add(&multicast, mdns);
	net_multicast_del(&multicast, mdns);
	assert_true(net_multicast_wants(&multicast, mdns));
	net_multicast_del(&multicast, mdns);
	assert_false(net_multicast_wants(&multicast, mdns));
}

static void there_is_room_for_64(void **state)
{
	struct net_multicast multicast = { 0 };
	uint8_t address[6] = { 0x01, 0x00, 0x5e };

	for (address[5] = 0; address[5] < 64; address[5]++)
		assert_true(net_multicast_add(&multicast, address));
	assert_false(net_multicast_add(&multicast, address));
	assert_false(net_multicast_wants(&multicast, address));
	for (address[5] = 0; address[5] < 64; address[5]++)
		assert_true(net_multicast_wants(&multicast, address));
	address[5] = 0;
	net_multicast_del(&multicast, address);
	assert_true(net_multicast_add(&multicast, mdns));
	assert_false(net_multicast_wants(&multicast, address));
	assert_true(net_multicast_wants(&multicast, mdns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_groups_need_to_be_asked_for),
		cmocka_unit_test(a_group_is_wanted_from_add_to_del),
		cmocka_unit_test(what_is_added_twice_goes_at_the_second_del),
		cmocka_unit_test(there_is_room_for_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
