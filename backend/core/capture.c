// SPDX-License-Identifier: MIT
#include "backend/core/capture.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/core/loop.h"
#include "common/base/container.h"

struct capture {
	int socket, lost;
	unsigned int nr_references; /* atomic */
};

struct capture *capture_new(int socket, int lost)
{
	struct capture *capture = malloc(sizeof(*capture));

	if (capture) {
		*capture = (struct capture){ socket, lost, 1 };
	} else {
		close(socket);
		close(lost);
	}
	return capture;
}

struct capture *capture_get(struct capture *capture)
{
	__atomic_add_fetch(&capture->nr_references, 1, __ATOMIC_RELAXED);
	return capture;
}

void capture_put(struct capture **capture)
{
	struct capture *gone = *capture;

	*capture = NULL;
	/* Release: what the others did with it is done. Acquire: before it goes. */
	if (!gone || __atomic_sub_fetch(&gone->nr_references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	close(gone->socket);
	close(gone->lost);
	free(gone);
}

bool capture_has_reader(const struct capture *capture)
{
	struct pollfd pollfd = { .fd = capture->socket };

	return poll(&pollfd, 1, 0) == 0;
}

struct gift {
	struct loop_msg msg;
	struct capture *capture, **place;
};

static void run_gift(struct loop_msg *msg)
{
	struct gift *gift = container_of(msg, struct gift, msg);

	capture_put(gift->place);
	*gift->place = gift->capture;
	free(gift);
}

int capture_give(struct capture *capture, struct loop *loop, struct capture **place)
{
	struct gift *gift = malloc(sizeof(*gift));

	if (!gift)
		return -ENOMEM;
	*gift = (struct gift){ { .run = run_gift }, capture_get(capture), place };
	loop_post(loop, &gift->msg);
	return 0;
}

void capture_send(struct capture **capture, const struct iovec *iov, unsigned int nr_iov)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = nr_iov };

	if (sendmsg((*capture)->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		(void)eventfd_write((*capture)->lost, 1);
	else
		capture_put(capture);
}
