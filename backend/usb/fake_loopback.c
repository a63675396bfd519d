// SPDX-License-Identifier: MIT
/*
 * Gives back what it is sent, packet by packet: endpoint 1 by bulk, endpoint 2 by interrupt transfers. As a real one it
 * says nothing while it has nothing to give, or no room left; and it gives its packets as they were sent to it, so that
 * a short one ends a transfer, and one that does not fit is babble.
 */
#include <errno.h>
#include <string.h>

#include "backend/usb/fake.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

#define NR_PACKETS	 256 /* that it has room for, in each direction */
#define MAX_PACKET_BYTES 512

enum { CLASS_VENDOR = 0xff, BULK_BYTES = 512, INTERRUPT_BYTES = 64 };

#define CONFIGURATION_BYTES (9 + 9 + 4 * 7)
static const uint8_t configuration[] = {
	FAKE_CONFIGURATION(CONFIGURATION_BYTES, 1),
	FAKE_INTERFACE(0, 0, 4, CLASS_VENDOR, 0, 0),
	FAKE_ENDPOINT(0x01, 2, BULK_BYTES, 0),
	FAKE_ENDPOINT(0x81, 2, BULK_BYTES, 0),
	FAKE_ENDPOINT(0x02, 3, INTERRUPT_BYTES, 4),
	FAKE_ENDPOINT(0x82, 3, INTERRUPT_BYTES, 4),
};
_Static_assert(sizeof(configuration) == CONFIGURATION_BYTES, "its length");

struct pipe {
	uint16_t packet_bytes;
	struct fake_transfers out, in; /* that wait, begun or not */
	uint32_t nr_put, nr_taken;     /* free-running */
	struct packet {
		uint16_t len_bytes;
		uint8_t data[MAX_PACKET_BYTES];
	} packet[NR_PACKETS];
};

struct loopback {
	struct fake fake;
	struct pipe pipe[2];
};

static struct pipe *pipe_of(struct fake *fake, uint8_t endpoint)
{
	return &container_of(fake, struct loopback, fake)->pipe[(endpoint & 0x0f) - 1];
}

static int init(struct fake *fake, const char *rest, struct errbuf *err)
{
	for (uint8_t number = 1; number <= 2; number++) {
		struct pipe *pipe = pipe_of(fake, number);

		pipe->packet_bytes = number == 1 ? BULK_BYTES : INTERRUPT_BYTES;
		TAILQ_INIT(&pipe->out);
		TAILQ_INIT(&pipe->in);
	}
	return 0;
}

static void configured(struct fake *fake)
{
	for (uint8_t number = 1; number <= 2; number++)
		pipe_of(fake, number)->nr_taken = pipe_of(fake, number)->nr_put;
}

/* true: all of it is in the pipe. One without data is a packet, too. */
static bool put(struct pipe *pipe, struct usb_transfer *transfer)
{
	do {
		struct packet *packet = &pipe->packet[pipe->nr_put % NR_PACKETS];
		uint32_t left = transfer->len_bytes - transfer->actual_bytes;

		if (pipe->nr_put - pipe->nr_taken == NR_PACKETS)
			return false;
		packet->len_bytes = left < pipe->packet_bytes ? (uint16_t)left : pipe->packet_bytes;
		memcpy(packet->data, transfer->data + transfer->actual_bytes, packet->len_bytes);
		transfer->actual_bytes += packet->len_bytes;
		pipe->nr_put++;
	} while (transfer->actual_bytes < transfer->len_bytes);
	return true;
}

/* true: it is at its end, with that status. */
static bool take(struct pipe *pipe, struct usb_transfer *transfer, int32_t *status)
{
	const struct packet *packet;

	*status = USBIF_STATUS_OK;
	while (pipe->nr_put != pipe->nr_taken) {
		packet = &pipe->packet[pipe->nr_taken++ % NR_PACKETS];
		if (packet->len_bytes > transfer->len_bytes - transfer->actual_bytes) {
			*status = USBIF_STATUS_BABBLE;
			return true;
		}
		memcpy(transfer->data + transfer->actual_bytes, packet->data, packet->len_bytes);
		transfer->actual_bytes += packet->len_bytes;
		if (packet->len_bytes < pipe->packet_bytes || transfer->actual_bytes == transfer->len_bytes)
			return true;
	}
	return false;
}

static bool give_one(struct pipe *pipe)
{
	struct usb_transfer *transfer = TAILQ_FIRST(&pipe->in);
	int32_t status;

	if (!transfer || !take(pipe, transfer, &status))
		return false;
	TAILQ_REMOVE(&pipe->in, transfer, entry);
	fake_done(transfer, status);
	return true;
}

static bool take_one(struct pipe *pipe)
{
	struct usb_transfer *transfer = TAILQ_FIRST(&pipe->out);

	if (!transfer || !put(pipe, transfer))
		return false;
	TAILQ_REMOVE(&pipe->out, transfer, entry);
	fake_done(transfer, USBIF_STATUS_OK);
	return true;
}

/* What is taken makes room, and what is put is to be given. */
static void pump(struct pipe *pipe)
{
	uint32_t nr_taken;

	do {
		nr_taken = pipe->nr_taken;
		while (take_one(pipe))
			;
		while (give_one(pipe))
			;
	} while (pipe->nr_taken != nr_taken);
}

static void submit(struct fake *fake, struct usb_transfer *transfer)
{
	struct pipe *pipe = pipe_of(fake, transfer->endpoint);

	if (transfer->is_in)
		TAILQ_INSERT_TAIL(&pipe->in, transfer, entry);
	else
		TAILQ_INSERT_TAIL(&pipe->out, transfer, entry);
	pump(pipe);
}

static void cancel(struct fake *fake, struct usb_transfer *transfer)
{
	struct pipe *pipe = pipe_of(fake, transfer->endpoint);

	if (transfer->is_in)
		TAILQ_REMOVE(&pipe->in, transfer, entry);
	else
		TAILQ_REMOVE(&pipe->out, transfer, entry);
	fake_done(transfer, USBIF_STATUS_IOERROR);
}

static void halted(struct fake *fake, uint8_t endpoint, bool is_halted)
{
	struct fake_transfers stalled, *waiting;
	unsigned int number = endpoint & 0x0f;

	if (!is_halted || number < 1 || number > 2)
		return;
	waiting = endpoint & 0x80 ? &pipe_of(fake, endpoint)->in : &pipe_of(fake, endpoint)->out;
	TAILQ_INIT(&stalled);
	TAILQ_CONCAT(&stalled, waiting, entry);
	fake_done_all(&stalled, USBIF_STATUS_STALL);
}

const struct fake_kind fake_loopback = {
	.name = "loopback",
	.takes = "",
	.speed = USB_SPEED_HIGH,
	.device = FAKE_DEVICE(1),
	.configuration = configuration,
	.configuration_bytes = sizeof(configuration),
	.product = "pvring loopback",
	.bytes = sizeof(struct loopback),
	.init = init,
	.configured = configured,
	.submit = submit,
	.cancel = cancel,
	.halted = halted,
};
