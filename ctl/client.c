// SPDX-License-Identifier: MIT
#include "ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"

#define LOOK_AGAIN_US 20000

int client_set_control(void *config, const char *value, struct errbuf *err)
{
	struct client_socket *socket = config;

	if (snprintf(socket->path, sizeof(socket->path), "%s", value) >= (int)sizeof(socket->path))
		return errbuf_set(err, -ENAMETOOLONG, "'%.40s...' is too long for a socket's path", value);
	return 0;
}

int client_set_name(void *config, const char *value, struct errbuf *err)
{
	struct client_socket *socket = config;

	if (!*value || strchr(value, '/') || strlen(value) > 64)
		return errbuf_set(err, -EINVAL, "'%.80s' is not a daemon's name", value);
	snprintf(socket->path, sizeof(socket->path), "%s/%s.sock", CLIENT_DIR, value);
	return 0;
}

static int connect_to(const char *path, int *out, struct errbuf *err)
{
	const struct timeval timeout = { .tv_sec = CLIENT_SECONDS };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = -1, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return errbuf_set(err, -ENAMETOOLONG, "%s: longer than a socket's path can be", path);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errbuf_set(err, -errno, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		rc = errbuf_set(err, -errno,
				"%s: no daemon answers there: %s (without one, xl gives only its own time-out)", path,
				strerror(errno));
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

/* Descriptors travel with the first byte; what a socket has no room for at once goes after it. */
static bool send_line(int fd, char *text, size_t len, const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(CLIENT_MAX_FDS * sizeof(int))];
	} room = { .bytes = "" };
	struct iovec iov = { text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t r;

	if (nr_fds > 0) {
		room.align = (struct cmsghdr){ CMSG_LEN(nr_fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&room.align), fds, nr_fds * sizeof(int));
		msg.msg_control = &room;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
	}
	while (iov.iov_len > 0 && (r = sendmsg(fd, &msg, MSG_NOSIGNAL)) > 0) {
		iov.iov_base = (char *)iov.iov_base + r;
		iov.iov_len -= r;
		msg.msg_controllen = 0;
	}
	return iov.iov_len == 0;
}

static int exchange(FILE *stream, const char *path, const json_t *request, const int *fds, unsigned int nr_fds,
		    char **line, struct errbuf *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t size = 0, len;
	bool is_sent;

	if (!text)
		return errbuf_set(err, -ENOMEM, "no memory");
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL */
	is_sent = send_line(fileno(stream), text, len + 1, fds, nr_fds);
	free(text);
	if (!is_sent || getline(line, &size, stream) < 0)
		return errbuf_set(err, -EPROTO, "%s: the daemon gave no answer within %d s", path, CLIENT_SECONDS);
	return 0;
}

int client_ask(const char *path, const json_t *request, json_t **reply, struct errbuf *err)
{
	return client_ask_with(path, request, NULL, 0, reply, err);
}

int client_ask_with(const char *path, const json_t *request, const int *fds, unsigned int nr_fds, json_t **reply,
		    struct errbuf *err)
{
	char *line = NULL;
	FILE *stream;
	int fd = -1, rc;

	*reply = NULL;
	rc = connect_to(path, &fd, err);
	if (rc)
		return rc;
	stream = fdopen(fd, "r");
	if (!stream) {
		close(fd);
		return errbuf_set(err, -ENOMEM, "no memory");
	}
	rc = exchange(stream, path, request, fds, nr_fds, &line, err);
	fclose(stream);
	if (rc == 0) {
		*reply = json_loads(line, 0, NULL);
		if (!json_is_object(*reply))
			rc = errbuf_set(err, -EPROTO, "%s: what came is no JSON object", path);
		else if (!json_is_true(json_object_get(*reply, "ok")))
			rc = errbuf_set(err, -EINVAL, "%s: %s", path,
					json_string_value(json_object_get(*reply, "error")) ?: "refused");
	}
	free(line);
	if (rc) {
		json_decref(*reply);
		*reply = NULL;
	}
	return rc;
}

const json_t *client_find(const json_t *status, const char *device)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "devices"), i, one) {
		if (strcmp(json_string_value(json_object_get(one, "device")) ?: "", device) == 0)
			return one;
	}
	return NULL;
}

json_t *client_wait(const char *path, unsigned int seconds, client_is_over_fn *is_over, void *arg, struct errbuf *err)
{
	uint64_t until_ns = clock_now_ns() + seconds * NSEC_PER_SEC;
	json_t *request = json_pack("{s:s}", "cmd", "status"), *status;

	while (client_ask(path, request, &status, err) == 0 && !is_over(status, arg) && clock_now_ns() < until_ns) {
		json_decref(status);
		usleep(LOOK_AGAIN_US);
	}
	json_decref(request);
	return status;
}
