// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "backend/blk/blk.h"
#include "backend/core/daemon.h"

/* nr: it is none of them. */
static unsigned int find_name(const char *const *names, unsigned int nr, const char *value)
{
	unsigned int i = 0;

	while (i < nr && strcmp(names[i], value) != 0)
		i++;
	return i;
}

static int set_grants(void *config, const char *value, struct errbuf *err)
{
	unsigned int i = find_name(blk_grants_names, BLK_NR_GRANTS, value);

	if (i == BLK_NR_GRANTS)
		return errbuf_set(err, -EINVAL, "'%s' is not a way to move data: expected copy, map or auto", value);
	blk_config.grants = i;
	return 0;
}

static int set_persistent_pages(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number of pages", value, 0, PERSISTENT_MAX_PAGES, &blk_config.max_persistent_pages, err);
}

static int set_persistent_total(void *config, const char *value, struct errbuf *err)
{
	uint32_t nr_pages;
	int rc = option_u32("number of pages", value, 0, PERSISTENT_MAX_PAGES, &nr_pages, err);

	if (rc == 0)
		persistent_limit_process(nr_pages);
	return rc;
}

static int set_detect_zeroes(void *config, const char *value, struct errbuf *err)
{
	unsigned int i = find_name(blk_zeros_names, BLK_NR_ZEROS, value);

	if (i == BLK_NR_ZEROS)
		return errbuf_set(err, -EINVAL, "'%s' is nothing to do with zeros: expected off, on or unmap", value);
	blk_config.zeros = i;
	return 0;
}

static int set_default_protocol(void *config, const char *value, struct errbuf *err)
{
	return blk_abi_parse(value, &blk_config.default_abi, err);
}

static int set_max_indirect_segments(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number of segments", value, 0, BLK_MAX_INDIRECT_SEGMENTS, &blk_config.max_indirect_segments,
			  err);
}

static const struct option_row rows[] = {
	{ "grants", "HOW", "copy a request's data, map it, or auto (default): persistent, or copy", set_grants },
	{ "persistent-pages", "N", "of each ring that stay mapped at most (default 1056; 0: not offered)",
	  set_persistent_pages },
	{ "persistent-total", "N", "of all guests, each a quarter at most (default: what suits)",
	  set_persistent_total },
	{ "default-protocol", "NAME",
	  "of a guest that does not say its own: x86_32-abi (default, as Linux) or x86_64-abi", set_default_protocol },
	{ "max-indirect-segments", "N", "pages of a request at most, up to 4096 (default 256; 0: no indirect requests)",
	  set_max_indirect_segments },
	{ "detect-zeroes", "HOW", "a write of zeros: as any (off, default), without them (on), or as a hole (unmap)",
	  set_detect_zeroes },
};

static const struct daemon_spec spec = {
	.options = {
		.program = "pvring-blkd",
		.synopsis = "[OPTION...]",
		.summary = "Serves disks to Xen guests from raw files and block devices, through io_uring.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
	},
	.class = &blk_class,
	.kernel_driver = "vbd",
	.kernel_module = "xen-blkback",
};

int main(int argc, char **argv)
{
	return daemon_main(&spec, argc, argv);
}
