// SPDX-License-Identifier: MIT
#include "backend/net/capture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

struct net_capture {
	int socket, lost;
	unsigned int nr_references; /* atomic */
};

struct net_capture *net_capture_new(int socket, int lost)
{
	struct net_capture *capture = malloc(sizeof(*capture));

	if (capture) {
		*capture = (struct net_capture){ socket, lost, 1 };
	} else {
		close(socket);
		close(lost);
	}
	return capture;
}

struct net_capture *net_capture_get(struct net_capture *capture)
{
	__atomic_add_fetch(&capture->nr_references, 1, __ATOMIC_RELAXED);
	return capture;
}

void net_capture_put(struct net_capture **capture)
{
	struct net_capture *gone = *capture;

	*capture = NULL;
	/* Release: what the others did with it is done. Acquire: before it goes. */
	if (!gone || __atomic_sub_fetch(&gone->nr_references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	close(gone->socket);
	close(gone->lost);
	free(gone);
}

bool net_capture_has_reader(const struct net_capture *capture)
{
	struct pollfd pollfd = { .fd = capture->socket };

	return poll(&pollfd, 1, 0) == 0;
}

/* ---- a frame --------------------------------------------------------------------------------------------------- */

void net_capture_begin(struct net_capture_record *record, enum net_capture_direction direction, unsigned int queue,
		       uint32_t frame_bytes, const char *dropped)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	record->time_ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	record->frame_bytes = frame_bytes;
	record->queue = queue;
	record->direction = direction;
	record->nr_slots = 0;
	memset(record->dropped, 0, sizeof(record->dropped));
	snprintf(record->dropped, sizeof(record->dropped), "%s", dropped ? dropped : "");
}

void net_capture_add(struct net_capture_record *record, bool is_extra, const void *slot, size_t size)
{
	struct net_capture_slot *next;

	if (record->nr_slots == NET_CAPTURE_MAX_SLOTS)
		return;
	next = &record->slots[record->nr_slots++];
	memset(next, 0, sizeof(*next));
	next->is_extra = is_extra;
	memcpy(&next->request, slot, size);
}

void net_capture_send(struct net_capture **capture, struct net_capture_record *record, const void *frame,
		      size_t len_bytes)
{
	struct iovec iov[] = {
		{ record, net_capture_record_bytes(record) },
		{ (void *)frame, frame ? len_bytes : 0 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg((*capture)->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		(void)eventfd_write((*capture)->lost, 1);
	else
		net_capture_put(capture);
}
