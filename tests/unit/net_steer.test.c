// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/steer.h"
#include "common/base/errbuf.h"

#define NR_QUEUES 4
#define OWN       2
#define ALL       15U

static struct net_state state;
static struct net_steer steer;
static uint8_t memory[sizeof(struct virtio_net_hdr) + 64];
static struct net_rx_frame frame = { .memory = memory };

static int setup(void **unused)
{
	static const struct journal_identity identity = { .kind = "vif" };
	char path[] = "/tmp/pvring-steer-XXXXXX";
	struct errbuf err;

	close(mkstemp(path));
	assert_int_equal(net_state_open(&state, path, &err), 0);
	net_state_begin(&state, &identity);
	net_steer_init(&steer, &state, OWN, NR_QUEUES);
	return 0;
}

static int teardown(void **unused)
{
	net_state_remove(&state);
	return 0;
}

static void make_ipv4(uint8_t last)
{
	uint8_t *bytes = net_rx_frame_bytes(&frame);

	memset(memory, 0, sizeof(memory));
	bytes[12] = 0x08;
	bytes[14] = 0x45;
	bytes[14 + 9] = 17;
	bytes[14 + 15] = last;
	frame.len_bytes = 14 + 28;
}

/* Of the key one bit is set: bits of an address come out side by side. */
static void set(uint32_t algorithm, uint32_t types, uint32_t nr_mapping)
{
	struct net_settings *settings = net_state_edit(&state);

	settings->hash_algorithm = algorithm;
	settings->hash_types = types;
	settings->hash_key[6] = 2;
	settings->nr_mapping = nr_mapping;
	for (unsigned int i = 0; i < nr_mapping; i++)
		settings->mapping[i] = (i / 2) % NR_QUEUES;
	net_state_commit(&state);
	net_steer_refresh(&steer);
}

static void a_guest_that_has_set_nothing_gets_it_where_the_kernel_put_it(void **unused)
{
	make_ipv4(1);
	frame.has_hash = true; /* of what was in its memory before */
	net_steer_refresh(&steer);
	assert_int_equal(net_steer_frame(&steer, &frame), OWN);
	assert_false(frame.has_hash);
	set(XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, ALL, 0);
	assert_int_equal(net_steer_frame(&steer, &frame), OWN);
	set(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
	assert_int_equal(net_steer_frame(&steer, &frame), OWN);
	assert_false(frame.has_hash);
}

static void without_a_mapping_it_is_the_hash_modulo_the_queues(void **unused)
{
	set(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, ALL, 0);
	for (unsigned int i = 0; i < 64; i++) {
		make_ipv4(i);
		assert_int_equal(net_steer_frame(&steer, &frame), frame.hash.value % NR_QUEUES);
		assert_true(frame.has_hash);
	}
}

static void the_mapping_says_which_queue(void **unused)
{
	unsigned int seen[NR_QUEUES] = { 0 };

	set(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, ALL, 10);
	for (unsigned int i = 0; i < 64; i++) {
		make_ipv4(i);
		net_steer_frame(&steer, &frame);
		assert_int_equal(net_steer_frame(&steer, &frame), frame.hash.value % 10 / 2 % NR_QUEUES);
		seen[net_steer_frame(&steer, &frame)]++;
	}
	for (unsigned int i = 0; i < NR_QUEUES; i++)
		assert_in_range(seen[i], 1, 63);
}

static void what_has_no_hash_goes_where_the_hash_0_goes(void **unused)
{
	set(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, XEN_NETIF_CTRL_HASH_TYPE_IPV6, 0);
	make_ipv4(1);
	assert_int_equal(net_steer_frame(&steer, &frame), 0);
	assert_false(frame.has_hash);
	set(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, XEN_NETIF_CTRL_HASH_TYPE_IPV6, 1);
	net_state_edit(&state)->mapping[0] = 3;
	net_state_commit(&state);
	assert_int_equal(net_steer_frame(&steer, &frame), 0); /* not yet looked at */
	net_steer_refresh(&steer);
	assert_int_equal(net_steer_frame(&steer, &frame), 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guest_that_has_set_nothing_gets_it_where_the_kernel_put_it),
		T(without_a_mapping_it_is_the_hash_modulo_the_queues),
		T(the_mapping_says_which_queue),
		T(what_has_no_hash_goes_where_the_hash_0_goes),
	};

	return cmocka_run_group_tests_name("net_steer", tests, NULL, NULL);
}
