/* SPDX-License-Identifier: MIT */
/*
 * A frame of a vif that is captured (backend/core/capture.h), as common/wire/net_capture.h has it.
 *
 * Thread: any. Never logs.
 */
#ifndef BACKEND_NET_CAPTURE_H
#define BACKEND_NET_CAPTURE_H

#include <stdbool.h>

#include "backend/core/capture.h"
#include "common/wire/net_capture.h"

void net_capture_begin(struct net_capture_record *record, enum net_capture_direction direction, unsigned int queue,
		       uint32_t frame_bytes, const char *dropped);
/* slot: a request, response or extra, size bytes of it. */
void net_capture_add(struct net_capture_record *record, bool is_extra, const void *slot, size_t size);
/* frame: NULL where its bytes never came. Puts a capture that has lost its reader. */
void net_capture_send(struct capture **capture, struct net_capture_record *record, const void *frame,
		      size_t len_bytes);

#endif
