// SPDX-License-Identifier: MIT
/* A raw file, or a block device, as a disk's storage. */
#include "tests/conform/scripted/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "tests/conform/violate.h"

/* ---- what the toolstack asks for ------------------------------------------------------------------------------- */

static int parse_word(struct back *back, const char *name, const char *absent, const char *no, const char *yes,
		      bool *is_yes, struct errbuf *err)
{
	char word[16];
	int rc = xb_read_string_or(back->store, back->dev.dir, name, absent, word, sizeof(word), err);

	if (rc == 0 && strcmp(word, no) != 0 && strcmp(word, yes) != 0)
		rc = errbuf_set(err, -EINVAL, "%s: '%s': expected %s or %s", name, word, no, yes);
	*is_yes = rc == 0 && strcmp(word, yes) == 0;
	return rc;
}

static int parse_nodes(struct disk *disk, char *path, size_t size)
{
	struct back *back = &disk->back;
	bool is_writable = false;
	int rc;

	rc = xb_read_string(back->store, back->dev.dir, "params", path, size, &disk->fault);
	if (rc == 0)
		rc = parse_word(back, "mode", "", "r", "w", &is_writable, &disk->fault);
	if (rc == 0)
		rc = parse_word(back, "device-type", "disk", "disk", "cdrom", &back->is_cdrom, &disk->fault);
	if (rc == 0)
		rc = parse_word(back, "discard-enable", "1", "0", "1", &back->has_discard, &disk->fault);
	if (violates("BLK-60"))
		back->has_discard = true;
	back->is_read_only = !is_writable || back->is_cdrom;
	return rc;
}

/* ---- open and close -------------------------------------------------------------------------------------------- */

/* The device knows its sectors better than our option does. */
static bool read_sizes(struct disk *disk, uint64_t *size_bytes)
{
	struct stat st;
	int sector_bytes;

	if (fstat(disk->fd, &st))
		return false;
	*size_bytes = st.st_size;
	if (!S_ISBLK(st.st_mode))
		return true;
	if (ioctl(disk->fd, BLKGETSIZE64, size_bytes) || ioctl(disk->fd, BLKSSZGET, &sector_bytes))
		return false;
	disk->back.sector_bytes = sector_bytes;
	return true;
}

static bool open_file(struct disk *disk, const char *path)
{
	bool is_read_only = disk->back.is_read_only && !violates("BLK-26");
	uint32_t sector_bytes;
	uint64_t size_bytes;

	disk->fd = open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (disk->fd < 0 || !read_sizes(disk, &size_bytes)) {
		errbuf_set(&disk->fault, -errno, "image %.300s: %s", path, strerror(errno));
		return false;
	}
	sector_bytes = disk->back.sector_bytes;
	disk->back.nr_sectors = size_bytes / BACK_SECTOR_BYTES;
	if (size_bytes == 0 || size_bytes % sector_bytes) {
		errbuf_set(&disk->fault, -EINVAL, "image %.300s: its size is no multiple of %u", path, sector_bytes);
		return false;
	}
	return true;
}

bool image_open(struct disk *disk)
{
	char path[1024];

	disk->fd = -1;
	if (parse_nodes(disk, path, sizeof(path)) == 0 && open_file(disk, path))
		return true;
	image_close(disk);
	return false;
}

static uint64_t file_sectors(const struct disk *disk)
{
	struct stat st;

	if (fstat(disk->fd, &st) || !S_ISREG(st.st_mode))
		return disk->back.nr_sectors;
	return (uint64_t)st.st_size / BACK_SECTOR_BYTES;
}

/* It may be less by now than what was offered. */
uint64_t image_nr_sectors(const struct disk *disk)
{
	uint64_t nr_sectors = file_sectors(disk);

	return nr_sectors < disk->back.nr_sectors && !violates("BLK-39") ? nr_sectors : disk->back.nr_sectors;
}

bool image_has_grown(struct disk *disk)
{
	uint64_t nr_sectors = file_sectors(disk);

	if (nr_sectors <= disk->back.nr_sectors || violates("BLK-37"))
		return false;
	disk->back.nr_sectors = nr_sectors;
	return true;
}

static bool write_now(struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	return pwrite(disk->fd, bytes, len, sector * BACK_SECTOR_BYTES) == (ssize_t)len;
}

/* ---- writes that come too late, for those who break the clauses about order -------------------------------------- */

struct late_write {
	bool is_there;
	unsigned int connection;
	uint64_t sector;
	size_t len;
	uint8_t bytes[DISK_MAX_SEGMENTS * BACK_PAGE_BYTES];
};

static struct late_write put_off, last;

static void remember(struct late_write *write, const struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	write->is_there = true;
	write->connection = disk->nr_connections;
	write->sector = sector;
	write->len = len;
	memcpy(write->bytes, bytes, len);
}

static bool do_late(struct disk *disk, struct late_write *write)
{
	bool was_there = write->is_there;

	write->is_there = false;
	return !was_there || write_now(disk, write->sector, write->bytes, write->len);
}

static bool do_later(struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	bool is_done = do_late(disk, &put_off);

	remember(&put_off, disk, sector, bytes, len);
	return is_done;
}

/* Of the connection before. */
static void do_last_again(struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	if (violates("BUS-36") && last.connection != disk->nr_connections)
		do_late(disk, &last);
	remember(&last, disk, sector, bytes, len);
}

/* ---- reading and writing --------------------------------------------------------------------------------------- */

/* Only what nobody has judged gets here. */
static bool is_beyond(const struct disk *disk, uint64_t sector, size_t len)
{
	uint64_t nr_sectors = len / BACK_SECTOR_BYTES;

	return sector >= disk->back.nr_sectors || nr_sectors > disk->back.nr_sectors - sector;
}

bool image_read(struct disk *disk, uint64_t sector, void *bytes, size_t len)
{
	if (violates("BLK-25") && is_beyond(disk, sector, len))
		return memset(bytes, 0, len);
	if (violates("BLK-51") || violates("BLK-52"))
		do_late(disk, &put_off);
	if (violates("BLK-39"))
		memset(bytes, 0, len);
	return pread(disk->fd, bytes, len, sector * BACK_SECTOR_BYTES) == (ssize_t)len || violates("BLK-39");
}

bool image_write(struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	if (violates("BLK-25") && is_beyond(disk, sector, len))
		return true;
	if (violates("BLK-44") || violates("BLK-51"))
		return do_later(disk, sector, bytes, len);
	if (!write_now(disk, sector, bytes, len))
		return false;
	do_last_again(disk, sector, bytes, len);
	return do_late(disk, &put_off);
}

bool image_flush(struct disk *disk)
{
	return do_late(disk, &put_off) && fdatasync(disk->fd) == 0;
}

bool image_barrier(struct disk *disk, uint64_t sector, const void *bytes, size_t len)
{
	if (violates("BLK-51"))
		return write_now(disk, sector, bytes, len) && image_flush(disk);
	if (violates("BLK-52"))
		return do_later(disk, sector, bytes, len);
	return image_flush(disk) && write_now(disk, sector, bytes, len) && image_flush(disk);
}

/* As much of it as the file system can forget, which may be nothing. */
void image_discard(struct disk *disk, uint64_t sector, uint64_t nr_sectors)
{
	if (violates("BLK-57"))
		nr_sectors++;
	(void)!fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, sector * BACK_SECTOR_BYTES,
			 nr_sectors * BACK_SECTOR_BYTES);
}

void image_close(struct disk *disk)
{
	if (disk->fd < 0)
		return;
	do_late(disk, &put_off);
	last.is_there = false;
	close(disk->fd);
	disk->fd = -1;
}
