// SPDX-License-Identifier: MIT
#include "backend/net/static_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   "PVRINGG"
#define VERSION 1

static_assert(sizeof(struct net_static_list) == 4 + 8 * NET_STATIC_MAX_PAGES,
	      "the file's layout: a change needs a new VERSION");
static_assert(sizeof(struct net_static_file) == 16 + 176 + 8 + 2 * sizeof(struct net_static_list), "as above");

static off_t place_of(unsigned int queue)
{
	off_t page = sysconf(_SC_PAGESIZE);

	return queue * ((sizeof(struct net_static_file) + page - 1) / page * page);
}

static int map_place(struct net_static_file **file, int fd, unsigned int queue)
{
	void *area = mmap(NULL, sizeof(**file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, place_of(queue));

	if (area == MAP_FAILED)
		return -errno;
	*file = area;
	return 0;
}

int net_static_file_begin(struct net_static_file **file, const char *path, unsigned int queue,
			  const struct journal_identity *whose)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	/* On a full file system a store would be a SIGBUS. */
	rc = -posix_fallocate(fd, place_of(queue), sizeof(**file));
	if (rc == 0)
		rc = map_place(file, fd, queue);
	close(fd);
	if (rc)
		return rc;
	memset(*file, 0, sizeof(**file));
	memcpy((*file)->magic, MAGIC, sizeof((*file)->magic));
	(*file)->version = VERSION;
	(*file)->list_bytes = sizeof(struct net_static_list);
	(*file)->whose = *whose;
	return 0;
}

static bool is_ours(const struct net_static_file *file, const struct journal_identity *whose)
{
	return memcmp(file->magic, MAGIC, sizeof(file->magic)) == 0 && file->version == VERSION &&
	       file->list_bytes == sizeof(struct net_static_list) &&
	       memcmp(&file->whose, whose, sizeof(*whose)) == 0 &&
	       net_static_file_list(file)->nr <= NET_STATIC_MAX_PAGES;
}

int net_static_file_resume(struct net_static_file **file, const char *path, unsigned int queue,
			   const struct journal_identity *whose)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat stat;
	int rc = -ENOENT;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) == 0 && stat.st_size >= place_of(queue) + (off_t)sizeof(**file))
		rc = map_place(file, fd, queue);
	close(fd);
	if (rc || is_ours(*file, whose))
		return rc;
	net_static_file_close(*file);
	*file = NULL;
	return -ENOENT;
}

void net_static_file_close(struct net_static_file *file)
{
	if (file)
		munmap(file, sizeof(*file));
}

const struct net_static_list *net_static_file_list(const struct net_static_file *file)
{
	return &file->list[file->generation % 2];
}

struct net_static_list *net_static_file_next(struct net_static_file *file)
{
	struct net_static_list *next = &file->list[(file->generation + 1) % 2];

	next->nr = 0;
	return next;
}

void net_static_file_commit(struct net_static_file *file)
{
	/* Release: a daemon that finds it after our death finds what belongs to it. */
	__atomic_store_n(&file->generation, file->generation + 1, __ATOMIC_RELEASE);
}
