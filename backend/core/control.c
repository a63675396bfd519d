// SPDX-License-Identifier: MIT
#include "backend/core/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/core/metrics.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/base/log.h"

struct client {
	struct loop_fd lfd;
	struct control *control;
	struct loop_op writable;
	char *out; /* an answer that the socket has no room for yet; NULL: none */
	size_t out_len, out_sent;
	struct control_fds fds;
	size_t len;
	char line[CONTROL_MAX_LINE_BYTES];
};

struct control {
	struct loop *loop;
	struct loop_fd listener;
	int fd;
	bool owns_name; /* it goes with us; else another process answers there */
	struct sockaddr_un addr;
	control_handler *handler;
	void *context;
	struct client *clients[CONTROL_MAX_CLIENTS]; /* NULL: free */
};

static void close_fds(struct control_fds *fds)
{
	while (fds->nr > 0)
		close(fds->fd[--fds->nr]);
}

static void client_removed(struct loop_fd *lfd)
{
	struct client *client = container_of(lfd, struct client, lfd);

	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (client->control->clients[i] == client)
			client->control->clients[i] = NULL;
	}
	close(lfd->fd);
	close_fds(&client->fds);
	free(client->out);
	free(client);
}

/* NULL: there are too many. */
static struct client *new_client(struct control *control)
{
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (!control->clients[i]) {
			control->clients[i] = calloc(1, sizeof(*control->clients[i]));
			return control->clients[i];
		}
	}
	return NULL;
}

/* The rest goes when the client has read some; until then its next request is left where it is. */
static bool send_out(struct client *client)
{
	struct io_uring_sqe *sqe;
	ssize_t r;

	while (client->out_sent < client->out_len) {
		r = send(client->lfd.fd, client->out + client->out_sent, client->out_len - client->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (r < 0 && errno == EAGAIN) {
			sqe = loop_sqe(client->control->loop);
			io_uring_prep_poll_add(sqe, client->lfd.fd, POLLOUT);
			io_uring_sqe_set_data(sqe, &client->writable);
			return true;
		}
		if (r <= 0)
			return false;
		client->out_sent += r;
	}
	free(client->out);
	client->out = NULL;
	return true;
}

/* All JSON is the main thread's. jansson goes on without what it has no memory for: half an answer would look whole. */
static bool json_is_short;

static void *json_alloc(size_t size)
{
	void *p = malloc(size);

	json_is_short |= !p;
	return p;
}

static json_t *answer(struct client *client, const char *line, struct errbuf *err)
{
	struct control *control = client->control;
	json_t *request = json_loads(line, 0, NULL);
	const char *command = json_string_value(json_object_get(request, "cmd"));
	json_t *reply = NULL;

	if (!command)
		errbuf_set(err, -EINVAL, "expected one JSON object per line with a string \"cmd\"");
	else
		reply = control->handler(control->context, command, request, &client->fds, err);
	close_fds(&client->fds);
	json_decref(request);
	return reply;
}

static bool serve_line(struct client *client, const char *line)
{
	struct errbuf err = { "" };
	json_t *reply;

	json_is_short = false;
	reply = answer(client, line, &err);
	if (reply)
		json_object_set_new(reply, "ok", json_true());
	else
		reply = json_pack("{s:b, s:o}", "ok", 0, "error", text_json(err.text));
	client->out = reply && !json_is_short ? json_dumps(reply, JSON_COMPACT) : NULL;
	json_decref(reply);
	if (!client->out)
		return false;
	client->out_len = strlen(client->out) + 1;
	client->out_sent = 0;
	client->out[client->out_len - 1] = '\n'; /* in place of the NUL */
	return send_out(client);
}

/* Every whole line in the buffer, as long as the answers can be sent. */
static bool serve_lines(struct client *client)
{
	char *start = client->line, *end;

	while (!client->out && (end = memchr(start, '\n', client->line + client->len - start))) {
		*end = '\0';
		if (!serve_line(client, start))
			return false;
		start = end + 1;
	}
	client->len -= start - client->line;
	memmove(client->line, start, client->len);
	return client->len < sizeof(client->line);
}

/* The kernel gives no more descriptors than there is room for: what is over never becomes ours. */
static void take_fds(struct client *client, struct msghdr *msg)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		close_fds(&client->fds);
		client->fds.nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(client->fds.fd, CMSG_DATA(cmsg), client->fds.nr * sizeof(int));
	}
}

static ssize_t receive(struct client *client)
{
	struct iovec iov = { client->line + client->len, sizeof(client->line) - client->len };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(CONTROL_MAX_FDS * sizeof(int))];
	} room;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room) };
	ssize_t r = recvmsg(client->lfd.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (r > 0)
		take_fds(client, &msg);
	return r;
}

static void serve(struct client *client)
{
	ssize_t r;

	for (;;) {
		if (!serve_lines(client)) {
			log_debug("control socket: client dropped: line too long, or it is gone");
			break;
		}
		if (client->out)
			return;
		r = receive(client);
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (r <= 0)
			break;
		client->len += r;
	}
	loop_fd_remove(&client->lfd, client_removed);
}

static void client_readable(struct loop_fd *lfd)
{
	struct client *client = container_of(lfd, struct client, lfd);

	if (!client->out)
		serve(client);
}

static void client_writable(struct loop_op *op, int result, uint32_t flags)
{
	struct client *client = container_of(op, struct client, writable);

	if (!send_out(client))
		loop_fd_remove(&client->lfd, client_removed);
	else if (!client->out)
		serve(client);
}

static void accept_client(struct loop_fd *lfd)
{
	struct control *control = container_of(lfd, struct control, listener);
	struct client *client;
	int fd;

	while ((fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		client = new_client(control);
		if (!client) {
			close(fd);
			continue;
		}
		client->control = control;
		client->writable.done = client_writable;
		loop_fd_add(control->loop, &client->lfd, fd, client_readable);
	}
}

/*
 * A connection alone proves nothing: the kernel keeps a dead daemon's socket until the last of its I/O is done. One
 * that lives answers anything, at once.
 */
static bool does_answer(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char byte;

	return send(fd, "{}\n", 3, MSG_NOSIGNAL) == 3 && poll(&pollfd, 1, CONTROL_ANSWER_MS) == 1 &&
	       recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
}

/* Two of one name: the newer one must not take the name from one that is alive, nor remove what is no socket. */
static int check_free(const struct control *control, struct errbuf *err)
{
	struct stat st;
	bool is_alive;
	int fd;

	if (stat(control->addr.sun_path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return errbuf_set(err, -EEXIST, "%s is not a socket: expected one that a daemon left, or nothing",
				  control->addr.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errbuf_set(err, -errno, "socket: %s", strerror(errno));
	is_alive = connect(fd, (const struct sockaddr *)&control->addr, sizeof(control->addr)) == 0 && does_answer(fd);
	close(fd);
	if (is_alive)
		return errbuf_set(err, -EADDRINUSE,
				  "%s: another daemon answers there (choose another --name or --control)",
				  control->addr.sun_path);
	unlink(control->addr.sun_path);
	return 0;
}

static int listen_there(struct control *control, struct errbuf *err)
{
	mode_t before;
	int r;

	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return errbuf_set(err, -errno, "socket: %s", strerror(errno));
	before = umask(0177);
	r = bind(control->fd, (const struct sockaddr *)&control->addr, sizeof(control->addr));
	umask(before);
	if (r || listen(control->fd, CONTROL_MAX_CLIENTS))
		return errbuf_set(err, -errno, "%s: cannot listen: %s", control->addr.sun_path, strerror(errno));
	return 0;
}

static int take_name(struct control *control, struct errbuf *err)
{
	int rc = check_free(control, err);

	return rc ? rc : listen_there(control, err);
}

int control_open(struct control **out, struct loop *loop, const char *path, int listener_fd,
		 control_handler *handler, void *context, struct errbuf *err)
{
	struct control *control = calloc(1, sizeof(*control));
	int rc;

	if (!control)
		return errbuf_set(err, -ENOMEM, "%s: no memory", path);
	json_set_alloc_funcs(json_alloc, free);
	control->fd = listener_fd;
	control->owns_name = listener_fd < 0;
	control->loop = loop;
	control->handler = handler;
	control->context = context;
	control->addr.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(control->addr.sun_path)) {
		rc = errbuf_set(err, -ENAMETOOLONG, "%s: longer than the %zu characters of a socket's path", path,
				sizeof(control->addr.sun_path) - 1);
		goto out;
	}
	strcpy(control->addr.sun_path, path);
	rc = control->owns_name ? take_name(control, err) : 0;
	if (rc)
		goto out;
	*out = control;
	control = NULL;
out:
	if (control && control->fd >= 0)
		close(control->fd);
	free(control);
	return rc;
}

void control_listen(struct control *control)
{
	control->owns_name = true;
	loop_fd_add(control->loop, &control->listener, control->fd, accept_client);
}

int control_listener_fd(const struct control *control)
{
	return control->fd;
}

void control_hand_over(struct control *control)
{
	control->owns_name = false;
	loop_fd_remove(&control->listener, NULL);
}

void control_close(struct control *control)
{
	if (control->owns_name)
		unlink(control->addr.sun_path);
	close(control->fd);
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (!control->clients[i])
			continue;
		close(control->clients[i]->lfd.fd);
		close_fds(&control->clients[i]->fds);
		free(control->clients[i]->out);
		free(control->clients[i]);
	}
	free(control);
}
