/* SPDX-License-Identifier: MIT */
/*
 * A device that is none: what the kinds of them (fake_*.c) share. engine_fake.c has what every device answers to.
 *
 * Thread: the worker's, but for init() and fini(), which are a helper's. Never logs.
 */
#ifndef BACKEND_USB_FAKE_H
#define BACKEND_USB_FAKE_H

#include "backend/usb/descriptors.h"
#include "backend/usb/engine.h"

#define FAKE_STRING_NAME   1 /* of the device's strings: what it is */
#define FAKE_STRING_SERIAL 2

/* The start of a device descriptor: USB 2.0, all its classes in its interfaces, packets of 64 octets at endpoint 0. */
#define FAKE_DEVICE(product)                                                                                           \
	{                                                                                                              \
		18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, (product), 0, 0, 1, 0, FAKE_STRING_NAME,                   \
			FAKE_STRING_SERIAL, 1                                                                          \
	}
#define FAKE_DEVICE_BYTES 18
/* A configuration of len octets, bus-powered. */
#define FAKE_CONFIGURATION(len, nr_interfaces) 9, 2, (len), 0, (nr_interfaces), 1, 0, 0x80, 50
#define FAKE_INTERFACE(number, alternate, nr_endpoints, class, subclass, protocol)                                     \
	9, 4, (number), (alternate), (nr_endpoints), (class), (subclass), (protocol), 0
#define FAKE_ENDPOINT(address, attributes, packet_bytes, interval)                                                     \
	7, 5, (address), (attributes), (packet_bytes) & 0xff, (packet_bytes) >> 8, (interval)

struct fake;

struct fake_kind {
	const char *name;
	const char *takes; /* what may follow its name, for a message; "": nothing */
	enum usb_speed speed;
	uint8_t device[FAKE_DEVICE_BYTES];
	const uint8_t *configuration;
	size_t configuration_bytes;
	const char *product;
	size_t bytes; /* of the kind's struct, which begins with a struct fake */
	/* What follows the kind's name; "" if nothing does. */
	int (*init)(struct fake *fake, const char *rest, struct errbuf *err);
	void (*fini)(struct fake *fake);
	/* It has a configuration or an alternate setting anew. NULL: no matter. */
	void (*configured)(struct fake *fake);
	/* A control transfer that not every device knows: how many octets it has; -1: a stall. NULL: none. */
	int (*control)(struct fake *fake, const struct usb_setup *setup, uint8_t *data);
	/* Of an endpoint that is there and not halted. */
	void (*submit)(struct fake *fake, struct usb_transfer *transfer);
	void (*cancel)(struct fake *fake, struct usb_transfer *transfer);
	/* That endpoint (with its direction's bit) is halted from here on, or not any more. NULL: no matter. */
	void (*halted)(struct fake *fake, uint8_t endpoint, bool is_halted);
};

TAILQ_HEAD(fake_transfers, usb_transfer);

struct fake {
	struct usb_device device;
	const struct fake_kind *kind;
	struct loop *loop;
	char serial[17]; /* the same for the same name; a guest is not to read there what this domain's files are */
	uint8_t configuration;
	uint8_t alternate[USB_MAX_INTERFACES];
	uint32_t halted; /* bits by number, and 16 more for IN */
};

extern const struct fake_kind fake_loopback, fake_storage, fake_mouse, fake_iso;

void fake_halt(struct fake *fake, uint8_t endpoint, bool is_halted);
/* Ends a transfer that is in no list any more. */
void fake_done(struct usb_transfer *transfer, int32_t status);
/* All of a list that is the caller's: with the last of its transfers a device may go. */
void fake_done_all(struct fake_transfers *transfers, int32_t status);
/* The first of the list, out of it; NULL: it is empty. */
struct usb_transfer *fake_take(struct fake_transfers *transfers);

/*
 * Transfers that take their time: one after the other, each as long as duration_ns() says when it begins, then
 * finish(), which ends it. While none is out it leaves nothing in the loop.
 */
struct fake_pace {
	struct fake *fake;
	uint64_t (*duration_ns)(struct fake *fake, const struct usb_transfer *transfer);
	void (*finish)(struct fake *fake, struct usb_transfer *transfer);
	struct fake_transfers waiting, cancelled;
	struct loop_timer timer;
};

void fake_pace_init(struct fake_pace *pace, struct fake *fake);
void fake_pace_add(struct fake_pace *pace, struct usb_transfer *transfer);
void fake_pace_cancel(struct fake_pace *pace, struct usb_transfer *transfer);

#endif
