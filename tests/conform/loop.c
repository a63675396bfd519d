// SPDX-License-Identifier: MIT
#include "tests/conform/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/loop.h>

#define MAX_TRIES 16 /* somebody else may be quicker with the one that was free */

static int find_free(char *path, size_t size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	int rc = number < 0 ? -errno : 0;

	if (control >= 0)
		close(control);
	snprintf(path, size, "/dev/loop%d", number);
	return rc;
}

static int configure(const char *path, int file_fd, uint32_t sector_bytes)
{
	struct loop_config config = { .fd = file_fd, .block_size = sector_bytes };
	int fd = open(path, O_RDWR | O_CLOEXEC), rc;

	config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
	if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) == 0)
		return fd;
	rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

int loop_attach(const char *file, uint32_t sector_bytes, char *path, size_t size, struct errbuf *err)
{
	int file_fd = open(file, O_RDWR | O_CLOEXEC), fd = -EBUSY;

	if (file_fd < 0)
		return errbuf_set(err, -errno, "%s: %s", file, strerror(errno));
	for (unsigned int i = 0; i < MAX_TRIES && fd == -EBUSY; i++) {
		fd = find_free(path, size);
		if (fd == 0)
			fd = configure(path, file_fd, sector_bytes);
	}
	close(file_fd);
	return fd < 0 ? errbuf_set(err, fd, "a loop device with sectors of %u octets: %s", sector_bytes, strerror(-fd))
		      : fd;
}
