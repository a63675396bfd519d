// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "common/wire/vdev.h"

static const struct {
	const char *vdev;
	uint32_t devid;
} good[] = {
	{ "xvda", 51712 },      { "xvdb", 51728 },      { "xvda1", 51713 },     { "xvdb15", 51743 },
	{ "xvdp", 51952 },      { "xvdp15", 51967 },    { "xvdq", 268439552 },  { "xvda16", 268435472 },
	{ "xvdz", 268441856 },  { "xvdaa", 268442112 }, { "xvda255", 268435711 }, { "sda", 2048 },
	{ "sdb3", 2067 },       { "sdp15", 2303 },      { "hda", 768 },         { "hdb", 832 }, { "hdb2", 834 },
	{ "hdc", 5632 },        { "hdd63", 5759 },      { "51712", 51712 },     { "0", 0 },
	{ "2147483647", INT32_MAX },
};

static const char *const bad[] = {
	"", "xvd", "xvd1", "xvda0", "xvda01", "xvda256", "xvdA", "xvda-1", "xvda1a", "xvdzzzzzzz",
	"xvdzzzzzzzzzzzzzzzzzzzz",
	"sdq", "vda", "sda16", "hde", "hda64",
	"nvme0n1", "0x10", "-1", "2147483648", "51712 ", "XVDA", "/dev/xvda",
};

static void names_have_libxls_numbers(void **state)
{
	struct errbuf err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint32_t devid = 1;

		print_message("# %s\n", good[i].vdev);
		assert_int_equal(blk_vdev_parse(good[i].vdev, &devid, &err), 0);
		assert_int_equal(devid, good[i].devid);
	}
}

static void anything_else_is_refused_by_name(void **state)
{
	uint32_t devid;
	struct errbuf err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("# '%s'\n", bad[i]);
		assert_int_equal(blk_vdev_parse(bad[i], &devid, &err), -EINVAL);
		assert_non_null(strstr(err.text, "is not a disk's name: expected xvda"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_libxls_numbers),
		cmocka_unit_test(anything_else_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
