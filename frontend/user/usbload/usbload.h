/* SPDX-License-Identifier: MIT */
/* pvring-usbload: what its subcommands share. Each has one file, named after it. */
#ifndef USBLOAD_H
#define USBLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"
#include "frontend/user/usb.h"

#define USBLOAD_MAX_DEPTH (USBFRONT_NR_IOS / 2) /* a round trip is two transfers */
#define USBLOAD_LOOPBACK  0x0001 /* its product's number */

enum exit_code { EXIT_OK = 0, EXIT_IO = 1, EXIT_USAGE = 2, EXIT_CONNECT = 3 };

/* What the command line says; subcommands read what concerns them. */
struct usbload_config {
	uint32_t devid;
	uint32_t port;	       /* 0: the first that has a device */
	uint32_t timeout_s;    /* connect, a device at the port, disconnect */
	uint32_t io_timeout_s; /* a URB without an answer */
	uint32_t seconds;
	uint32_t nr_requests; /* 0: as many as there is time for */
	uint32_t max_bytes;   /* of one transfer */
	uint32_t depth;	      /* round trips at once */
	bool wants_json;
	bool is_interrupt;    /* the loopback's other endpoints */
	bool is_fixed;	      /* all are as long as they may be */
	uint64_t seed;
};

struct usbload {
	const struct usbload_config *config;
	struct usbfront *front;
	/* From usbload_find_device() on. */
	unsigned int port;
	uint8_t address;
	uint16_t vendor, product;
};

/* Set by SIGINT and SIGTERM: finish what is out, close, and go. */
extern volatile int usbload_stop;

/* Each returns an exit code and has said on stderr what was wrong. */
int usbload_info(struct usbload *ul);
int usbload_hold(struct usbload *ul);
int usbload_loopback(struct usbload *ul);
int usbload_storage(struct usbload *ul);
int usbload_reports(struct usbload *ul);
int usbload_iso(struct usbload *ul);
int usbload_unlink(struct usbload *ul);
int usbload_bench(struct usbload *ul);

/* "pvring-usbload: ..." on stderr. */
void usbload_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* device.c. Waits for a device at the port, gives it an address and its first configuration. false: said why not. */
bool usbload_find_device(struct usbload *ul);
/* The same; EXIT_USAGE: it is another product, not what is called that. */
int usbload_find_product(struct usbload *ul, uint16_t product, const char *name);
/*
 * A transfer and its answer, when nothing else is out: false if there is none, or it is not OK; said which. The io
 * holds what came.
 */
bool usbload_do(struct usbload *ul, struct usbfront_io *io, const struct usb_urb *urb, const char *what);
/* A control transfer; *actual_bytes of data (room for setup->len_bytes) come in. */
bool usbload_control(struct usbload *ul, const struct usb_setup *setup, void *data, uint32_t *actual_bytes,
		     const char *what);
/* Of that device, to be filled in further. */
struct usb_urb usbload_urb(const struct usbload *ul, enum usb_type type, uint8_t endpoint, bool is_in,
			   uint32_t len_bytes);
/* Waits until something comes back. NULL: said why nothing does. */
struct usbfront_io *usbload_await(struct usbload *ul);
const char *usbload_status_name(int32_t status);

#endif
