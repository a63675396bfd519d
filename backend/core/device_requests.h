/* SPDX-License-Identifier: MIT */
/*
 * What the control socket asks of one device, which the request names as status shows it: "vusb 5/0", "5/0", or by what
 * it stands for.
 *
 * Thread: the main thread. Each answers as a control_handler does; never logs.
 */
#ifndef BACKEND_CORE_DEVICE_REQUESTS_H
#define BACKEND_CORE_DEVICE_REQUESTS_H

#include "backend/core/control.h"
#include "backend/core/device.h"

/* "format": of the records that are expected; with two descriptors, a socket for them and an eventfd. */
json_t *device_request_capture(struct device_host *host, const json_t *request, struct control_fds *fds,
			       struct errbuf *err);
/* Answers with the device's status as it is before the image has been measured. */
json_t *device_request_resize(struct device_host *host, const json_t *request, struct errbuf *err);
/* "how": see device_recover(). */
json_t *device_request_recover(struct device_host *host, const json_t *request, struct errbuf *err);

#endif
