// SPDX-License-Identifier: MIT
#include "backend/usb/hotplug.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/core/device.h"
#include "common/base/log.h"

#define KERNEL_GROUP 1

static struct loop_fd lfd;
static struct device_host *watched;
static void (*tell)(struct device_host *host);
static struct loop_msg gone_msg;
static bool is_posted; /* atomic */

/* "add@/devices/...", and then NAME=VALUE strings. */
static bool is_about_usb(const char *message, size_t len)
{
	const char *end = message + len;

	if (strncmp(message, "add@", 4) != 0 && strncmp(message, "remove@", 7) != 0)
		return false;
	for (const char *at = message; at < end; at += strlen(at) + 1) {
		if (strcmp(at, "DEVTYPE=usb_device") == 0)
			return true;
	}
	return false;
}

/* What was lost for want of room may have been anything. */
static void readable(struct loop_fd *fd)
{
	bool has_changed = false;
	char message[8192];
	ssize_t nr;

	while ((nr = recv(fd->fd, message, sizeof(message) - 1, 0)) >= 0 || errno == ENOBUFS || errno == EINTR) {
		message[nr > 0 ? nr : 0] = '\0';
		has_changed |= nr < 0 || is_about_usb(message, (size_t)nr);
	}
	if (has_changed)
		tell(watched);
}

static void run_gone(struct loop_msg *msg)
{
	__atomic_store_n(&is_posted, false, __ATOMIC_RELEASE);
	tell(watched);
}

void usb_hotplug_gone(void)
{
	if (!__atomic_exchange_n(&is_posted, true, __ATOMIC_ACQ_REL))
		loop_post(watched->loop, &gone_msg);
}

void usb_hotplug_watch(struct device_host *host, void (*changed)(struct device_host *host))
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int fd;

	if (watched)
		return;
	watched = host;
	tell = changed;
	gone_msg.run = run_gone;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		log_warn("USB devices that come and go are not seen: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	loop_fd_add(host->loop, &lfd, fd, readable);
}
