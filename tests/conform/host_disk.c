// SPDX-License-Identifier: MIT
/* The suite's disks: each has an image of its own, whose every sector says which it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/case_disk.h"
#include "tests/conform/host.h"
#include "tests/conform/loop.h"
#include "tests/conform/peer/judge.h"

static int fill_image(int fd)
{
	static uint8_t bytes[DISK_SECTORS * 512];

	pattern_fill(bytes, 0, DISK_SECTORS);
	return write(fd, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : -EIO;
}

static int make_image(struct host_device *disk, struct errbuf *err)
{
	int fd, rc;

	strcpy(disk->image, "/tmp/pvring-conform.XXXXXX");
	fd = mkstemp(disk->image);
	if (fd < 0) {
		rc = errbuf_set(err, -errno, "%s: %s", disk->image, strerror(errno));
		disk->image[0] = '\0';
		return rc;
	}
	rc = fill_image(fd);
	close(fd);
	return rc ? errbuf_set(err, rc, "%s: %s", disk->image, strerror(-rc)) : 0;
}

static int make_loop(struct host_device *disk, struct errbuf *err)
{
	disk->loop_fd = loop_attach(disk->image, 4096, disk->loop, sizeof(disk->loop), err);
	return disk->loop_fd < 0 ? -EOPNOTSUPP : 0;
}

static int create(struct host *host, struct host_device *disk, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	struct vbd_request request = {
		.is_writable = type == 'w' || type == 'l',
		.is_cdrom = type == 'c',
		.script = options->script,
	};
	int rc;

	disk->loop_fd = -1;
	rc = make_image(disk, err);
	if (rc == 0 && type == 'l')
		rc = make_loop(disk, err);
	if (rc)
		return rc;
	request.target = type == 'l' ? disk->loop : disk->image;
	return case_disk_create(&disk->dev, host->store, host_kind(host, disk->class), options->domid, host->nr_made++,
				&request, err);
}

static void drop(struct host_device *disk)
{
	if (disk->loop_fd >= 0)
		close(disk->loop_fd);
	if (*disk->image)
		unlink(disk->image);
}

const struct host_class host_disks = {
	.types = "wrcl",
	.kinds = { "vbd", "qdisk" },
	.nr_attached = 1,
	.create = create,
	.drop = drop,
};
