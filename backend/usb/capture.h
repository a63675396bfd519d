/* SPDX-License-Identifier: MIT */
/*
 * A URB of a controller that is captured (backend/core/capture.h), as common/wire/usb_capture.h has it. Only where
 * there is a capture, which is put when it has lost its reader.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_USB_CAPTURE_H
#define BACKEND_USB_CAPTURE_H

#include "backend/usb/io.h"

/* Its data has come, if it goes to the device. */
void usb_capture_submitted(struct usb_io *io);
/* It is told of first where it ended before that. */
void usb_capture_completed(struct usb_io *io, const struct usb_urb_answer *answer);
void usb_capture_refused(struct usb_io *io, int32_t status, const char *why);

#endif
