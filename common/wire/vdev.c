// SPDX-License-Identifier: MIT
#include "common/wire/vdev.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/parse.h"

struct place {
	uint32_t disk, partition;
};

/* After the prefix: letters count a..z, aa, ab, ...; then a partition without leading zeros, none meaning 0. */
static bool take_place(const char *text, const char *prefix, uint32_t max_disk, uint32_t max_partition,
		       struct place *place)
{
	size_t len = strlen(prefix);
	uint32_t letters = 0; /* one more than the disk's number */

	if (strncmp(text, prefix, len) != 0)
		return false;
	for (text += len; *text >= 'a' && *text <= 'z'; text++) {
		letters = letters * 26 + (*text - 'a') + 1;
		if (letters > max_disk + 1)
			return false;
	}
	if (letters == 0)
		return false;
	place->disk = letters - 1;
	place->partition = 0;
	return *text == '\0' || (*text != '0' && parse_u32(text, 1, max_partition, &place->partition) == 0);
}

static bool number_of(const char *vdev, uint32_t *devid)
{
	struct place p;

	if (parse_u32(vdev, 0, INT32_MAX, devid) == 0)
		return true;
	if (take_place(vdev, "xvd", (1 << 20) - 1, 255, &p)) {
		if (p.disk <= 15 && p.partition <= 15)
			*devid = 202 << 8 | p.disk << 4 | p.partition;
		else
			*devid = 1 << 28 | p.disk << 8 | p.partition;
		return true;
	}
	if (take_place(vdev, "hd", 3, 63, &p)) {
		*devid = (p.disk < 2 ? 3 : 22) << 8 | (p.disk & 1) << 6 | p.partition;
		return true;
	}
	if (take_place(vdev, "sd", 15, 15, &p)) {
		*devid = 8 << 8 | p.disk << 4 | p.partition;
		return true;
	}
	return false;
}

int blk_vdev_parse(const char *vdev, uint32_t *devid, struct errbuf *err)
{
	if (number_of(vdev, devid))
		return 0;
	return errbuf_set(err, -EINVAL, "'%.40s' is not a disk's name: expected xvda, xvdb1, sda, hda or a number",
			  vdev);
}
