// SPDX-License-Identifier: MIT
#include "backend/net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/errbuf.h"

#define TUN_PATH "/dev/net/tun"

static int say_why(const char *name, int rc, struct errbuf *err)
{
	if (rc == -EPERM)
		return errbuf_set(err, rc, "interface %s: cannot be made: it takes CAP_NET_ADMIN", name);
	if (rc == -EBUSY)
		return errbuf_set(err, rc, "interface %s: another process has it open", name);
	if (rc == -EINVAL)
		return errbuf_set(err, rc, "interface %s: there is one of another kind", name);
	return errbuf_set(err, rc, "interface %s: cannot be made: %s", name, strerror(-rc));
}

static int set_up(int fd, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int header_bytes = sizeof(struct virtio_net_hdr);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETHDRSZ, &header_bytes))
		return -errno;
	return 0;
}

static int add_queue(struct tap *tap, const char *name, struct errbuf *err)
{
	int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0)
		return errbuf_set(err, -errno, "%s: %s (is the module tun there?)", TUN_PATH, strerror(errno));
	rc = set_up(fd, name);
	if (rc) {
		close(fd);
		return say_why(name, rc, err);
	}
	tap->fd[tap->nr_queues++] = fd;
	return 0;
}

int tap_open(struct tap *tap, const char *name, struct errbuf *err)
{
	int rc;

	tap->nr_queues = 0;
	rc = add_queue(tap, name, err);
	if (rc == 0)
		snprintf(tap->name, sizeof(tap->name), "%s", name);
	return rc;
}

static void drop_queues(struct tap *tap, unsigned int nr_left)
{
	while (tap->nr_queues > nr_left)
		close(tap->fd[--tap->nr_queues]);
}

int tap_set_queues(struct tap *tap, unsigned int nr, struct errbuf *err)
{
	int rc = 0;

	drop_queues(tap, nr);
	while (rc == 0 && tap->nr_queues < nr)
		rc = add_queue(tap, tap->name, err);
	return rc;
}

void tap_close(struct tap *tap)
{
	if (*tap->name)
		drop_queues(tap, 0);
	*tap->name = '\0';
}

void tap_remove(struct tap *tap)
{
	if (*tap->name)
		(void)ioctl(tap->fd[0], TUNSETPERSIST, 0UL); /* it goes with its last queue */
	tap_close(tap);
}

bool tap_is_there(const struct tap *tap)
{
	struct ifreq ifr;

	return *tap->name && ioctl(tap->fd[0], TUNGETIFF, &ifr) == 0;
}

static int set(struct tap *tap, unsigned long request, unsigned long value, const char *what, struct errbuf *err)
{
	if (ioctl(tap->fd[0], request, value) == 0)
		return 0;
	return errbuf_set(err, -errno, "interface %s: cannot %s: %s", tap->name, what, strerror(errno));
}

int tap_keep(struct tap *tap, struct errbuf *err)
{
	return set(tap, TUNSETPERSIST, 1, "be kept", err);
}

int tap_set_offloads(struct tap *tap, unsigned int offloads, struct errbuf *err)
{
	return set(tap, TUNSETOFFLOAD, offloads, "leave checksums to the guest", err);
}

void tap_set_carrier(struct tap *tap, bool is_on)
{
	int carrier = is_on;

	if (*tap->name)
		(void)ioctl(tap->fd[0], TUNSETCARRIER, &carrier); /* it is a matter of what is shown */
}
