// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/usb/redir.h"

#define UNIX "unix:"

static int wait_connected(int fd, unsigned int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0, r = poll(&pollfd, 1, (int)timeout_ms);

	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -errno;
	return -error;
}

/* The socket, or -errno. */
static int connect_to(int family, const void *address, socklen_t len, unsigned int timeout_ms)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, len))
		rc = errno == EINPROGRESS ? wait_connected(fd, timeout_ms) : -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static int connect_unix(const char *path, unsigned int timeout_ms, struct errbuf *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return errbuf_set(err, -EINVAL,
				  "usbredir:" UNIX "%.120s: expected an absolute path of at most %zu bytes", path,
				  sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	return connect_to(AF_UNIX, &address, sizeof(address), timeout_ms);
}

/* A machine that is gone without a word is noticed, and small transfers are not held back. */
static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },       { IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 10 },     { IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },       { IPPROTO_TCP, TCP_USER_TIMEOUT, 25000 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* HOST:PORT, of which an IPv6 address stands in brackets. */
static bool split(const char *address, char host[200], const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;

	if (len == 0 || len >= 200 || !colon[1])
		return false;
	*port = colon + 1;
	if (address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	snprintf(host, 200, "%.*s", (int)len, address);
	return len > 0;
}

static int connect_tcp(const char *address, unsigned int timeout_ms, struct errbuf *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found;
	const char *port;
	char host[200];
	int fd = -ENODEV, r;

	if (!split(address, host, &port))
		return errbuf_set(err, -EINVAL,
				  "'usbredir:%.150s': expected usbredir:HOST:PORT or usbredir:" UNIX "PATH", address);
	r = getaddrinfo(host, port, &hints, &found);
	if (r)
		return errbuf_set(err, -ENODEV, "usbredir:%.150s: %s", address, gai_strerror(r));
	for (struct addrinfo *one = found; one && fd < 0; one = one->ai_next)
		fd = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen, timeout_ms);
	freeaddrinfo(found);
	if (fd >= 0)
		set_options(fd);
	return fd;
}

int redir_connect(const char *address, unsigned int timeout_ms, struct errbuf *err)
{
	int fd;

	err->text[0] = '\0';
	if (strncmp(address, UNIX, strlen(UNIX)) == 0)
		fd = connect_unix(address + strlen(UNIX), timeout_ms, err);
	else
		fd = connect_tcp(address, timeout_ms, err);
	if (fd >= 0 || err->text[0])
		return fd;
	return errbuf_set(err, -ENODEV, "usbredir:%.150s: %s", address, strerror(-fd));
}
