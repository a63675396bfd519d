/* SPDX-License-Identifier: MIT */
/* What usb_connect.c and usb.c share; callers see usb.h. */
#ifndef FRONTEND_USER_USB_FRONT_H
#define FRONTEND_USER_USB_FRONT_H

#include "common/ring/front.h"
#include "frontend/user/device.h"
#include "frontend/user/grants.h"
#include "frontend/user/port.h"
#include "frontend/user/usb.h"

#define USBFRONT_IO_PAGES (USB_MAX_SEGMENTS + 1) /* its data, and what describes packets */

/* An id is the io's number and, above it, how often that was used, so that a late answer is recognised. */
#define USBFRONT_ID_SHIFT 4

struct usbfront_flight {
	struct usbfront_io io;
	bool is_out, is_free;
	uint16_t id;
	uint8_t port;
	uint32_t room_bytes; /* for data that may come back */
};

struct usbfront {
	struct usbfront_config config;
	enum usbfront_state state;
	struct errbuf why; /* of CLOSING and BROKEN */
	struct front_device device;
	uint32_t nr_ports;
	/* From connect to disconnect. */
	struct front_port port;
	struct grant_pool urb_pages, conn_pages, buffers;
	struct ring_front urb_ring, conn_ring;
	struct usbfront_flight flight[USBFRONT_NR_IOS];
	enum usb_speed speed[USB_MAX_PORTS + 1]; /* by port */
	uint32_t nr_events[USB_MAX_PORTS + 1];
};

#endif
