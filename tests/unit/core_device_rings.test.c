// SPDX-License-Identifier: MIT
/* The rings of a device: how many there are changes with each connection, and whose they are with it. */
#include "backend/core/device_rings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "tests/unit/cm.h"

static char dir[] = "/tmp/device_rings.XXXXXX";
static char path[64];
static struct errbuf err;

static const struct journal_identity guest = { .kind = "vif", .domid = 3, .nr_slots = 8, .request_bytes = 12 };

static bool there_is(const char *ending)
{
	char name[80];

	snprintf(name, sizeof(name), "%s%s", path, ending);
	return access(name, F_OK) == 0;
}

static void claim(struct device_rings *rings)
{
	device_rings_init(rings);
	assert_int_equal(device_rings_claim(rings, path, &err), 0);
	device_rings_identify(rings, &guest);
}

static void connect(struct device_rings *rings, unsigned int nr)
{
	device_rings_identify(rings, &guest);
	assert_int_equal(device_rings_use(rings, nr, &err), 0);
	for (unsigned int i = 0; i < nr; i++) {
		rings->ring[i].identity.queue = i;
		assert_int_equal(journal_begin(&rings->ring[i].journal, &rings->ring[i].identity, 0, &err), 0);
	}
}

static void hand_over(struct device_rings *rings)
{
	for (unsigned int i = 0; i < rings->nr; i++)
		journal_hand_over(&rings->ring[i].journal, 5, 5);
	device_rings_let_go(rings);
}

static void each_has_a_journal_when_it_is_used(void **state)
{
	struct device_rings rings;

	claim(&rings);
	assert_true(there_is(""));
	assert_false(there_is("-1"));
	assert_int_equal(device_rings_use(&rings, 3, &err), 0);
	assert_true(there_is("-1") && there_is("-2"));
	assert_false(there_is("-3"));
	device_rings_remove(&rings);
	assert_false(device_rings_are_claimed(&rings));
	assert_false(there_is("") || there_is("-1") || there_is("-2"));
}

static void all_must_be_of_this_connection(void **state)
{
	struct device_rings rings;

	claim(&rings);
	connect(&rings, 3);
	hand_over(&rings);
	claim(&rings);
	assert_true(device_rings_have_connection(&rings));
	assert_int_equal(device_rings_use(&rings, 3, &err), 0);
	for (unsigned int i = 0; i < 3; i++)
		rings.ring[i].identity.queue = i;
	assert_int_equal(device_rings_check(&rings, &err), 0);
	assert_int_equal(device_rings_use(&rings, 4, &err), 0);
	assert_int_not_equal(device_rings_check(&rings, &err), 0);
	device_rings_remove(&rings);
}

static void a_connection_of_fewer_leaves_none_behind(void **state)
{
	struct device_rings rings;

	claim(&rings);
	connect(&rings, 3);
	device_rings_end_connection(&rings);
	connect(&rings, 1);
	hand_over(&rings);
	claim(&rings);
	device_rings_remove(&rings); /* has not opened the others */
	assert_false(there_is("") || there_is("-1") || there_is("-2"));
}

static void only_the_first_is_the_claim(void **state)
{
	struct device_rings rings, others;

	claim(&rings);
	device_rings_init(&others);
	assert_int_equal(device_rings_claim(&others, path, &err), -EBUSY);
	assert_false(device_rings_are_claimed(&others));
	device_rings_let_go(&rings);
	assert_int_equal(device_rings_claim(&others, path, &err), 0);
	device_rings_remove(&others);
}

static void the_same_are_told_from_others(void **state)
{
	struct device_rings rings, others;

	claim(&rings);
	connect(&rings, 2);
	others = rings;
	assert_true(device_rings_are_same(&rings, &others));
	others.ring[1].identity.remote_port = 9;
	assert_false(device_rings_are_same(&rings, &others));
	others = rings;
	others.nr = 1;
	assert_false(device_rings_are_same(&rings, &others));
	device_rings_remove(&rings);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_a_journal_when_it_is_used),
		cmocka_unit_test(all_must_be_of_this_connection),
		cmocka_unit_test(a_connection_of_fewer_leaves_none_behind),
		cmocka_unit_test(only_the_first_is_the_claim),
		cmocka_unit_test(the_same_are_told_from_others),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/vif-3-0", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
