// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "tests/unit/xenbus_fake.h"
#include "xenbus/device.h"

#define BACK  "/local/domain/0/backend/vbd/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

static struct xb_store store;
static struct xb_device dev;
static struct errbuf err;

static int setup(void **state)
{
	fake_reset();
	fake_set(BACK "/frontend", FRONT);
	fake_set(BACK "/frontend-id", "5");
	fake_set(BACK "/online", "1");
	fake_set(BACK "/state", "1");
	fake_set(FRONT "/backend", BACK);
	fake_set(FRONT "/backend-id", "0");
	fake_set(FRONT "/state", "3");
	xb_store_init(&store);
	xb_device_init(&dev);
	return xb_store_open(&store, &err);
}

static int setup_guest(void **state)
{
	int rc = setup(state);

	store.domid = 5;
	strcpy(store.home, "/local/domain/5");
	return rc;
}

static int teardown(void **state)
{
	xb_device_fini(&dev);
	xb_device_fini(&dev);
	xb_store_fini(&store);
	fake_reset();
	return 0;
}

static void a_backend_finds_its_frontend(void **state)
{
	enum xb_state ours, peer;

	assert_int_equal(xb_device_open_backend(&dev, &store, "vbd", 5, 51712, &err), 0);
	assert_string_equal(dev.dir, BACK);
	assert_string_equal(dev.otherend, FRONT);
	assert_int_equal(dev.domid, 5);
	assert_int_equal(xb_device_own_state(&dev, &ours, &err), 0);
	assert_int_equal(xb_device_peer_state(&dev, &peer, &err), 0);
	assert_int_equal(xb_device_action(&dev, ours, peer), XB_ACT_CONNECT);
	assert_int_equal(xb_device_switch(&dev, XB_CONNECTED, &err), 0);
	assert_string_equal(fake_get(BACK "/state"), "4");
}

static void a_frontend_finds_its_backend(void **state)
{
	assert_int_equal(xb_device_open_frontend(&dev, &store, "vbd", 51712, &err), 0);
	assert_string_equal(dev.dir, FRONT);
	assert_string_equal(dev.otherend, BACK);
	assert_int_equal(dev.domid, 0);
	assert_int_equal(xb_device_action(&dev, XB_INITIALISED, XB_CONNECTED), XB_ACT_CONNECT);
}

static const struct {
	const char *name, *path, *value;
	int rc;
	const char *reason;
} rows[] = {
	{ "no frontend-id", BACK "/frontend-id", NULL, -ENOENT, BACK "/frontend-id is missing: expected 5" },
	{ "another domain's frontend-id", BACK "/frontend-id", "6", -EPROTO, BACK "/frontend-id: '6' is not 5" },
	{ "no frontend", BACK "/frontend", NULL, -ENOENT, BACK "/frontend is missing: expected a line of text" },
	{ "another domain's frontend", BACK "/frontend", "/local/domain/50/device/vbd/1", -EPROTO,
	  BACK "/frontend: '/local/domain/50/device/vbd/1' is not below /local/domain/5/" },
};

static void a_backend_whose_nodes_disagree_is_not_opened(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name);
		setup(state);
		if (rows[i].value)
			fake_set(rows[i].path, rows[i].value);
		else
			fake_drop(fake_find(rows[i].path));
		assert_int_equal(xb_device_open_backend(&dev, &store, "vbd", 5, 51712, &err), rows[i].rc);
		assert_string_equal(err.text, rows[i].reason);
		assert_null(dev.store);
	}
}

static void a_frontend_believes_only_a_backend_in_its_backend_domain(void **state)
{
	fake_set(FRONT "/backend-id", "1");
	assert_int_equal(xb_device_open_frontend(&dev, &store, "vbd", 51712, &err), -EPROTO);
	fake_set(FRONT "/backend-id", "x");
	assert_int_equal(xb_device_open_frontend(&dev, &store, "vbd", 51712, &err), -EPROTO);
}

static void names_that_do_not_fit_are_refused(void **state)
{
	char path[300] = "/local/domain/5/";

	memset(path + strlen(path), 'a', 280 - strlen(path));
	fake_set(BACK "/frontend", path);
	assert_int_equal(xb_device_open_backend(&dev, &store, "vbd", 5, 51712, &err), -E2BIG);
	assert_int_equal(xb_device_open_backend(&dev, &store, "a-very-long-kind-of-device", 5, 1, &err), -ENAMETOOLONG);
}

static void both_ends_are_watched_and_fini_removes_the_watches(void **state)
{
	assert_int_equal(xb_device_open_backend(&dev, &store, "vbd", 5, 51712, &err), 0);
	assert_int_equal(xb_device_watch(&dev, &err), 0);
	assert_string_equal(dev.own_watch.path, BACK);
	assert_string_equal(dev.peer_watch.path, FRONT "/state");
	assert_string_not_equal(fake.watches[1], "");
	assert_int_equal(xb_device_watch_node(&dev, "request-something", &err), 0);
	assert_string_equal(dev.node_watch.path, FRONT "/request-something");
	assert_string_not_equal(fake.watches[2], "");
	xb_device_fini(&dev);
	for (unsigned int i = 0; i < 3; i++)
		assert_string_equal(fake.watches[i], "");
}

static void online_is_1_or_the_device_is_to_go(void **state)
{
	assert_int_equal(xb_device_open_backend(&dev, &store, "vbd", 5, 51712, &err), 0);
	assert_true(xb_device_is_online(&dev));
	fake_set(BACK "/online", "0");
	assert_false(xb_device_is_online(&dev));
	fake_set(BACK "/online", "yes");
	assert_false(xb_device_is_online(&dev));
	fake_drop(fake_find(BACK "/online"));
	assert_false(xb_device_is_online(&dev));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_backend_finds_its_frontend, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frontend_finds_its_backend, setup_guest, teardown),
		cmocka_unit_test_setup_teardown(a_backend_whose_nodes_disagree_is_not_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frontend_believes_only_a_backend_in_its_backend_domain, setup_guest,
						teardown),
		cmocka_unit_test_setup_teardown(names_that_do_not_fit_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(both_ends_are_watched_and_fini_removes_the_watches, setup, teardown),
		cmocka_unit_test_setup_teardown(online_is_1_or_the_device_is_to_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
