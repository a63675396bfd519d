// SPDX-License-Identifier: MIT
#include "backend/usb/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/base/container.h"
#include "common/base/errbuf.h"

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct usb_watch *all;

/* A few at a time: a device that completes on and on is not to keep the others of this worker waiting. */
#define MAX_ROUNDS 16

static bool is_ready(const struct usb_watch *watch)
{
	struct pollfd pollfd = { .fd = watch->epoll_fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0;
}

/* false: it is nobody's. */
static bool handle(struct usb_watch *watch)
{
	bool is_somebodys;

	pthread_mutex_lock(&watch->lock);
	is_somebodys = watch->handle;
	if (is_somebodys)
		watch->handle(watch->user);
	pthread_mutex_unlock(&watch->lock);
	return is_somebodys;
}

/* The loop tells of a change alone: what is left after these rounds is looked at again with its next turn. */
static void readable(struct loop_fd *lfd)
{
	struct usb_watch *watch = container_of(lfd, struct usb_watch, lfd);

	for (unsigned int i = 0; i < MAX_ROUNDS; i++) {
		if (!handle(watch) || !is_ready(watch))
			return;
	}
	loop_defer(watch->loop, &watch->look_again);
}

static void look_again(struct loop_task *task)
{
	readable(&container_of(task, struct usb_watch, look_again)->lfd);
}

/* The loop's thread. */
static void start(struct loop_msg *msg)
{
	struct usb_watch *watch = container_of(msg, struct usb_watch, start_msg);

	loop_fd_add(watch->loop, &watch->lfd, watch->epoll_fd, readable);
}

static int make(struct loop *loop, struct usb_watch **made, struct errbuf *err)
{
	struct usb_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return errbuf_set(err, -ENOMEM, "no memory");
	watch->loop = loop;
	watch->start_msg.run = start;
	watch->look_again.run = look_again;
	pthread_mutex_init(&watch->lock, NULL);
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0) {
		free(watch);
		return errbuf_set(err, -errno, "epoll: %s", strerror(errno));
	}
	watch->next = all;
	all = watch;
	loop_post(loop, &watch->start_msg);
	*made = watch;
	return 0;
}

static bool take_if_free(struct usb_watch *watch, void (*handle)(void *), void *user, struct usb_watch **taken)
{
	bool is_free;

	pthread_mutex_lock(&watch->lock);
	is_free = !watch->handle;
	if (is_free) {
		watch->handle = handle;
		watch->user = user;
		*taken = watch;
	}
	pthread_mutex_unlock(&watch->lock);
	return is_free;
}

int usb_watch_take(struct loop *loop, void (*handle)(void *), void *user, struct usb_watch **taken, struct errbuf *err)
{
	struct usb_watch *watch;
	int rc = 0;

	pthread_mutex_lock(&list_lock);
	for (watch = all; watch; watch = watch->next) {
		if (watch->loop == loop && take_if_free(watch, handle, user, taken))
			break;
	}
	if (!watch) {
		rc = make(loop, &watch, err);
		if (rc == 0)
			take_if_free(watch, handle, user, taken);
	}
	pthread_mutex_unlock(&list_lock);
	return rc;
}

void usb_watch_give_back(struct usb_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->handle = NULL;
	pthread_mutex_unlock(&watch->lock);
}
