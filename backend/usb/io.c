// SPDX-License-Identifier: MIT
#include "backend/usb/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/usb/capture.h"
#include "backend/usb/host_request.h"
#include "backend/usb/io_copy.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/wire/xen_usbif.h"

#define BUFFERS_BYTES ((size_t)USB_NR_SLOTS * USB_BUFFER_BYTES)

int usb_urbs_init(struct usb_urbs *urbs)
{
	void *buffers = mmap(NULL, BUFFERS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			     -1, 0);

	urbs->buffers = buffers == MAP_FAILED ? NULL : buffers;
	urbs->io = calloc(USB_NR_SLOTS, sizeof(*urbs->io));
	TAILQ_INIT(&urbs->to_learn);
	TAILQ_INIT(&urbs->to_fetch);
	TAILQ_INIT(&urbs->waiting);
	TAILQ_INIT(&urbs->to_store);
	if (!urbs->buffers || !urbs->io) {
		usb_urbs_fini(urbs);
		return -ENOMEM;
	}
	for (uint32_t slot = 0; slot < USB_NR_SLOTS; slot++) {
		urbs->io[slot].urbs = urbs;
		urbs->io[slot].slot = slot;
	}
	return 0;
}

void usb_urbs_fini(struct usb_urbs *urbs)
{
	if (urbs->buffers)
		munmap(urbs->buffers, BUFFERS_BYTES);
	free(urbs->io);
	urbs->buffers = NULL;
	urbs->io = NULL;
}

void usb_urbs_trim(struct usb_urbs *urbs)
{
	madvise(urbs->buffers, BUFFERS_BYTES, MADV_DONTNEED);
}

static bool is_isoc(const struct usb_io *io)
{
	return io->urb.type == USB_ISOC;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void respond(struct usb_urbs *urbs, struct usb_io *io, const struct usb_urb_answer *answer)
{
	uint8_t octets[USB_URB_RESPONSE_BYTES];

	histogram_add(&urbs->counters->latency, clock_now_ns() - io->taken_ns);
	counter_add(&urbs->counters->nr_answered, 1);
	usb_urb_answer_encode(answer, octets);
	queue_respond(urbs->queue, io->slot, octets);
}

static void respond_status(struct usb_io *io, int32_t status)
{
	const struct usb_urb_answer answer = { .id = io->urb.id, .status = status };

	respond(io->urbs, io, &answer);
}

static void refuse(struct usb_io *io, int32_t status, const char *why)
{
	struct usb_urbs *urbs = io->urbs;

	log_limited(urbs->log_limit, LOG_WARN, "%s: URB refused: port %u, endpoint %u %s, %u byte(s): %s", urbs->label,
		    io->urb.port, io->urb.endpoint, io->urb.is_in ? "in" : "out", io->urb.len_bytes, why);
	reasons_count(&urbs->counters->errors, why, 1);
	if (urbs->capture && !io->urb.is_unlink)
		usb_capture_refused(io, status, why);
	respond_status(io, status);
}

/* Those that wait for it go out with it, after it. */
static void answer_unlinks(struct usb_urbs *urbs, uint32_t slot)
{
	uint32_t unlink;

	while ((unlink = usb_flight_take_waiting(&urbs->flight, slot)) != USB_NO_SLOT)
		respond_status(&urbs->io[unlink], USBIF_STATUS_OK);
}

/* It was out, and is no more. */
static void land(struct usb_io *io, const struct usb_urb_answer *answer)
{
	usb_flight_remove(&io->urbs->flight, io->slot);
	if (io->urbs->capture)
		usb_capture_completed(io, answer);
	respond(io->urbs, io, answer);
	answer_unlinks(io->urbs, io->slot);
}

static void land_status(struct usb_io *io, int32_t status)
{
	const struct usb_urb_answer answer = { .id = io->urb.id, .status = status };

	land(io, &answer);
}

static void land_refused(struct usb_io *io, int32_t status, const char *why)
{
	usb_flight_remove(&io->urbs->flight, io->slot);
	refuse(io, status, why);
	answer_unlinks(io->urbs, io->slot);
}

static void has_bad_grant(struct usb_io *io)
{
	land_refused(io, USBIF_STATUS_IOERROR, "a grant that cannot be used");
}

static int32_t nr_packet_errors(const struct usb_io *io)
{
	int32_t nr = 0;

	for (unsigned int i = 0; is_isoc(io) && i < io->urb.nr_packets; i++)
		nr += io->packets[i].status != USBIF_STATUS_OK;
	return nr;
}

static int32_t status_of(const struct usb_io *io)
{
	bool is_short = io->transfer.actual_bytes < io->urb.len_bytes;

	if (io->transfer.status == USBIF_STATUS_OK && io->urb.must_not_be_short && is_short && !is_isoc(io))
		return USBIF_STATUS_IOERROR;
	return io->transfer.status;
}

static void land_with_data(struct usb_io *io)
{
	const struct usb_urb_answer answer = {
		.id = io->urb.id,
		.start_frame = io->urb.start_frame,
		.status = status_of(io),
		.actual_bytes = (int32_t)io->transfer.actual_bytes,
		.nr_errors = nr_packet_errors(io),
	};

	counter_add(&io->urbs->counters->urbs[io->urb.type], 1);
	counter_add(&io->urbs->counters->bytes[io->urb.type], io->transfer.actual_bytes);
	land(io, &answer);
}

/* ---- the device ------------------------------------------------------------------------------------------------ */

static void add(struct usb_io_list *list, struct usb_io *io, enum usb_io_at at)
{
	io->at = at;
	TAILQ_INSERT_TAIL(list, io, entry);
}

/* One that leaves gives all back with an error: what it is called then, the guest cannot do anything about. */
static void transfer_done(struct usb_transfer *transfer)
{
	struct usb_io *io = container_of(transfer, struct usb_io, transfer);
	struct usb_urbs *urbs = io->urbs;

	if (transfer->status != USBIF_STATUS_OK && !usb_hub_device(urbs->hub, io->urb.port))
		transfer->status = USBIF_STATUS_NODEV;
	/* Also of no data: one endpoint's answers come in the order in which the device gave them. */
	if ((io->urb.is_in || is_isoc(io) || io->urb.type == USB_CONTROL) && queue_has_ring(urbs->queue))
		add(&urbs->to_store, io, USB_IO_TO_STORE);
	else
		land_with_data(io);
	usb_hub_ended(urbs->hub, io->urb.port);
	queue_kick(urbs->queue);
}

static void give_to_device(struct usb_io *io, struct usb_device *device)
{
	io->transfer = (struct usb_transfer){
		.type = io->urb.type,
		.is_in = io->urb.is_in,
		.endpoint = io->urb.endpoint,
		.data = usb_io_buffer(io),
		.len_bytes = io->urb.len_bytes,
		.packets = io->packets,
		.nr_packets = io->urb.nr_packets,
		.device = device,
		.done = transfer_done,
	};
	memcpy(io->transfer.setup, io->urb.setup, sizeof(io->transfer.setup));
	io->at = USB_IO_IN_DEVICE;
	io->is_cancelled = false;
	usb_hub_began(io->urbs->hub, io->urb.port);
	device->engine->submit(device, &io->transfer);
}

static void chore_done(struct usb_chore *chore)
{
	struct usb_io *io = container_of(chore, struct usb_io, chore);
	struct usb_urbs *urbs = io->urbs;
	bool is_there = usb_hub_device(urbs->hub, io->urb.port);

	if (chore->status == USBIF_STATUS_OK)
		urbs->hub->port[io->urb.port].endpoints = chore->endpoints;
	counter_add(&urbs->counters->urbs[USB_CONTROL], 1);
	land_status(io, is_there ? chore->status : USBIF_STATUS_NODEV);
	usb_hub_ended(urbs->hub, io->urb.port);
	queue_kick(urbs->queue);
}

static void begin_chore(struct usb_io *io, const struct usb_chore *chore)
{
	struct usb_hub *hub = io->urbs->hub;

	io->chore = *chore;
	io->at = USB_IO_CHORE;
	io->chore.done = chore_done;
	io->chore.device = usb_hub_device(hub, io->urb.port);
	usb_hub_began(hub, io->urb.port);
	io->chore.device->engine->chore(io->chore.device, &io->chore);
}

/*
 * What the host does is no transfer, but has its turn at endpoint 0 as if it were: it begins when all before it are
 * answered, and what comes after it begins when it is. So a device has one chore at a time, and no control transfer
 * beside it.
 */
static bool must_wait(const struct usb_io *io, bool is_the_hosts)
{
	const struct usb_urbs *urbs = io->urbs;
	const struct usb_io *other;

	TAILQ_FOREACH(other, &urbs->waiting, entry) {
		if (other->urb.port == io->urb.port)
			return true;
	}
	for (uint32_t slot = 0; slot < USB_NR_SLOTS; slot++) {
		other = &urbs->io[slot];
		if (!urbs->flight.urb[slot].is_out || other->urb.port != io->urb.port || other->urb.type != USB_CONTROL)
			continue;
		if (other->at == USB_IO_CHORE ||
		    (is_the_hosts && (other->at == USB_IO_IN_DEVICE || other->at == USB_IO_TO_STORE)))
			return true;
	}
	return false;
}

static void submit_control(struct usb_io *io, struct usb_device *device)
{
	const struct usb_host_request request = usb_host_request(&io->urb);

	if (must_wait(io, request.kind != USB_NOT_THE_HOSTS)) {
		add(&io->urbs->waiting, io, USB_IO_WAITING);
		return;
	}
	switch (request.kind) {
	case USB_NOT_THE_HOSTS:
		give_to_device(io, device);
		break;
	case USB_SET_ADDRESS:
		io->urbs->hub->port[io->urb.port].address = request.address;
		land_status(io, USBIF_STATUS_OK);
		break;
	case USB_DO_CHORE:
		begin_chore(io, &request.chore);
		break;
	case USB_BAD_REQUEST:
		land_refused(io, USBIF_STATUS_INVAL, request.why);
		break;
	}
}

/* A device without an address yet answers to 0, as after a reset of its port, which is the guest's alone to know of. */
static void submit(struct usb_io *io)
{
	const struct usb_hub_port *port = &io->urbs->hub->port[io->urb.port];
	struct usb_device *device = usb_hub_device(io->urbs->hub, io->urb.port);
	const char *why;

	if (!device)
		land_refused(io, USBIF_STATUS_NODEV, "no device at its port");
	else if (io->urbs->is_stopping)
		land_status(io, USBIF_STATUS_SHUTDOWN);
	else if (io->urb.address != 0 && io->urb.address != port->address)
		land_refused(io, USBIF_STATUS_NODEV, "no device of that address at its port");
	else if (io->urb.type != USB_CONTROL && usb_endpoint_check(&port->endpoints, &io->urb, &why) != USB_OK)
		land_refused(io, USBIF_STATUS_INVAL, why);
	else if (io->urb.type == USB_CONTROL)
		submit_control(io, device);
	else
		give_to_device(io, device);
}

/* In their order: who still has to wait is the last again. */
static void submit_waiting(struct usb_urbs *urbs)
{
	struct usb_io_list list;
	struct usb_io *io;

	TAILQ_INIT(&list);
	TAILQ_CONCAT(&list, &urbs->waiting, entry);
	while ((io = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, io, entry);
		submit(io);
	}
}

/* ---- from the queue -------------------------------------------------------------------------------------------- */

static void has_learnt(struct usb_io *io)
{
	const char *why;

	if (usb_packets_check(&io->urb, io->packets, &why) != USB_OK) {
		land_refused(io, USBIF_STATUS_INVAL, why);
		return;
	}
	for (unsigned int i = 0; i < io->urb.nr_packets; i++) {
		io->packets[i].actual_bytes = 0;
		io->packets[i].status = USBIF_STATUS_OK;
	}
	add(&io->urbs->to_fetch, io, USB_IO_TO_FETCH);
}

static void has_fetched(struct usb_io *io)
{
	io->has_come = true;
	if (io->urbs->capture)
		usb_capture_submitted(io);
	submit(io);
}

/* Even of one without data: the URBs of an endpoint go to it in the order of the ring. */
static void take_urb(struct usb_io *io)
{
	if (!usb_flight_add(&io->urbs->flight, io->slot, io->urb.id, io->urb.port))
		refuse(io, USBIF_STATUS_INVAL, "an id that is in use");
	else if (is_isoc(io))
		add(&io->urbs->to_learn, io, USB_IO_TO_LEARN);
	else
		add(&io->urbs->to_fetch, io, USB_IO_TO_FETCH);
}

/* Once: an engine that takes its time is not asked again. */
static void cancel(struct usb_io *io)
{
	struct usb_device *device = io->transfer.device;

	if (io->is_cancelled)
		return;
	io->is_cancelled = true;
	device->engine->cancel(device, &io->transfer);
}

/* The URB is out. */
static void unlink_urb(struct usb_urbs *urbs, struct usb_io *io)
{
	switch (io->at) {
	case USB_IO_TO_LEARN:
		TAILQ_REMOVE(&urbs->to_learn, io, entry);
		land_status(io, USBIF_STATUS_IOERROR);
		break;
	case USB_IO_TO_FETCH:
		TAILQ_REMOVE(&urbs->to_fetch, io, entry);
		land_status(io, USBIF_STATUS_IOERROR);
		break;
	case USB_IO_WAITING:
		TAILQ_REMOVE(&urbs->waiting, io, entry);
		land_status(io, USBIF_STATUS_IOERROR);
		break;
	case USB_IO_IN_DEVICE:
		cancel(io);
		break;
	case USB_IO_CHORE:
	case USB_IO_TO_STORE: /* it ends by itself */
		break;
	}
}

static void take_unlink(struct usb_io *io)
{
	struct usb_urbs *urbs = io->urbs;
	uint32_t slot = usb_flight_find(&urbs->flight, io->urb.unlink_id, io->urb.port);

	counter_add(&urbs->counters->nr_unlinks, 1);
	if (!usb_hub_device(urbs->hub, io->urb.port)) {
		respond_status(io, USBIF_STATUS_NODEV);
	} else if (slot == USB_NO_SLOT) {
		respond_status(io, USBIF_STATUS_OK);
	} else {
		usb_flight_wait(&urbs->flight, slot, io->slot);
		unlink_urb(urbs, &urbs->io[slot]);
	}
}

static struct usb_io *take(struct usb_urbs *urbs, uint32_t slot, const void *octets)
{
	struct usb_io *io = &urbs->io[slot];

	io->taken_ns = clock_now_ns();
	io->has_come = false;
	counter_add(&urbs->counters->nr_taken, 1);
	io->number = counter_read(&urbs->counters->nr_taken);
	usb_urb_decode(octets, &io->urb);
	return io;
}

void usb_urbs_lost(struct usb_urbs *urbs, uint32_t slot, const void *octets)
{
	struct usb_io *io = take(urbs, slot, octets);

	respond_status(io, io->urb.is_unlink ? USBIF_STATUS_OK : USBIF_STATUS_NODEV);
}

void usb_urbs_request(struct usb_urbs *urbs, uint32_t slot, const void *octets)
{
	struct usb_io *io = take(urbs, slot, octets);
	const char *why;

	if (usb_urb_check(urbs->hub->nr_ports, &io->urb, &why) != USB_OK)
		refuse(io, USBIF_STATUS_INVAL, why);
	else if (io->urb.is_unlink)
		take_unlink(io);
	else
		take_urb(io);
}

void usb_urbs_flush(struct usb_urbs *urbs)
{
	usb_io_copy(urbs, &urbs->to_learn, usb_io_learn, has_learnt, has_bad_grant);
	usb_io_copy(urbs, &urbs->to_fetch, usb_io_fetch, has_fetched, has_bad_grant);
	if (queue_has_ring(urbs->queue))
		usb_io_copy(urbs, &urbs->to_store, usb_io_store, land_with_data, has_bad_grant);
	submit_waiting(urbs);
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

void usb_urbs_cancel_port(struct usb_urbs *urbs, unsigned int number)
{
	for (uint32_t slot = 0; slot < USB_NR_SLOTS; slot++) {
		struct usb_io *io = &urbs->io[slot];

		if (urbs->flight.urb[slot].is_out && io->at == USB_IO_IN_DEVICE && io->urb.port == number)
			cancel(io);
	}
}

void usb_urbs_stop(struct usb_urbs *urbs)
{
	urbs->is_stopping = true;
	for (unsigned int number = 1; number <= urbs->hub->nr_ports; number++)
		usb_urbs_cancel_port(urbs, number);
}
