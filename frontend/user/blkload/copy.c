// SPDX-License-Identifier: MIT
/* read and write: the disk to a file, a file to the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/user/blkload/load.h"
#include "frontend/user/blkload/progress.h"
#include "frontend/user/segments.h"

struct copy {
	struct blkload *bl;
	int fd;
	bool is_pipe; /* of which the bytes come and go in order, one request at a time */
	bool is_write, has_failed, is_flushed;
	uint64_t first, next, end; /* sectors */
	uint64_t done_bytes;
	uint32_t nr_failed;
	uint64_t failed_sector; /* the lowest of those that failed */
	uint32_t failed_sectors;
	int failed_rc;
};

static bool copy_failed(struct copy *copy, const char *what)
{
	blkload_error("%s: %s: %s", copy->bl->config->file, what, strerror(errno));
	copy->has_failed = true;
	return false;
}

/* All of it, or until the end of the file. -1: errno says why. */
static ssize_t read_fully(int fd, bool is_pipe, uint8_t *buf, size_t len, off_t at)
{
	size_t got = 0;
	ssize_t r;

	while (got < len) {
		r = is_pipe ? read(fd, buf + got, len - got) : pread(fd, buf + got, len - got, at + got);
		if (r < 0 && errno == EINTR && !blkload_stop)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += r;
	}
	return got;
}

static bool write_fully(int fd, bool is_pipe, const uint8_t *buf, size_t len, off_t at)
{
	size_t put = 0;
	ssize_t r;

	while (put < len) {
		r = is_pipe ? write(fd, buf + put, len - put) : pwrite(fd, buf + put, len - put, at + put);
		if (r < 0 && errno == EINTR && !blkload_stop)
			continue;
		if (r < 0)
			return false;
		put += r;
	}
	return true;
}

static enum load_next next_flush(struct copy *copy, struct load_request *req)
{
	if (!copy->is_write || copy->is_flushed || !copy->bl->disk->can_flush)
		return LOAD_END;
	if (blkfront_nr_out(copy->bl->front))
		return LOAD_WAIT; /* a flush covers what is complete */
	copy->is_flushed = true;
	*req = (struct load_request){ .operation = BLKIF_OP_FLUSH_DISKCACHE };
	return LOAD_SUBMIT;
}

/* A pipe's length is known only at its end. */
static bool is_at_end(struct copy *copy)
{
	uint8_t byte;
	ssize_t got;

	if (!copy->is_write || !copy->is_pipe || copy->is_flushed)
		return true;
	got = read_fully(copy->fd, true, &byte, 1, 0);
	if (got > 0)
		errno = EFBIG;
	return got == 0 || copy_failed(copy, got > 0 ? "it does not fit" : "read");
}

static enum load_next next_copy(void *job, struct blkfront_io *io, struct load_request *req)
{
	struct copy *copy = job;
	uint32_t unit = copy->bl->disk->sector_bytes / BLK_SECTOR_BYTES;
	uint32_t most = blkfront_buffer_sectors(copy->bl->front) / unit * unit;
	uint64_t left = copy->end - copy->next;
	ssize_t got;

	if (copy->has_failed)
		return LOAD_END;
	if (left == 0)
		return is_at_end(copy) ? next_flush(copy, req) : LOAD_END;
	*req = (struct load_request){
		.operation = copy->is_write ? BLKIF_OP_WRITE : BLKIF_OP_READ,
		.sector = copy->next,
		.nr_sectors = left < most ? left : most,
	};
	if (copy->is_write) {
		size_t len = (size_t)req->nr_sectors * BLK_SECTOR_BYTES;

		got = read_fully(copy->fd, copy->is_pipe, io->data, len, (copy->next - copy->first) * BLK_SECTOR_BYTES);
		if (got < 0)
			return copy_failed(copy, "read"), LOAD_END;
		if (got < (ssize_t)len) { /* the end: what is left of its last sector is zeroes */
			memset(io->data + got, 0, len - got);
			req->nr_sectors = (got + unit * BLK_SECTOR_BYTES - 1) / (unit * BLK_SECTOR_BYTES) * unit;
			copy->end = copy->next + req->nr_sectors;
			if (got == 0)
				return next_flush(copy, req);
		}
	}
	copy->next += req->nr_sectors;
	return LOAD_SUBMIT;
}

static void failed_request(struct copy *copy, const struct blkfront_io *io)
{
	copy->has_failed = true;
	if (copy->nr_failed++ && io->sector >= copy->failed_sector)
		return;
	copy->failed_sector = io->sector;
	copy->failed_sectors = io->nr_sectors;
	copy->failed_rc = io->rc;
}

static bool done_copy(void *job, struct blkfront_io *io, uint64_t latency_ns)
{
	struct copy *copy = job;
	size_t len = (size_t)io->nr_sectors * BLK_SECTOR_BYTES;

	if (io->rc == -EOPNOTSUPP && io->operation == BLKIF_OP_FLUSH_DISKCACHE)
		return true; /* the backend cannot after all: nobody can do more */
	if (io->rc) {
		failed_request(copy, io);
		return true; /* the others that are out may tell of an earlier sector */
	}
	if (!copy->is_write &&
	    !write_fully(copy->fd, copy->is_pipe, io->data, len, (io->sector - copy->first) * BLK_SECTOR_BYTES))
		return copy_failed(copy, "write");
	copy->done_bytes += len;
	return true;
}

static void tick_copy(void *job, double seconds)
{
	const struct copy *copy = job;
	uint64_t all = (copy->end - copy->first) * BLK_SECTOR_BYTES;

	progress_show(seconds, "%s %.0f of %.0f MiB, %.0f MiB/s", copy->is_write ? "wrote" : "read",
		      copy->done_bytes / 1048576.0, all / 1048576.0, copy->done_bytes / 1048576.0 / seconds);
}

static bool open_file(struct copy *copy, const char *file)
{
	struct stat st;

	if (strcmp(file, "-") == 0)
		copy->fd = dup(copy->is_write ? STDIN_FILENO : STDOUT_FILENO);
	else
		copy->fd = open(file, copy->is_write ? O_RDONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0666);
	if (copy->fd < 0 || fstat(copy->fd, &st) < 0)
		return copy_failed(copy, "open");
	copy->is_pipe = !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
	if (copy->is_write && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size > (copy->end - copy->first) * BLK_SECTOR_BYTES) {
		errno = EFBIG;
		return copy_failed(copy, "it does not fit");
	}
	return true;
}

static int run_copy(struct blkload *bl, bool is_write)
{
	struct copy copy = { .bl = bl, .fd = -1, .is_write = is_write };
	struct load load = { .bl = bl,
			     .depth = bl->config->depth,
			     .job = &copy,
			     .next = next_copy,
			     .done = done_copy,
			     .tick = tick_copy };
	bool ok = false;
	uint64_t nr;

	if (!blkload_range(bl, &copy.first, &nr))
		return EXIT_USAGE;
	copy.next = copy.first;
	copy.end = copy.first + nr;
	if (open_file(&copy, bl->config->file)) {
		if (copy.is_pipe)
			load.depth = 1;
		ok = load_run(&load) && !copy.has_failed;
	}
	if (copy.nr_failed)
		blkload_error("%s of sector %llu (%u sectors) failed: %s (%u requests failed in all)",
			      !is_write		    ? "read"
			      : copy.failed_sectors ? "write"
						    : "flush",
			      (unsigned long long)copy.failed_sector, copy.failed_sectors, strerror(-copy.failed_rc),
			      copy.nr_failed);
	if (copy.fd >= 0 && close(copy.fd) < 0 && ok)
		ok = copy_failed(&copy, "close");
	if (ok && blkload_stop) {
		blkload_error("stopped by a signal, not complete");
		ok = false;
	}
	if (ok) {
		double seconds = (load.ended_ns - load.begun_ns) / 1e9;

		progress_end();
		fprintf(stderr, "%s %llu bytes in %.2f s, %.0f MiB/s\n", is_write ? "wrote" : "read",
			(unsigned long long)copy.done_bytes, seconds, copy.done_bytes / 1048576.0 / seconds);
	}
	return ok ? EXIT_OK : EXIT_IO;
}

int blkload_read(struct blkload *bl)
{
	return run_copy(bl, false);
}

int blkload_write(struct blkload *bl)
{
	if (bl->disk->is_read_only) {
		blkload_error("the disk is read-only");
		return EXIT_IO;
	}
	return run_copy(bl, true);
}
