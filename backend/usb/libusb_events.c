// SPDX-License-Identifier: MIT
#include "backend/usb/libusb_events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/container.h"
#include "common/base/errbuf.h"

struct events {
	struct events *next;
	struct loop *loop;
	libusb_context *context;
	int epoll_fd;
	struct loop_fd lfd;
	struct loop_msg watch_msg;
	struct loop_task look_again; /* also asked for again by what wakes us meanwhile */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static struct events *all;

/* A few at a time: a device that completes on and on is not to keep the others of this worker waiting. */
#define MAX_ROUNDS 16

static bool is_ready(const struct events *events)
{
	struct pollfd pollfd = { .fd = events->epoll_fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0;
}

/* The loop tells of a change alone: what is left after these rounds is looked at again with its next turn. */
static void readable(struct loop_fd *lfd)
{
	struct events *events = container_of(lfd, struct events, lfd);
	struct timeval now = { 0, 0 };

	for (unsigned int i = 0; i < MAX_ROUNDS; i++) {
		libusb_handle_events_timeout_completed(events->context, &now, NULL);
		if (!is_ready(events))
			return;
	}
	loop_defer(events->loop, &events->look_again);
}

static void look_again(struct loop_task *task)
{
	readable(&container_of(task, struct events, look_again)->lfd);
}

/* The loop's thread. */
static void watch(struct loop_msg *msg)
{
	struct events *events = container_of(msg, struct events, watch_msg);

	loop_fd_add(events->loop, &events->lfd, events->epoll_fd, readable);
}

static void fd_added(int fd, short poll_events, void *arg)
{
	const struct events *events = arg;
	struct epoll_event event = { .data.fd = fd };

	event.events = (poll_events & POLLIN ? EPOLLIN : 0) | (poll_events & POLLOUT ? EPOLLOUT : 0);
	(void)epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void fd_removed(int fd, void *arg)
{
	const struct events *events = arg;

	(void)epoll_ctl(events->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void add_fds(struct events *events)
{
	const struct libusb_pollfd **fds = libusb_get_pollfds(events->context);

	for (unsigned int i = 0; fds && fds[i]; i++)
		fd_added(fds[i]->fd, fds[i]->events, events);
	libusb_free_pollfds(fds);
	libusb_set_pollfd_notifiers(events->context, fd_added, fd_removed, events);
}

/* Devices are looked for in sysfs and opened by us: libusb neither scans for them nor starts a thread that does. */
static int make(struct loop *loop, struct events **made, struct errbuf *err)
{
	struct events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return errbuf_set(err, -ENOMEM, "libusb: no memory");
	events->loop = loop;
	events->watch_msg.run = watch;
	events->look_again.run = look_again;
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	(void)libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	r = events->epoll_fd < 0 ? LIBUSB_ERROR_NO_MEM : libusb_init(&events->context);
	if (r) {
		if (events->epoll_fd >= 0)
			close(events->epoll_fd);
		free(events);
		return errbuf_set(err, -EIO, "libusb does not start: %s", libusb_strerror(r));
	}
	add_fds(events);
	loop_post(loop, &events->watch_msg);
	*made = events;
	return 0;
}

static struct events *find(const struct loop *loop)
{
	struct events *events = all;

	while (events && events->loop != loop)
		events = events->next;
	return events;
}

int libusb_events_context(struct loop *loop, libusb_context **context, struct errbuf *err)
{
	struct events *events;
	int rc = 0;

	pthread_mutex_lock(&lock);
	events = find(loop);
	if (!events) {
		rc = make(loop, &events, err);
		if (rc == 0) {
			events->next = all;
			all = events;
		}
	}
	if (rc == 0)
		*context = events->context;
	pthread_mutex_unlock(&lock);
	return rc;
}
