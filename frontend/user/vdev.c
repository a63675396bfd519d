// SPDX-License-Identifier: MIT
#include "frontend/user/vdev.h"

#include <errno.h>
#include <string.h>

#include "common/base/parse.h"

#define EXTENDED_VDEV (1U << 28)
#define MAX_DISK      (1U << 20)

/* "a" is 0, "z" 25, "aa" 26. Returns how many letters that took; 0: none, or too many. */
static unsigned int parse_letters(const char *text, uint32_t *disk)
{
	uint32_t value = 0;
	unsigned int nr = 0;

	for (; text[nr] >= 'a' && text[nr] <= 'z'; nr++) {
		value = value * 26 + (text[nr] - 'a' + 1);
		if (value > MAX_DISK)
			return 0;
	}
	*disk = value - 1;
	return nr;
}

int front_vdev_parse(const char *name, uint32_t *devid)
{
	uint32_t disk, partition = 0;
	const char *rest;
	unsigned int nr;

	if (parse_u32(name, 0, EXTENDED_VDEV * 2 - 1, devid) == 0)
		return 0;
	if (strncmp(name, "xvd", 3) && strncmp(name, "hd", 2) && strncmp(name, "sd", 2))
		return -EINVAL;
	rest = name + (name[0] == 'x' ? 3 : 2);
	nr = parse_letters(rest, &disk);
	if (nr == 0 || (rest[nr] && parse_u32(rest + nr, 1, 255, &partition)))
		return -EINVAL;
	if (name[0] == 'x' && (disk > 15 || partition > 15))
		*devid = EXTENDED_VDEV | disk << 8 | partition;
	else if (name[0] == 'x')
		*devid = 202 << 8 | disk << 4 | partition;
	else if (name[0] == 's' && disk <= 15 && partition <= 15)
		*devid = 8 << 8 | disk << 4 | partition;
	else if (name[0] == 'h' && disk <= 3 && partition <= 63)
		*devid = (disk < 2 ? 3 : 22) << 8 | (disk & 1) << 6 | partition;
	else
		return -EINVAL;
	return 0;
}
