// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>

#include "frontend/user/vdev.h"

static const struct {
	const char *name;
	int rc;
	uint32_t devid;
} rows[] = {
	{ "xvda", 0, 51712 },
	{ "xvda1", 0, 51713 },
	{ "xvdb", 0, 51728 },
	{ "xvdp15", 0, 202 << 8 | 15 << 4 | 15 },
	{ "xvdq", 0, 1 << 28 | 16 << 8 },
	{ "xvda16", 0, 1 << 28 | 16 },
	{ "xvdaa", 0, 1 << 28 | 26 << 8 },
	{ "hda", 0, 768 },
	{ "hdb2", 0, 768 | 64 | 2 },
	{ "hdc", 0, 22 << 8 },
	{ "sda", 0, 2048 },
	{ "sdb3", 0, 2048 | 16 | 3 },
	{ "51712", 0, 51712 },
	{ "0", 0, 0 },
	{ "", -EINVAL, 0 },
	{ "xvd", -EINVAL, 0 },
	{ "xvd1", -EINVAL, 0 },
	{ "xvda0", -EINVAL, 0 },
	{ "xvda1x", -EINVAL, 0 },
	{ "xvda256", -EINVAL, 0 },
	{ "xvda-1", -EINVAL, 0 },
	{ "xvdzzzzzzzzzzzzzzzzzzzz", -EINVAL, 0 },
	{ "hde", -EINVAL, 0 },
	{ "sdq", -EINVAL, 0 },
	{ "vda", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
};

static void names_are_numbers_as_toolstacks_have_it(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t devid = 0;

		print_message("# '%s'\n", rows[i].name);
		assert_int_equal(front_vdev_parse(rows[i].name, &devid), rows[i].rc);
		if (rows[i].rc == 0)
			assert_int_equal(devid, rows[i].devid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_numbers_as_toolstacks_have_it),
	};

	return cmocka_run_group_tests_name("front_vdev", tests, NULL, NULL);
}
