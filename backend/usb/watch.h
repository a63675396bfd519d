/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that come and go on any thread, watched by a worker's loop: they are put into an epoll, and the loop
 * watches that one. A watch that was given back is the next one's of that loop: none is ever freed.
 *
 * Thread: any. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_USB_WATCH_H
#define BACKEND_USB_WATCH_H

#include "backend/core/loop.h"

struct errbuf;

struct usb_watch {
	struct usb_watch *next;
	struct loop *loop;
	int epoll_fd; /* the user's to fill; what is in it is closed, or taken out, before it is given back */
	struct loop_fd lfd;
	struct loop_msg start_msg;
	struct loop_task look_again; /* also asked for again by what wakes us meanwhile */
	pthread_mutex_t lock; /* of the two below; held while handle() runs */
	void (*handle)(void *user); /* on the loop's thread, while something is ready; NULL: it is nobody's */
	void *user;
};

/* handle() sees *watch set. */
int usb_watch_take(struct loop *loop, void (*handle)(void *user), void *user, struct usb_watch **watch,
		   struct errbuf *err);
/* handle() has run for the last time. Not from within it. */
void usb_watch_give_back(struct usb_watch *watch);

#endif
