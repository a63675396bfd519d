// SPDX-License-Identifier: MIT
#include "backend/usb/host_devices.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/base/parse.h"

enum { CLASS_HUB = 9 };

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const char *skip_digits(const char *at)
{
	while (isdigit((unsigned char)*at))
		at++;
	return at;
}

/* BUS-PORT[.PORT...]. Root hubs, "usb1", and interfaces, "1-1:1.0", are not. */
static bool is_path(const char *name)
{
	const char *at = skip_digits(name);

	if (at == name || *at != '-')
		return false;
	do {
		const char *port = ++at;

		at = skip_digits(port);
		if (at == port)
			return false;
	} while (*at == '.');
	return *at == '\0' && strlen(name) < sizeof(((struct usb_host_device *)0)->path);
}

struct identity {
	unsigned int vendor, product;
	const char *serial; /* NULL: any */
};

static bool is_hex4(const char *at)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return false;
	}
	return true;
}

static bool parse_identity(const char *name, struct identity *identity)
{
	if (strlen(name) < 9 || !is_hex4(name) || name[4] != ':' || !is_hex4(name + 5) ||
	    (name[9] != '\0' && name[9] != ':'))
		return false;
	identity->vendor = (unsigned int)strtoul(name, NULL, 16);
	identity->product = (unsigned int)strtoul(name + 5, NULL, 16);
	identity->serial = name[9] ? name + 10 : NULL;
	return true;
}

bool usb_host_device_is_name(const char *name)
{
	struct identity ignored;

	return is_path(name) || parse_identity(name, &ignored);
}

/* ---- what the kernel says -------------------------------------------------------------------------------------- */

/* An attribute without its newline; "": there is none. */
static void read_attribute(const char *sysfs, const char *path, const char *name, char *text, size_t size)
{
	char file[PATH_MAX];
	ssize_t nr = -1;
	int fd;

	snprintf(file, sizeof(file), "%s/%s/%s", sysfs, path, name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		nr = read(fd, text, size - 1);
		close(fd);
	}
	text[nr > 0 ? nr : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static uint32_t read_number(const char *sysfs, const char *path, const char *name, int base)
{
	char text[32];

	read_attribute(sysfs, path, name, text, sizeof(text));
	return (uint32_t)strtoul(text, NULL, base);
}

/* false: it is not there, or going. */
static bool read_device(const char *sysfs, const char *path, struct usb_host_device *device)
{
	*device = (struct usb_host_device){
		.bus = read_number(sysfs, path, "busnum", 10),
		.number = read_number(sysfs, path, "devnum", 10),
		.mbit_per_s = read_number(sysfs, path, "speed", 10),
		.vendor = (uint16_t)read_number(sysfs, path, "idVendor", 16),
		.product = (uint16_t)read_number(sysfs, path, "idProduct", 16),
		.class = (uint8_t)read_number(sysfs, path, "bDeviceClass", 16),
	};
	snprintf(device->path, sizeof(device->path), "%.31s", path);
	read_attribute(sysfs, path, "serial", device->serial, sizeof(device->serial));
	read_attribute(sysfs, path, "product", device->name, sizeof(device->name));
	return device->bus > 0 && device->number > 0;
}

static bool is_it(const struct usb_host_device *device, const struct identity *identity)
{
	return device->vendor == identity->vendor && device->product == identity->product &&
	       (!identity->serial || strcmp(device->serial, identity->serial) == 0);
}

static int find_by_identity(const char *sysfs, const char *name, const struct identity *identity,
			    struct usb_host_device *found, struct errbuf *err)
{
	struct usb_host_device device;
	const struct dirent *entry;
	DIR *dir = opendir(sysfs);
	bool has_found = false;
	int rc = 0;

	while (rc == 0 && dir && (entry = readdir(dir))) {
		if (!is_path(entry->d_name) || !read_device(sysfs, entry->d_name, &device) || !is_it(&device, identity))
			continue;
		if (has_found)
			rc = errbuf_set(err, -ENOTUNIQ, "%.100s: %s and %s are both such: name one by that", name,
					found->path, device.path);
		*found = device;
		has_found = true;
	}
	if (dir)
		closedir(dir);
	if (rc || has_found)
		return rc;
	return errbuf_set(err, -ENODEV, "%.100s: there is no such USB device here now", name);
}

int usb_host_device_find(const char *sysfs, const char *name, struct usb_host_device *device, struct errbuf *err)
{
	struct identity identity;

	if (parse_identity(name, &identity))
		return find_by_identity(sysfs, name, &identity, device, err);
	if (!is_path(name))
		return errbuf_set(err, -EINVAL, "'%.100s' does not name a USB device: expected BUS-PORT (3-1.5), "
				  "VENDOR:PRODUCT (0781:5581), that with :SERIAL, or one that begins with fake: or "
				  "usbredir:", name);
	if (read_device(sysfs, name, device))
		return 0;
	return errbuf_set(err, -ENODEV, "%s: there is no USB device at that port now", name);
}

static int is_path_of(const struct dirent *entry)
{
	return is_path(entry->d_name);
}

int usb_host_devices_list(const char *sysfs, void (*visit)(const struct usb_host_device *device), struct errbuf *err)
{
	struct usb_host_device device;
	struct dirent **entries;
	int nr = scandir(sysfs, &entries, is_path_of, versionsort);

	if (nr < 0)
		return errbuf_set(err, -errno, "%s: %s: has this kernel a driver for USB?", sysfs, strerror(errno));
	for (int i = 0; i < nr; i++) {
		if (read_device(sysfs, entries[i]->d_name, &device))
			visit(&device);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int usb_host_device_descriptors(const char *sysfs, const char *path, uint8_t *octets, int size)
{
	char file[PATH_MAX];
	ssize_t nr;
	int fd;

	snprintf(file, sizeof(file), "%s/%s/descriptors", sysfs, path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	nr = read(fd, octets, size);
	close(fd);
	return nr < 0 ? -EIO : (int)nr;
}

/* ---- whether it may go ----------------------------------------------------------------------------------------- */

enum usb_speed usb_host_device_speed(const struct usb_host_device *device)
{
	switch (device->mbit_per_s) {
	case 1:
		return USB_SPEED_LOW;
	case 12:
		return USB_SPEED_FULL;
	case 480:
		return USB_SPEED_HIGH;
	default:
		return USB_SPEED_NONE;
	}
}

/* Of this domain's mounted file systems and swap; NULL: none is on that block device. */
static const char *mounted_from(dev_t block, const char *table, char *text, size_t size)
{
	FILE *mounts = setmntent(table, "r");
	const char *found = NULL;
	struct mntent *entry;
	struct stat st;

	while (mounts && !found && (entry = getmntent(mounts))) {
		if (stat(entry->mnt_fsname, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != block)
			continue;
		snprintf(text, size, "%s of %s", entry->mnt_dir, entry->mnt_fsname);
		found = text;
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

/* That is made of it: dm-0, md0. NULL: none. */
static const char *held_by(const char *dir, char *text, size_t size)
{
	const struct dirent *entry;
	const char *found = NULL;
	char path[PATH_MAX + sizeof("/holders")];
	DIR *holders;

	snprintf(path, sizeof(path), "%s/holders", dir);
	holders = opendir(path);
	while (holders && !found && (entry = readdir(holders))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(text, size, "%.100s is on it", entry->d_name);
		found = text;
	}
	if (holders)
		closedir(holders);
	return found;
}

/* The kernel's own word, also for what is in neither table: a file system of several devices has one of them there. */
static const char *claimed(const char *dir, char *text, size_t size)
{
	int fd;

	snprintf(text, size, "/dev/%.200s", strrchr(dir, '/') + 1);
	fd = open(text, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_EXCL);
	if (fd < 0)
		return errno == EBUSY ? text : NULL;
	close(fd);
	return NULL;
}

static int check_block(const char *dir, const struct usb_host_device *device, struct errbuf *err)
{
	unsigned int block_major, block_minor;
	char number[32], text[256];

	read_attribute(dir, "", "dev", number, sizeof(number));
	if (sscanf(number, "%5u:%7u", &block_major, &block_minor) != 2)
		return 0;
	if (mounted_from(makedev(block_major, block_minor), "/proc/self/mounts", text, sizeof(text)) ||
	    mounted_from(makedev(block_major, block_minor), "/proc/swaps", text, sizeof(text)) ||
	    held_by(dir, text, sizeof(text)) || claimed(dir, text, sizeof(text)))
		return errbuf_set(err, -EBUSY, "%s: this domain uses it itself: %s", device->path, text);
	return 0;
}

/* Everything below that is a block device, or has one: interfaces, hosts, targets, disks, their partitions. */
static int check_blocks_below(const char *dir, unsigned int depth, const struct usb_host_device *device,
			      struct errbuf *err)
{
	const struct dirent *entry;
	char below[PATH_MAX];
	struct stat st;
	DIR *here = opendir(dir);
	int rc = 0;

	while (rc == 0 && here && (entry = readdir(here))) {
		if (entry->d_name[0] == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", dir, entry->d_name) >= (int)sizeof(below) ||
		    lstat(below, &st) || !S_ISDIR(st.st_mode))
			continue;
		if (strstr(below, "/block/"))
			rc = check_block(below, device, err);
		if (rc == 0 && depth > 0)
			rc = check_blocks_below(below, depth - 1, device, err);
	}
	if (here)
		closedir(here);
	return rc;
}

int usb_host_device_check(const char *sysfs, const struct usb_host_device *device, struct errbuf *err)
{
	char dir[PATH_MAX];

	if (device->class == CLASS_HUB)
		return errbuf_set(err, -EPERM, "%s is a hub: give what is behind it, by its own port", device->path);
	if (usb_host_device_speed(device) == USB_SPEED_NONE)
		return errbuf_set(err, -EPROTONOSUPPORT,
				  "%s has a SuperSpeed link of %u Mbit/s, which PV USB has not: plug it into a port, "
				  "or by a cable, of USB 2", device->path, device->mbit_per_s);
	snprintf(dir, sizeof(dir), "%s/%s/", sysfs, device->path);
	return check_blocks_below(dir, 7, device, err); /* 1-1:1.0/host/target/lun/block/sda/sda1 */
}
