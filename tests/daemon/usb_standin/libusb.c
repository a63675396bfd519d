// SPDX-License-Identifier: MIT
/*
 * A stand-in for libusb, as far as pvring-usbd uses it: device 2 of a bus is the loopback of backend/usb/engine_fake,
 * device 3 an isochronous source and sink that takes no time. Completions are told by a descriptor and run where events
 * are handled, as libusb's do. What libusb refuses (a second claim, a transfer to an interface that is not claimed) it
 * refuses.
 */
#include <libusb.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/usb/engine.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

#define CHORE_US 200000
#define NR_BUSY	 40

/* Of a transfer of libusb's, which is the end of it. */
struct op {
	struct usb_transfer transfer;
	STAILQ_ENTRY(op) entry;
	bool is_waiting; /* the loopback has it */
	struct libusb_transfer libusb;
};

static struct op *op_of(struct libusb_transfer *libusb)
{
	return container_of(libusb, struct op, libusb);
}

struct libusb_context {
	int event_fd;
	int busy_fd; /* readable for NR_BUSY rounds more with each transfer, as by a device that completes on and on */
	pthread_mutex_t lock;
	STAILQ_HEAD(, op) completed;
};

struct libusb_device_handle {
	struct libusb_context *context;
	struct usb_device *fake;
	bool is_iso;
	uint32_t claimed; /* by interface */
	int nr_at_work; /* calls that wait for the device; one after the other is what it can do */
	uint8_t next_given;
};

static uint32_t claimed_of[2]; /* by device: the interfaces that somebody has */

static int number_of(int fd)
{
	char link[64], path[128] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return 0;
	return atoi(strrchr(path, '/') + 1);
}

/* ---- contexts -------------------------------------------------------------------------------------------------- */

int libusb_set_option(libusb_context *ctx, enum libusb_option option, ...)
{
	return 0;
}

int libusb_init(libusb_context **ctx)
{
	*ctx = calloc(1, sizeof(**ctx));
	(*ctx)->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	(*ctx)->busy_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
	pthread_mutex_init(&(*ctx)->lock, NULL);
	STAILQ_INIT(&(*ctx)->completed);
	return 0;
}

const char *libusb_strerror(int errcode)
{
	return "refused by the stand-in";
}

const struct libusb_pollfd **libusb_get_pollfds(libusb_context *ctx)
{
	struct libusb_pollfd **fds = calloc(3, sizeof(*fds));

	for (unsigned int i = 0; i < 2; i++) {
		fds[i] = calloc(1, sizeof(*fds[i]));
		fds[i]->fd = i ? ctx->busy_fd : ctx->event_fd;
		fds[i]->events = 1; /* POLLIN */
	}
	return (const struct libusb_pollfd **)fds;
}

void libusb_free_pollfds(const struct libusb_pollfd **fds)
{
	free((void *)fds[0]);
	free((void *)fds[1]);
	free(fds);
}

void libusb_set_pollfd_notifiers(libusb_context *ctx, libusb_pollfd_added_cb added, libusb_pollfd_removed_cb removed,
				 void *arg)
{
}

static void complete(struct op *op)
{
	struct libusb_context *context = op->libusb.dev_handle->context;
	uint64_t one = 1, nr_busy = NR_BUSY;

	op->is_waiting = false;
	pthread_mutex_lock(&context->lock);
	STAILQ_INSERT_TAIL(&context->completed, op, entry);
	pthread_mutex_unlock(&context->lock);
	if (write(context->event_fd, &one, sizeof(one)) != sizeof(one) ||
	    write(context->busy_fd, &nr_busy, sizeof(nr_busy)) != sizeof(nr_busy))
		abort();
}

static struct op *take_completed(struct libusb_context *context)
{
	struct op *op;

	pthread_mutex_lock(&context->lock);
	op = STAILQ_FIRST(&context->completed);
	if (op)
		STAILQ_REMOVE_HEAD(&context->completed, entry);
	pthread_mutex_unlock(&context->lock);
	return op;
}

static enum libusb_transfer_status status_of(const struct op *op)
{
	switch (op->transfer.status) {
	case USBIF_STATUS_OK:
		return LIBUSB_TRANSFER_COMPLETED;
	case USBIF_STATUS_STALL:
		return LIBUSB_TRANSFER_STALL;
	case USBIF_STATUS_BABBLE:
		return LIBUSB_TRANSFER_OVERFLOW;
	default:
		return LIBUSB_TRANSFER_CANCELLED;
	}
}

int libusb_handle_events_timeout_completed(libusb_context *ctx, struct timeval *tv, int *completed)
{
	uint64_t nr;
	struct op *op;

	(void)!read(ctx->busy_fd, &nr, sizeof(nr));
	if (read(ctx->event_fd, &nr, sizeof(nr)) < 0)
		return 0;
	while ((op = take_completed(ctx))) {
		op->libusb.status = status_of(op);
		op->libusb.actual_length = (int)op->transfer.actual_bytes;
		op->libusb.callback(&op->libusb);
	}
	return 0;
}

/* ---- devices --------------------------------------------------------------------------------------------------- */

int libusb_wrap_sys_device(libusb_context *ctx, intptr_t fd, libusb_device_handle **handle)
{
	const struct usb_host host = { 0 };
	struct errbuf err;

	*handle = calloc(1, sizeof(**handle));
	(*handle)->context = ctx;
	(*handle)->is_iso = number_of((int)fd) == 3;
	return usb_engine_fake.open(&(*handle)->fake, (*handle)->is_iso ? "iso" : "loopback", &host, &err) ?
		       LIBUSB_ERROR_IO : 0;
}

static uint32_t *owner_of(const libusb_device_handle *handle)
{
	return &claimed_of[handle->is_iso];
}

int libusb_get_configuration(libusb_device_handle *handle, int *configuration)
{
	*configuration = 1;
	return 0;
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable)
{
	return 0;
}

int libusb_claim_interface(libusb_device_handle *handle, int number)
{
	if (*owner_of(handle) & 1U << number)
		return LIBUSB_ERROR_BUSY;
	*owner_of(handle) |= 1U << number;
	handle->claimed |= 1U << number;
	return 0;
}

int libusb_release_interface(libusb_device_handle *handle, int number)
{
	if (!(handle->claimed & 1U << number))
		return LIBUSB_ERROR_NOT_FOUND;
	*owner_of(handle) &= ~(1U << number);
	handle->claimed &= ~(1U << number);
	return 0;
}

int libusb_reset_device(libusb_device_handle *handle)
{
	struct errbuf ignored;

	handle->next_given = 0;
	return usb_engine_fake.reset(handle->fake, &ignored) ? LIBUSB_ERROR_IO : 0;
}

void libusb_close(libusb_device_handle *handle)
{
	usb_engine_fake.close(handle->fake);
	free(handle);
}

static void chore_done(struct usb_chore *chore)
{
}

/* It takes its time, as devices do; what comes meanwhile is the caller's mistake. */
static int do_chore(libusb_device_handle *handle, struct usb_chore *chore)
{
	if (__atomic_fetch_add(&handle->nr_at_work, 1, __ATOMIC_SEQ_CST) > 0)
		abort();
	usleep(CHORE_US);
	chore->done = chore_done;
	usb_engine_fake.chore(handle->fake, chore);
	__atomic_fetch_sub(&handle->nr_at_work, 1, __ATOMIC_SEQ_CST);
	return chore->status == USBIF_STATUS_OK ? 0 : LIBUSB_ERROR_PIPE;
}

int libusb_set_configuration(libusb_device_handle *handle, int configuration)
{
	struct usb_chore chore = {
		USB_SET_CONFIGURATION,
		.configuration = (uint8_t)(configuration < 0 ? 0 : configuration),
	};

	return handle->claimed ? LIBUSB_ERROR_BUSY : do_chore(handle, &chore);
}

int libusb_set_interface_alt_setting(libusb_device_handle *handle, int interface, int alternate)
{
	struct usb_chore chore = {
		USB_SET_INTERFACE,
		.interface = (uint8_t)interface,
		.alternate = (uint8_t)alternate,
	};

	handle->next_given = 0;
	return handle->claimed & 1U << interface ? do_chore(handle, &chore) : LIBUSB_ERROR_NOT_FOUND;
}

int libusb_clear_halt(libusb_device_handle *handle, unsigned char endpoint)
{
	struct usb_chore chore = { USB_CLEAR_HALT, .endpoint = endpoint };

	return do_chore(handle, &chore);
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

struct libusb_transfer *libusb_alloc_transfer(int iso_packets)
{
	size_t packets_bytes = (size_t)iso_packets * sizeof(struct libusb_iso_packet_descriptor);
	struct op *op = calloc(1, sizeof(*op) + packets_bytes);

	return op ? &op->libusb : NULL;
}

void libusb_free_transfer(struct libusb_transfer *transfer)
{
	if (transfer)
		free(op_of(transfer));
}

static void transfer_done(struct usb_transfer *transfer)
{
	complete(container_of(transfer, struct op, transfer));
}

/* Packets lie one behind the other. The source numbers its octets; the sink finds such. */
static void do_packets(struct libusb_transfer *libusb)
{
	bool is_in = libusb->endpoint & 0x80;
	uint8_t *at = libusb->buffer;

	for (int i = 0; i < libusb->num_iso_packets; i++) {
		struct libusb_iso_packet_descriptor *packet = &libusb->iso_packet_desc[i];

		packet->status = LIBUSB_TRANSFER_COMPLETED;
		packet->actual_length = packet->length;
		for (unsigned int byte = 0; is_in && byte < packet->length; byte++)
			at[byte] = libusb->dev_handle->next_given++;
		for (unsigned int byte = 1; !is_in && byte < packet->length; byte++) {
			if (at[byte] != (uint8_t)(at[byte - 1] + 1))
				packet->status = LIBUSB_TRANSFER_ERROR;
		}
		at += packet->length;
	}
	complete(op_of(libusb));
}

static void fill(struct usb_transfer *transfer, const struct libusb_transfer *libusb)
{
	bool is_control = libusb->type == LIBUSB_TRANSFER_TYPE_CONTROL;
	uint32_t setup_bytes = is_control ? LIBUSB_CONTROL_SETUP_SIZE : 0;

	*transfer = (struct usb_transfer){
		.type = is_control ? USB_CONTROL : USB_BULK,
		.endpoint = libusb->endpoint & 0x0f,
		.is_in = (is_control ? libusb->buffer[0] : libusb->endpoint) & 0x80,
		.data = libusb->buffer + setup_bytes,
		.len_bytes = (uint32_t)libusb->length - setup_bytes,
		.done = transfer_done,
		.device = libusb->dev_handle->fake,
	};
	memcpy(transfer->setup, libusb->buffer, setup_bytes);
}

int libusb_submit_transfer(struct libusb_transfer *libusb)
{
	struct op *op = op_of(libusb);

	if (libusb->type != LIBUSB_TRANSFER_TYPE_CONTROL && !libusb->dev_handle->claimed)
		return LIBUSB_ERROR_NOT_FOUND;
	fill(&op->transfer, libusb);
	op->is_waiting = true;
	if (libusb->type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
		do_packets(libusb);
	else
		usb_engine_fake.submit(libusb->dev_handle->fake, &op->transfer);
	return 0;
}

/* What has completed is past cancelling. */
int libusb_cancel_transfer(struct libusb_transfer *libusb)
{
	struct op *op = op_of(libusb);

	if (!op->is_waiting)
		return LIBUSB_ERROR_NOT_FOUND;
	usb_engine_fake.cancel(libusb->dev_handle->fake, &op->transfer);
	return 0;
}
