// SPDX-License-Identifier: MIT
#include "backend/usb/libusb_events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "backend/usb/watch.h"
#include "common/base/errbuf.h"

struct events {
	struct events *next;
	struct loop *loop;
	libusb_context *context;
	struct usb_watch *watch;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static struct events *all;

static void handle(void *arg)
{
	const struct events *events = arg;
	struct timeval now = { 0, 0 };

	libusb_handle_events_timeout_completed(events->context, &now, NULL);
}

static void fd_added(int fd, short poll_events, void *arg)
{
	const struct events *events = arg;
	struct epoll_event event = { .data.fd = fd };

	event.events = (poll_events & POLLIN ? EPOLLIN : 0) | (poll_events & POLLOUT ? EPOLLOUT : 0);
	(void)epoll_ctl(events->watch->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void fd_removed(int fd, void *arg)
{
	const struct events *events = arg;

	(void)epoll_ctl(events->watch->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
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
static int start(struct events *events, struct errbuf *err)
{
	int r, rc;

	(void)libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	r = libusb_init(&events->context);
	if (r)
		return errbuf_set(err, -EIO, "libusb does not start: %s", libusb_strerror(r));
	rc = usb_watch_take(events->loop, handle, events, &events->watch, err);
	if (rc)
		libusb_exit(events->context);
	else
		add_fds(events);
	return rc;
}

static int make(struct loop *loop, struct events **made, struct errbuf *err)
{
	struct events *events = calloc(1, sizeof(*events));
	int rc;

	if (!events)
		return errbuf_set(err, -ENOMEM, "libusb: no memory");
	events->loop = loop;
	rc = start(events, err);
	if (rc)
		free(events);
	else
		*made = events;
	return rc;
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
