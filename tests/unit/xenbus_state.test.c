// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "tests/unit/xenbus_fake_store.h"
#include "xenbus/state.h"

#define DIR "/local/domain/0/backend/vbd/5/51712"

/*
 * Written out a second time, on purpose. One letter per pair, the peer's states from Unknown to Reconfigured:
 * ! protocol error, . none, s set up, c connect, r refresh, f reconfigure, o offer, R restart, x close, d disconnect,
 * g gone
 */
static const char letters[] = "!.scrfoRxdg";

static const struct {
	enum xb_state ours;
	const char *backend, *frontend;
} table[] = {
	/*                   ?IWicxCrR    ?IWicxCrR */
	{ XB_UNKNOWN,       "ggggggggg", "ggggggggg" },
	{ XB_INITIALISING,  "g.!ccxd!!", "g.sssx.!!" },
	{ XB_INIT_WAIT,     "g.!ccxd!!", "!!!!!!!!!" },
	{ XB_INITIALISED,   "g.!ccxd!!", "g...cxx!!" },
	{ XB_CONNECTED,     "gR!..xdf!", "g...rxx!!" },
	{ XB_CLOSING,       "gd....d..", "g....dd.." },
	{ XB_CLOSED,        "go.cc.d..", "g........" },
	{ XB_RECONFIGURING, "!!!!!!!!!", "!!!!!!!!!" },
	{ XB_RECONFIGURED,  "gR!ccxd.!", "!!!!!!!!!" },
};

static void each_pair_of_states_has_its_action(void **state)
{
	assert_int_equal(sizeof(table) / sizeof(table[0]), XB_NR_STATES);
	for (int ours = 0; ours < XB_NR_STATES; ours++) {
		assert_int_equal(table[ours].ours, ours);
		for (int peer = 0; peer < XB_NR_STATES; peer++) {
			print_message("# %s, peer %s\n", xb_state_name(ours), xb_state_name(peer));
			assert_int_equal(letters[xb_backend_action(ours, peer)], table[ours].backend[peer]);
			assert_int_equal(letters[xb_frontend_action(ours, peer)], table[ours].frontend[peer]);
		}
	}
}

static void states_out_of_range_are_protocol_errors(void **state)
{
	assert_int_equal(xb_backend_action(XB_CONNECTED, XB_NR_STATES), XB_ACT_PROTOCOL_ERROR);
	assert_int_equal(xb_backend_action(99, XB_CONNECTED), XB_ACT_PROTOCOL_ERROR);
	assert_int_equal(xb_frontend_action(XB_CONNECTED, 99), XB_ACT_PROTOCOL_ERROR);
	assert_int_equal(xb_frontend_action(-1, XB_CONNECTED), XB_ACT_PROTOCOL_ERROR);
}

static void names(void **state)
{
	assert_string_equal(xb_state_name(XB_INIT_WAIT), "InitWait");
	assert_string_equal(xb_state_name(99), "?");
	assert_string_equal(xb_action_name(XB_ACT_GONE), "gone");
	assert_string_equal(xb_action_name(99), "?");
}

static void a_state_is_read_or_refused(void **state)
{
	static const struct {
		const char *value;
		int rc;
		enum xb_state want;
	} rows[] = {
		{ NULL, 0, XB_UNKNOWN }, { "0", 0, XB_UNKNOWN },  { "4", 0, XB_CONNECTED }, { "8", 0, XB_RECONFIGURED },
		{ "9", -EPROTO, 0 },     { "99", -EPROTO, 0 },    { "", -EPROTO, 0 },       { "four", -EPROTO, 0 },
		{ "-1", -EPROTO, 0 },    { "4294967300", -EPROTO, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum xb_state got = XB_CLOSED;

		print_message("# '%s'\n", rows[i].value ?: "(missing)");
		if (rows[i].value)
			fake_set(DIR "/state", rows[i].value);
		assert_int_equal(xb_read_state(&store, DIR, &got, &err), rows[i].rc);
		assert_int_equal(got, rows[i].rc ? XB_CLOSED : rows[i].want);
	}
	assert_string_equal(err.text, DIR "/state: '4294967300' is not a number from 0 to 8");
}

static void switching_writes_once_and_never_revives_a_removed_device(void **state)
{
	assert_int_equal(xb_switch_state(&store, DIR, XB_INIT_WAIT, &err), -ENOENT);
	assert_null(fake_get(DIR "/state"));
	fake_set(DIR "/state", "1");
	assert_int_equal(xb_switch_state(&store, DIR, XB_INIT_WAIT, &err), 0);
	assert_string_equal(fake_get(DIR "/state"), "2");
	assert_int_equal(fake.nr_committed, 1);
	assert_int_equal(fake.txn_seen, 2);
	fake_set(DIR "/state", "rubbish");
	assert_int_equal(xb_switch_state(&store, DIR, XB_CLOSED, &err), 0);
	assert_string_equal(fake_get(DIR "/state"), "6");
}

static void an_announcement_writes_what_is_there_already(void **state)
{
	fake_set(DIR "/state", "04");
	assert_int_equal(xb_switch_state(&store, DIR, XB_CONNECTED, &err), 0);
	assert_string_equal(fake_get(DIR "/state"), "04");
	assert_int_equal(xb_announce_state(&store, DIR, XB_CONNECTED, &err), 0);
	assert_string_equal(fake_get(DIR "/state"), "4");
}

static int switch_inside(struct xb_store *s, void *arg, struct errbuf *e)
{
	return xb_switch_state(s, DIR, XB_CONNECTED, e);
}

static void switching_joins_an_open_transaction(void **state)
{
	fake_set(DIR "/state", "2");
	assert_int_equal(xb_transaction(&store, switch_inside, NULL, &err), 0);
	assert_int_equal(fake.nr_started, 1);
	assert_string_equal(fake_get(DIR "/state"), "4");
}

static void errors_are_reported_where_linux_does(void **state)
{
	assert_int_equal(xb_report_error(&store, DIR, -EINVAL, "no such image", &err), 0);
	assert_string_equal(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"), "22 no such image");
	assert_int_equal(xb_clear_error(&store, DIR, &err), 0);
	assert_null(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"));
	assert_int_equal(xb_report_error(&store, "/local/domain/01/x", -EINVAL, "no", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pair_of_states_has_its_action),
		cmocka_unit_test(states_out_of_range_are_protocol_errors),
		cmocka_unit_test(names),
		cmocka_unit_test_setup_teardown(a_state_is_read_or_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(switching_writes_once_and_never_revives_a_removed_device, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_announcement_writes_what_is_there_already, setup, teardown),
		cmocka_unit_test_setup_teardown(switching_joins_an_open_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_are_reported_where_linux_does, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
