/* SPDX-License-Identifier: MIT */
/*
 * A USB frontend as a library: the controller that a backend offers this domain, and the devices at its ports, used
 * without a kernel driver.
 *
 * Use: usbfront_new(), usbfront_connect(); then, as often as wanted,
 *	io = usbfront_get(front);			a buffer
 *	usbfront_submit(front, io, &urb);
 *	usbfront_push(front);				publishes what was submitted, notifies once
 *	nr = usbfront_poll(front, done, max);		those that came back; puts ports' events in their place
 *	usbfront_put(front, io);
 *	usbfront_wait(front, timeout_ms);		or poll(2) on usbfront_fd()
 * and usbfront_disconnect(), usbfront_free(). After a disconnect the same front can be connected again.
 *
 * Thread: one owner. Trust: the backend may be hostile. An answer no correct backend gives (an id that is not out, more
 * data than there was room for, a port that does not exist) makes the front BROKEN: it says why once (usbfront_why()),
 * and can be disconnected. Errors: -errno, the reason in err where there is one; never logs.
 */
#ifndef FRONTEND_USER_USB_H
#define FRONTEND_USER_USB_H

#include "common/base/errbuf.h"
#include "common/wire/usb.h"

#define USBFRONT_NR_IOS		16 /* as many as the ring holds */
#define USBFRONT_BUFFER_BYTES	(USB_MAX_SEGMENTS * 4096)
#define USBFRONT_MAX_PACKETS	256 /* that one page describes; they take one of the 16 segments */

struct usbfront;

struct usbfront_config {
	uint32_t devid;
	uint32_t timeout_ms; /* for connect and disconnect */
	uint32_t nr_places; /* for events of ports; 0: as many as the ring holds */
	const char *protocol; /* what we say we speak; NULL: nothing, which is what frontends do */
};

struct usbfront_io {
	uint8_t *data;		     /* USBFRONT_BUFFER_BYTES, which the backend can see and write at any time */
	struct usb_packet *packets; /* of an isochronous transfer; the same */
	unsigned int index;
	void *user; /* the caller's */
	/* The answer. */
	int32_t status; /* USBIF_STATUS_* */
	uint32_t actual_bytes;
	int32_t nr_errors;
};

enum usbfront_state {
	USBFRONT_CLOSED,
	USBFRONT_CONNECTED,
	USBFRONT_CLOSING, /* the backend or the toolstack wants the controller back: disconnect soon */
	USBFRONT_BROKEN,
};

/* NULL: out of memory. Touches nothing outside the process. */
struct usbfront *usbfront_new(const struct usbfront_config *config);
/* Of a front that is still connected the backend sees a process that went away. NULL is fine. */
void usbfront_free(struct usbfront *front);

/* -ETIMEDOUT: no backend, or it does not get on; -ENOENT: no such device. The front is CLOSED after any error. */
int usbfront_connect(struct usbfront *front, struct errbuf *err);
/* -ETIMEDOUT: the backend did not let go in time; the front is CLOSED all the same. */
int usbfront_disconnect(struct usbfront *front, struct errbuf *err);

enum usbfront_state usbfront_state(const struct usbfront *front);
/* Why it is CLOSING or BROKEN; "" otherwise. */
const char *usbfront_why(const struct usbfront *front);

/* While connected. */
unsigned int usbfront_nr_ports(const struct usbfront *front);
/* Of the device at that port, from 1; NONE: there is none. */
enum usb_speed usbfront_speed(const struct usbfront *front, unsigned int port);
/* How many events the port has had: one that was unplugged and plugged in again has had two more. */
uint32_t usbfront_nr_events(const struct usbfront *front, unsigned int port);

struct usbfront_io *usbfront_get(struct usbfront *front); /* NULL: all are in use */
void usbfront_put(struct usbfront *front, struct usbfront_io *io);

/*
 * Of urb the caller fills in where to, type, direction, length, setup packet or number of packets; the id and the
 * segments are ours. 0, -ESHUTDOWN: not connected; -EINVAL: more than there is room for.
 */
int usbfront_submit(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb);
/* As it is, but for its id: for what no frontend sends. */
int usbfront_submit_raw(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb);
/* Takes `other`, which is out at that port, back: answered after it. */
int usbfront_unlink(struct usbfront *front, struct usbfront_io *io, const struct usbfront_io *other);
void usbfront_push(struct usbfront *front);

/* The grant of a page of the buffer, for usbfront_submit_raw(). */
uint32_t usbfront_gref(const struct usbfront *front, const struct usbfront_io *io, unsigned int page);
/* The id that it is out by, or was last. */
uint16_t usbfront_id(const struct usbfront *front, const struct usbfront_io *io);

/* How many of up to max came back; 0: none, and the next makes the fd readable. -EPROTO: BROKEN; -ESHUTDOWN */
int usbfront_poll(struct usbfront *front, struct usbfront_io **done, unsigned int max);

/* The same from connect to disconnect. */
int usbfront_fd(const struct usbfront *front);
/* poll(2) on the fd, then takes in what happened. Call it only after usbfront_poll() returned 0. 0, or -EPROTO */
int usbfront_wait(struct usbfront *front, int timeout_ms);

/*
 * Submits one and waits for it, when nothing else is out: its answer is in the io. -ETIMEDOUT: none came, and the io
 * stays out.
 */
int usbfront_do(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb, int timeout_ms);

#endif
