// SPDX-License-Identifier: MIT
#include "frontend/user/netload/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int control(int fd, const char *name, const char *what, unsigned long request, const void *arg,
		   struct errbuf *err)
{
	int rc;

	if (ioctl(fd, request, arg) == 0)
		return 0;
	rc = -errno;
	return errbuf_set(err, rc, "%s: %s: %s", name, what, strerror(-rc));
}

static int set_identity(const char *name, const struct net_identity *identity, struct errbuf *err)
{
	struct ifreq ifr = { .ifr_mtu = (int)identity->mtu };
	int fd, rc;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errbuf_set(err, -errno, "%s: socket: %s", name, strerror(errno));
	memcpy(ifr.ifr_name, name, strlen(name));
	rc = control(fd, name, "its MTU", SIOCSIFMTU, &ifr, err);
	if (rc == 0 && identity->has_mac) {
		ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
		memcpy(ifr.ifr_hwaddr.sa_data, identity->mac, sizeof(identity->mac));
		rc = control(fd, name, "its MAC", SIOCSIFHWADDR, &ifr, err);
	}
	close(fd);
	return rc;
}

static int make_tap(int fd, const char *name, bool has_several_queues, unsigned int offloads, struct errbuf *err)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header_bytes = sizeof(struct virtio_net_hdr), rc;

	memcpy(ifr.ifr_name, name, strlen(name));
	if (has_several_queues)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	rc = control(fd, name, "TUNSETIFF", TUNSETIFF, &ifr, err);
	if (rc == 0)
		rc = control(fd, name, "TUNSETVNETHDRSZ", TUNSETVNETHDRSZ, &header_bytes, err);
	if (rc == 0)
		rc = control(fd, name, "TUNSETOFFLOAD", TUNSETOFFLOAD, (const void *)(uintptr_t)offloads, err);
	return rc;
}

int netload_tap_open(const char *name, bool has_several_queues, unsigned int offloads,
		     const struct net_identity *identity, struct errbuf *err)
{
	int fd, rc;

	if (strlen(name) >= IFNAMSIZ)
		return errbuf_set(err, -ENAMETOOLONG, "'%s': an interface's name has 15 letters at most", name);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errbuf_set(err, -errno, "/dev/net/tun: %s", strerror(errno));
	rc = make_tap(fd, name, has_several_queues, offloads, err);
	if (rc == 0)
		rc = set_identity(name, identity, err);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

ssize_t netload_tap_read(int fd, struct virtio_net_hdr *hdr, void *frame, size_t size)
{
	struct iovec iov[] = { { hdr, sizeof(*hdr) }, { frame, size } };
	ssize_t r = readv(fd, iov, 2);

	if (r < 0)
		return -errno;
	return r < (ssize_t)sizeof(*hdr) ? -EIO : r - (ssize_t)sizeof(*hdr);
}

int netload_tap_write(int fd, const struct virtio_net_hdr *hdr, const void *frame, size_t len)
{
	struct iovec iov[] = { { (void *)hdr, sizeof(*hdr) }, { (void *)frame, len } };

	return writev(fd, iov, 2) < 0 ? -errno : 0;
}
