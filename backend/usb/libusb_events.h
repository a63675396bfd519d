/* SPDX-License-Identifier: MIT */
/*
 * libusb's contexts, one for each worker's loop, whose completions run there: made when a loop's first device is
 * opened, kept until the process ends.
 *
 * libusb says on whatever thread it is opened or closed which descriptors are to be watched (watch.h).
 *
 * Thread: any. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_USB_LIBUSB_EVENTS_H
#define BACKEND_USB_LIBUSB_EVENTS_H

#include <libusb.h>

#include "backend/core/loop.h"

struct errbuf;

int libusb_events_context(struct loop *loop, libusb_context **context, struct errbuf *err);

#endif
