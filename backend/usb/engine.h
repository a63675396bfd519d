/* SPDX-License-Identifier: MIT */
/*
 * What has the devices that are given to guests. An engine knows nothing of guests; what is above knows nothing of how
 * a device is reached.
 *
 * open(), reset() and close() run on a helper thread and may block; the others run on the worker that open() was told,
 * and may not. A transfer or a chore belongs to its caller; between submit() or chore() and done() the engine alone
 * touches it. done() may run before submit(), cancel() or chore() returns. A device is closed, or reset, when none of
 * either is out.
 * Errors: -errno with a reason; engines never log.
 */
#ifndef BACKEND_USB_ENGINE_H
#define BACKEND_USB_ENGINE_H

#include <sys/queue.h>

#include "backend/core/helper.h"
#include "backend/core/loop.h"
#include "backend/usb/urb.h"

struct errbuf;
struct usb_device;
struct usb_policy;

#define USB_ROOM_BYTES 8 /* as many as a setup packet has */

struct usb_transfer {
	/* The caller fills in. */
	enum usb_type type;
	bool is_in;
	uint8_t endpoint;
	uint8_t setup[8]; /* of a control transfer */
	uint8_t *data; /* the engine's, too, are USB_ROOM_BYTES before it */
	uint32_t len_bytes;
	struct usb_packet *packets; /* of an isochronous one; results stand there */
	uint16_t nr_packets;
	void (*done)(struct usb_transfer *transfer);
	/* The result. */
	int32_t status; /* USBIF_STATUS_*; IOERROR of one that was cancelled */
	uint32_t actual_bytes;
	/* The engine's own. */
	struct usb_device *device;
	TAILQ_ENTRY(usb_transfer) entry;
	void *handle;
};

/* Its endpoint as in a descriptor: with its direction's bit. */
static inline uint8_t usb_transfer_endpoint(const struct usb_transfer *transfer)
{
	return transfer->endpoint | (transfer->is_in ? 0x80 : 0);
}

/* What a guest asks of its host's USB stack by a control request, and a host's stack does by itself. */
enum usb_chore_kind { USB_SET_CONFIGURATION, USB_SET_INTERFACE, USB_CLEAR_HALT };

struct usb_chore {
	enum usb_chore_kind kind;
	uint8_t configuration;	       /* 0: none */
	uint8_t interface, alternate;
	uint8_t endpoint;	       /* as in a descriptor: with its direction's bit */
	void (*done)(struct usb_chore *chore);
	/* The result. */
	int32_t status;		       /* USBIF_STATUS_* */
	struct usb_endpoints endpoints; /* that there are from here on, if the status is OK */
	/* The engine's own. */
	struct usb_device *device;
	struct helper_job job;
};

/* Who uses a device. */
struct usb_host {
	struct loop *loop; /* the worker's */
	struct helper *helper;
	uint32_t domid; /* of the guest */
};

struct usb_engine {
	/*
	 * -ENODEV: there is no such device now; -EBUSY: somebody else has it; -EINVAL: it does not name one; -EPERM: it
	 * may not be given to a guest.
	 */
	int (*open)(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err);
	void (*close)(struct usb_device *device);
	/* As it was when it was opened, whatever was done with it since. */
	int (*reset)(struct usb_device *device, struct errbuf *err);
	/* Any thread: it has not been unplugged since it was opened. NULL: it cannot be. */
	bool (*is_there)(const struct usb_device *device, struct errbuf *why_not);
	/* One that is gone is not looked for: it is opened again when it is wanted anew. */
	bool is_not_sought;
	void (*submit)(struct usb_device *device, struct usb_transfer *transfer);
	/* done() follows, with what became of it. */
	void (*cancel)(struct usb_device *device, struct usb_transfer *transfer);
	/* One at a time, and while no control transfer is out. */
	void (*chore)(struct usb_device *device, struct usb_chore *chore);
};

/* Begins every engine's own struct. */
struct usb_device {
	const struct usb_engine *engine;
	enum usb_speed speed;
	struct usb_endpoints endpoints; /* when it was opened, or reset */
};

/* Finds the engine by the name, and opens. */
int usb_device_open(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err);

/* Of devices of this domain. NULL: any may go to any guest. Set before the first is opened. */
extern const struct usb_policy *usb_policy;

extern const struct usb_engine usb_engine_fake, usb_engine_libusb, usb_engine_redir;

#endif
