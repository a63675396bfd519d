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

#include "common/base/errbuf.h"

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

static int exchange(FILE *stream, const char *path, const json_t *request, char **line, struct errbuf *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t size = 0;
	int r;

	if (!text)
		return errbuf_set(err, -ENOMEM, "no memory");
	r = fprintf(stream, "%s\n", text) < 0 || fflush(stream);
	free(text);
	if (r || getline(line, &size, stream) < 0)
		return errbuf_set(err, -EPROTO, "%s: the daemon gave no answer within %d s", path, CLIENT_SECONDS);
	return 0;
}

int client_ask(const char *path, const json_t *request, json_t **reply, struct errbuf *err)
{
	char *line = NULL;
	FILE *stream;
	int fd = -1, rc;

	*reply = NULL;
	rc = connect_to(path, &fd, err);
	if (rc)
		return rc;
	stream = fdopen(fd, "r+");
	if (!stream) {
		close(fd);
		return errbuf_set(err, -ENOMEM, "no memory");
	}
	rc = exchange(stream, path, request, &line, err);
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
