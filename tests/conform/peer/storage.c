// SPDX-License-Identifier: MIT
#include "tests/conform/peer/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conform/peer/judge.h"

static int storage_fd = -1;

int storage_make(char *path, size_t size, struct errbuf *err)
{
	static uint8_t bytes[DISK_SECTORS * 512];

	pattern_fill(bytes, 0, DISK_SECTORS);
	if (storage_fd >= 0)
		close(storage_fd);
	storage_fd = memfd_create("conform", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (storage_fd < 0 || write(storage_fd, bytes, sizeof(bytes)) != sizeof(bytes))
		return errbuf_set(err, -errno, "a file in memory: %s", strerror(errno));
	snprintf(path, size, "/proc/%d/fd/%d", getpid(), storage_fd);
	return 0;
}

int storage_fail(struct errbuf *err)
{
	if (fcntl(storage_fd, F_ADD_SEALS, F_SEAL_WRITE))
		return errbuf_set(err, -errno, "sealing a file in memory: %s", strerror(errno));
	return 0;
}

int storage_measure(const char *params, uint64_t *size_bytes, struct errbuf *err)
{
	const char *path = strchr(params, '/');
	struct stat st;

	if (!path || stat(path, &st))
		return errbuf_set(err, -errno, "%s: %s", params, strerror(errno));
	*size_bytes = st.st_size;
	return 0;
}

int storage_resize(const char *params, uint64_t size_bytes, struct errbuf *err)
{
	const char *path = strchr(params, '/');

	if (!path || truncate(path, size_bytes))
		return errbuf_set(err, -errno, "%s: %s", params, strerror(errno));
	return 0;
}
