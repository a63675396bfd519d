// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/net/state.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_netif.h"

#define NR_QUEUES 4

static const struct journal_identity identity = {
	.kind = "vif", .protocol = "tx", .domid = 5, .remote_port = 9, .nr_refs = 1, .ref = { 8 }, .nr_slots = 256,
};

static struct net_state state;
static char dir[64], path[128];
static struct errbuf err;

static int setup(void **unused)
{
	strcpy(dir, "/tmp/pvring-state-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vif-5-0-state", dir);
	assert_int_equal(net_state_open(&state, path, &err), 0);
	net_state_begin(&state, &identity);
	return 0;
}

static int teardown(void **unused)
{
	net_state_remove(&state);
	assert_int_equal(rmdir(dir), 0); /* nothing is left */
	return 0;
}

/* Another process takes it up. */
static int reopen(const struct journal_identity *whose)
{
	net_state_close(&state);
	assert_int_equal(net_state_open(&state, path, &err), 0);
	return net_state_resume(&state, whose, NR_QUEUES, &err);
}

static void set_something(void)
{
	struct net_settings *settings = net_state_edit(&state);

	settings->hash_algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
	settings->hash_key[NET_HASH_KEY_BYTES - 1] = 0xfa;
	settings->nr_mapping = NET_HASH_MAX_MAPPING;
	settings->mapping[NET_HASH_MAX_MAPPING - 1] = NR_QUEUES - 1;
	settings->multicast.nr = NET_MAX_MULTICAST;
	net_state_commit(&state);
}

static struct net_settings what_holds(void)
{
	struct net_state_view view = { .generation = 0 };

	assert_true(net_state_look(&state, &view));
	return view.settings;
}

static void a_new_connection_has_nothing_set(void **unused)
{
	static const struct net_settings nothing;
	struct net_settings settings;

	set_something();
	net_state_begin(&state, &identity);
	settings = what_holds();
	assert_memory_equal(&settings, &nothing, sizeof(nothing));
}

static void a_change_is_seen_once_by_each_reader(void **unused)
{
	struct net_state_view first = { .generation = 0 }, second = { .generation = 0 };

	assert_true(net_state_look(&state, &first));
	assert_false(net_state_look(&state, &first));
	set_something();
	assert_true(net_state_look(&state, &first));
	assert_int_equal(first.settings.nr_mapping, NET_HASH_MAX_MAPPING);
	assert_false(net_state_look(&state, &first));
	assert_true(net_state_look(&state, &second));
	assert_memory_equal(&first, &second, sizeof(first));
}

static void one_change_leaves_what_another_has_set(void **unused)
{
	set_something();
	for (uint32_t i = 1; i <= 3; i++) {
		net_state_edit(&state)->hash_types = i;
		net_state_commit(&state);
		assert_int_equal(what_holds().hash_types, i);
		assert_int_equal(what_holds().hash_key[NET_HASH_KEY_BYTES - 1], 0xfa);
	}
}

static void the_next_daemon_goes_on_with_it(void **unused)
{
	struct net_settings before, after;

	set_something();
	before = what_holds();
	assert_int_equal(reopen(&identity), 0);
	after = what_holds();
	assert_memory_equal(&before, &after, sizeof(before));
}

static void who_dies_in_the_middle_of_a_change_has_not_made_it(void **unused)
{
	struct net_settings before, after;

	set_something();
	before = what_holds();
	memset(net_state_edit(&state), 0xff, sizeof(before));
	pthread_mutex_unlock(&state.lock);
	assert_int_equal(reopen(&identity), 0);
	after = what_holds();
	assert_memory_equal(&before, &after, sizeof(before));
}

static void what_was_set_on_another_connection_is_not_taken_up(void **unused)
{
	struct journal_identity other = identity;

	other.remote_port++;
	set_something();
	assert_int_equal(reopen(&other), 0);
	assert_int_equal(what_holds().hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
	assert_int_equal(reopen(&other), 0); /* from now on it is about this one */
	assert_int_equal(what_holds().hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
}

static void a_daemon_that_knew_of_no_such_file_has_left_nothing(void **unused)
{
	net_state_remove(&state);
	assert_int_equal(net_state_open(&state, path, &err), 0);
	assert_int_equal(net_state_resume(&state, &identity, NR_QUEUES, &err), 0);
	assert_int_equal(what_holds().hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
}

static void another_version(struct net_state_file *file)
{
	file->version++;
}

static void another_size(struct net_state_file *file)
{
	file->settings_bytes -= 4;
}

static void no_generation(struct net_state_file *file)
{
	file->generation = 0;
}

static struct net_settings *held(struct net_state_file *file)
{
	return &file->settings[file->generation % 2];
}

static void an_algorithm(struct net_state_file *file)
{
	held(file)->hash_algorithm = 2;
}

static void a_large_mapping(struct net_state_file *file)
{
	held(file)->nr_mapping = NET_HASH_MAX_MAPPING + 1;
}

static void a_queue(struct net_state_file *file)
{
	held(file)->mapping[NET_HASH_MAX_MAPPING - 1] = NR_QUEUES;
}

static void many_addresses(struct net_state_file *file)
{
	held(file)->multicast.nr = NET_MAX_MULTICAST + 1;
}

static const struct {
	const char *name;
	void (*spoil)(struct net_state_file *file);
	int rc;
	const char *why;
} spoilt[] = {
	{ "another version", another_version, -EPROTONOSUPPORT, "version 2: expected 1" },
	{ "settings of another size", another_size, -EPROTONOSUPPORT, "version 1" },
	{ "a generation that is none", no_generation, -EINVAL, "generation" },
	{ "an algorithm that there is none of", an_algorithm, -EINVAL, "algorithm" },
	{ "more mapping than there is room for", a_large_mapping, -EINVAL, "mapping's size" },
	{ "a queue that there is none of", a_queue, -EINVAL, "this mapping" },
	{ "more addresses than there is room for", many_addresses, -EINVAL, "multicast" },
};

static void what_makes_no_sense_is_not_taken_up(void **unused)
{
	for (unsigned int i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		print_message("# %s\n", spoilt[i].name);
		net_state_begin(&state, &identity);
		set_something();
		spoilt[i].spoil(state.file);
		assert_int_equal(reopen(&identity), spoilt[i].rc);
		assert_non_null(strstr(err.text, spoilt[i].why));
		assert_non_null(strstr(err.text, path));
	}
}

static void what_cannot_be_opened_is_named(void **unused)
{
	struct net_state other;

	assert_int_equal(net_state_open(&other, "/nonexistent/x", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/x"));
	assert_null(other.file);
	net_state_close(&other);
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(net_state_open(&other, path, &err), -ELOOP);
	assert_int_equal(unlink(path), 0);
}

static void only_its_owner_may_read_it(void **unused)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- several at once ------------------------------------------------------------------------------------------- */

#define NR_CHANGES 20000

static void *change(void *unused)
{
	for (unsigned int i = 0; i < NR_CHANGES; i++) {
		struct net_settings *settings = net_state_edit(&state);

		settings->nr_mapping = (settings->nr_mapping + 1) % NET_HASH_MAX_MAPPING;
		for (unsigned int j = 0; j < NET_HASH_MAX_MAPPING; j++)
			settings->mapping[j] = settings->nr_mapping;
		settings->xdp_headroom_bytes++;
		net_state_commit(&state);
	}
	return NULL;
}

static void nobody_sees_half_a_change(void **unused)
{
	struct net_state_view view = { .generation = 0 };
	pthread_t threads[2];

	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, change, NULL), 0);
	while (view.settings.xdp_headroom_bytes < 2 * NR_CHANGES || view.generation == 0) {
		if (!net_state_look(&state, &view))
			continue;
		for (unsigned int j = 0; j < NET_HASH_MAX_MAPPING; j++)
			assert_int_equal(view.settings.mapping[j], view.settings.nr_mapping);
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(view.settings.xdp_headroom_bytes, 2 * NR_CHANGES);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_new_connection_has_nothing_set),
		T(a_change_is_seen_once_by_each_reader),
		T(one_change_leaves_what_another_has_set),
		T(the_next_daemon_goes_on_with_it),
		T(who_dies_in_the_middle_of_a_change_has_not_made_it),
		T(what_was_set_on_another_connection_is_not_taken_up),
		T(a_daemon_that_knew_of_no_such_file_has_left_nothing),
		T(what_makes_no_sense_is_not_taken_up),
		T(what_cannot_be_opened_is_named),
		T(only_its_owner_may_read_it),
		T(nobody_sees_half_a_change),
	};

	return cmocka_run_group_tests_name("net_state", tests, NULL, NULL);
}
