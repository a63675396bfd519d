// SPDX-License-Identifier: MIT
/*
 * A peer of the usbredir protocol that says what it likes, while a guest's transfers, chores and unlinks go to its
 * device. The engine is opened as a helper does it and then run as a worker does, on one end of a socket pair; the
 * input is what the guest asks for and what the peer sends. What holds:
 *
 * - a transfer or chore comes back once, with a status that there is, and at the latest when the peer is gone;
 * - it has no more bytes than it has room for, each packet of an isochronous one no more than its own;
 * - a device that opens is at a speed that there is, no hub, and one that the policy lets through;
 * - when the peer is gone the device is not there, and why is said.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/usb/hotplug.h"
#include "backend/usb/policy.h"
#include "backend/usb/redir.h"
#include "common/wire/xen_usbif.h"
#include "tests/fuzz/fuzz.h"

#define MAX_PACKETS 8

enum { STORAGE = 8, HUB = 9 }; /* classes */

/* Mass storage is denied; other devices are not. */
static const struct usb_policy policy = {
	.nr = 2,
	.rule = { { .domid = USB_ANY_GUEST, .kind = USB_RULE_CLASS, .class = STORAGE },
		  { .is_allowed = true, .domid = USB_ANY_GUEST, .kind = USB_RULE_ANY } },
};
const struct usb_policy *usb_policy = &policy;

static struct fuzz_input *input;
static struct usb_device *device;

/* ---- the peer -------------------------------------------------------------------------------------------------- */

static int peer_fd; /* -1: it is gone */
static bool peer_has_64_bits;

/* As a peer sends it that has all that we have; length_at: where it says how much data follows. */
static const struct {
	uint32_t type;
	uint8_t header_bytes, length_at;
} kinds[] = {
	{ usb_redir_hello, 68, 0 },		     { usb_redir_device_connect, 10, 0 },
	{ usb_redir_interface_info, 132, 0 },	     { usb_redir_ep_info, 160, 0 },
	{ usb_redir_configuration_status, 2, 0 },    { usb_redir_alt_setting_status, 3, 0 },
	{ usb_redir_iso_stream_status, 2, 0 },	     { usb_redir_interrupt_receiving_status, 2, 0 },
	{ usb_redir_control_packet, 10, 8 },	     { usb_redir_bulk_packet, 10, 2 },
	{ usb_redir_iso_packet, 4, 2 },		     { usb_redir_interrupt_packet, 4, 2 },
	{ usb_redir_buffered_bulk_packet, 10, 4 },   { usb_redir_bulk_streams_status, 9, 0 },
	{ usb_redir_bulk_receiving_status, 6, 0 },   { usb_redir_filter_filter, 0, 0 },
	{ usb_redir_filter_reject, 0, 0 },	     { usb_redir_device_disconnect, 0, 0 },
	{ usb_redir_device_disconnect_ack, 0, 0 },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void peer_leave(void)
{
	if (peer_fd >= 0)
		close(peer_fd);
	peer_fd = -1;
}

static void peer_send(const void *bytes, size_t len_bytes)
{
	if (peer_fd >= 0)
		(void)send(peer_fd, bytes, len_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What it was told is of no interest to it. */
static void peer_read(void)
{
	static uint8_t ignored[65536];

	while (peer_fd >= 0 && recv(peer_fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0)
		;
}

static void send_head(uint32_t type, uint32_t len_bytes, uint64_t id)
{
	struct usb_redir_header head = { .type = type, .length = len_bytes, .id = id };

	peer_send(&head, peer_has_64_bits ? sizeof(head) : sizeof(head) - 4);
}

/* Everything in it is the input's; but mostly lengths agree, as nothing is looked at otherwise. */
static void send_packet(void)
{
	uint8_t what = fuzz_u8(input), flags = fuzz_u8(input), body[160 + 4096];
	uint32_t header_bytes = kinds[what % NR_KINDS].header_bytes, length_at = kinds[what % NR_KINDS].length_at;
	uint32_t data_bytes = length_at || header_bytes == 0 ? fuzz_u8(input) * (flags & 1 ? 16 : 1) : 0;
	uint64_t id = flags & 2 ? fuzz_u64(input) : fuzz_u8(input);
	uint16_t length = (uint16_t)data_bytes;

	fuzz_take(input, body, header_bytes);
	memset(body + header_bytes, fuzz_u8(input), data_bytes);
	if (length_at && !(flags & 4))
		memcpy(body + length_at, &length, sizeof(length));
	if (kinds[what % NR_KINDS].type == usb_redir_bulk_packet && !(flags & 4))
		body[8] = body[9] = 0;
	if (flags >= 0xfc)
		send_head(fuzz_u32(input), fuzz_u32(input), id);
	else
		send_head(kinds[what % NR_KINDS].type, header_bytes + data_bytes, id);
	peer_send(body, header_bytes + data_bytes);
	if (kinds[what % NR_KINDS].type == usb_redir_hello)
		peer_has_64_bits = body[64] & 1 << usb_redir_cap_64bits_ids;
}

static void peer_turn(void)
{
	peer_read();
	if (input->left_bytes > 0)
		send_packet();
	else
		peer_leave();
}

/* In the place of the system's: while a helper waits, the peer speaks; nobody else here waits. */
int poll(struct pollfd *fds, nfds_t nr, int timeout_ms)
{
	peer_turn();
	return 1;
}

/* ---- what is around the engine: in the place of ours, which need an address, loops and threads ----------------- */

static struct usb_watch watch = { .epoll_fd = -1 };

int redir_connect(const char *address, unsigned int timeout_ms, struct errbuf *err)
{
	int fds[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	peer_fd = fds[1];
	peer_has_64_bits = false;
	return fds[0];
}

int usb_watch_take(struct loop *loop, void (*handle)(void *user), void *user, struct usb_watch **taken,
		   struct errbuf *err)
{
	if (watch.epoll_fd < 0)
		watch.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch.handle = handle;
	watch.user = user;
	*taken = &watch;
	return 0;
}

void usb_watch_give_back(struct usb_watch *given)
{
	assert(given == &watch && watch.handle);
	watch.handle = NULL;
}

void usb_hotplug_gone(void)
{
}

/* ---- the guest ------------------------------------------------------------------------------------------------- */

static struct asked {
	bool is_out, is_cancelled;
	struct usb_transfer transfer;
} asked[USB_MAX_SEGMENTS];

static bool is_chore_out;
static struct usb_chore chore;
static struct usb_endpoints endpoints; /* that the guest knows of */

static void check_packets(const struct usb_transfer *transfer)
{
	for (unsigned int i = 0; i < transfer->nr_packets; i++)
		assert(transfer->packets[i].actual_bytes <= transfer->packets[i].len_bytes);
}

static void transfer_done(struct usb_transfer *transfer)
{
	struct asked *its = container_of(transfer, struct asked, transfer);

	assert(its->is_out);
	assert(transfer->actual_bytes <= transfer->len_bytes);
	assert(transfer->status == USBIF_STATUS_OK || transfer->status == USBIF_STATUS_NODEV ||
	       transfer->status == USBIF_STATUS_INVAL || transfer->status == USBIF_STATUS_STALL ||
	       transfer->status == USBIF_STATUS_IOERROR || transfer->status == USBIF_STATUS_BABBLE);
	check_packets(transfer);
	free(transfer->data - USB_ROOM_BYTES);
	free(transfer->packets);
	its->is_out = false;
}

static void chore_done(struct usb_chore *done)
{
	assert(is_chore_out && done == &chore);
	is_chore_out = false;
	if (chore.status == USBIF_STATUS_OK)
		endpoints = chore.endpoints;
}

static bool is_out(bool control_alone)
{
	for (unsigned int i = 0; i < USB_MAX_SEGMENTS; i++) {
		if (asked[i].is_out && (!control_alone || asked[i].transfer.type == USB_CONTROL))
			return true;
	}
	return false;
}

/* As a guest's that was checked: of a type that its endpoint has, a setup packet that agrees, packets one by one. */
static bool fill_in(struct usb_transfer *transfer)
{
	uint8_t address = fuzz_u8(input);
	const struct usb_endpoint *endpoint;

	transfer->endpoint = address & 0x0f;
	transfer->is_in = address & 0x80;
	transfer->len_bytes = fuzz_u8(input) * (address & 0x40 ? 64U : 1U);
	endpoint = &(transfer->is_in ? endpoints.in : endpoints.out)[transfer->endpoint];
	transfer->type = transfer->endpoint == 0 ? USB_CONTROL : endpoint->type;
	if (transfer->endpoint == 0) {
		const struct usb_setup setup = { transfer->is_in ? USB_SETUP_IN : 0, 6, 0, 0,
						 (uint16_t)transfer->len_bytes };

		usb_setup_encode(&setup, transfer->setup);
		return !is_chore_out;
	}
	return endpoint->packet_bytes > 0;
}

static void cut_into_packets(struct usb_transfer *transfer)
{
	uint32_t each = transfer->len_bytes / MAX_PACKETS;

	transfer->nr_packets = transfer->type == USB_ISOC ? 1 + fuzz_u8(input) % MAX_PACKETS : 0;
	transfer->packets = calloc(transfer->nr_packets, sizeof(*transfer->packets));
	for (uint32_t i = 0; i < transfer->nr_packets; i++)
		transfer->packets[i] = (struct usb_packet){ .offset_bytes = i * each, .len_bytes = each };
}

static void submit(struct asked *its)
{
	struct usb_transfer *transfer = &its->transfer;

	if (its->is_out)
		return;
	*its = (struct asked){ .transfer = { .device = device, .done = transfer_done } };
	if (!fill_in(transfer))
		return;
	cut_into_packets(transfer);
	transfer->data = (uint8_t *)calloc(1, USB_ROOM_BYTES + transfer->len_bytes) + USB_ROOM_BYTES;
	its->is_out = true;
	device->engine->submit(device, transfer);
}

static void cancel(struct asked *its)
{
	if (!its->is_out || its->is_cancelled)
		return;
	its->is_cancelled = true;
	device->engine->cancel(device, &its->transfer);
}

static void ask_chore(void)
{
	uint8_t kind = fuzz_u8(input);

	if (is_chore_out || is_out(true))
		return;
	chore = (struct usb_chore){ .kind = kind % 3, .configuration = kind >> 6, .interface = kind >> 4 & 3,
				    .alternate = kind >> 6, .endpoint = kind >> 2, .device = device,
				    .done = chore_done };
	is_chore_out = true;
	device->engine->chore(device, &chore);
}

/* false: it is to be closed. */
static bool reset(void)
{
	struct errbuf err;

	if (is_chore_out || is_out(false))
		return true;
	if (device->engine->reset(device, &err))
		return false;
	endpoints = device->endpoints;
	return true;
}

static bool take_turn(void)
{
	uint8_t what = fuzz_u8(input);
	struct asked *its = &asked[what >> 4];

	switch (what % 8) {
	case 0:
	case 1:
		submit(its);
		break;
	case 2:
		cancel(its);
		break;
	case 3:
		ask_chore();
		break;
	case 4:
		redir_stream_tick(to_redir(device), UINT64_MAX);
		break;
	case 5:
		return what >> 4 != 0 || reset();
	default:
		peer_turn();
	}
	return true;
}

/* ---------------------------------------------------------------------------------------------------------------- */

static void check_opened(void)
{
	const struct redir *redir = to_redir(device);

	assert(device->speed >= USB_SPEED_LOW && device->speed <= USB_SPEED_HIGH);
	assert(redir->info.device_class != HUB && redir->info.device_class != STORAGE);
	for (unsigned int i = 0; i < redir->interfaces.interface_count; i++)
		assert(redir->interfaces.interface_class[i] != STORAGE);
	endpoints = device->endpoints;
}

static void check_over(void)
{
	struct errbuf why = { "" };

	peer_leave();
	while (watch.handle && !redir_is_broken(to_redir(device)))
		watch.handle(watch.user);
	assert(!is_out(false) && !is_chore_out);
	if (watch.handle) /* it was not its reset that failed */
		assert(!device->engine->is_there(device, &why) && why.text[0]);
	device->engine->close(device);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input whole = { bytes, len_bytes };
	const struct usb_host host = { .domid = 1 };
	bool is_there = true;
	struct errbuf err;

	input = &whole;
	if (usb_engine_redir.open(&device, "peer", &host, &err)) {
		assert(err.text[0]);
		peer_leave();
		return 0;
	}
	check_opened();
	while (is_there && input->left_bytes > 0) {
		is_there = take_turn();
		if (is_there)
			watch.handle(watch.user);
	}
	check_over();
	return 0;
}
