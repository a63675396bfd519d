// SPDX-License-Identifier: MIT
#include "backend/net/capture.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

void net_capture_begin(struct net_capture_record *record, enum net_capture_direction direction, unsigned int queue,
		       uint32_t frame_bytes, const char *dropped)
{
	record->time_ns = clock_date_ns();
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

void net_capture_send(struct capture **capture, struct net_capture_record *record, const void *frame,
		      size_t len_bytes)
{
	const struct iovec iov[] = {
		{ record, net_capture_record_bytes(record) },
		{ (void *)frame, frame ? len_bytes : 0 },
	};

	capture_send(capture, iov, 2);
}
