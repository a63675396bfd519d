// SPDX-License-Identifier: MIT
/*
 * A USB frontend that misbehaves, or asks for what is rarely asked for: one case per run, on a controller of eight
 * ports with the loopback at port 1, the isochronous source and sink at 4 and nothing at 5. What comes of it is
 * printed, not judged:
 *
 *	NAME STATUS [BYTES]	each answer, in their order, by the name of what was asked
 *	front WHY		the backend gave what no correct one gives
 *	backend STATE		at the end, where the case is about the rings
 *	afterwards STATUS	what an ordinary request gives then
 *
 * Exit status: 0 done, 2 usage, 3 could not connect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"
#include "tests/daemon/usb_hostile/ask.h"

/* ---- addresses, ports, endpoints ------------------------------------------------------------------------------- */

static void run_ports(void)
{
	static const char *const names[] = { "port-0", "port-9", "port-31" };
	static const uint8_t ports[] = { 0, 9, 31 };

	for (unsigned int i = 0; i < 3; i++) {
		ask_one(names[i], descriptor_of(ports[i]));
		ask_raw(names[i], (struct usb_urb){ .port = ports[i], .is_unlink = true, .unlink_id = 1 });
		settle(1);
	}
	ask_one("empty-port", descriptor_of(NOTHING));
	ask_raw("unlink-at-empty-port", (struct usb_urb){ .port = NOTHING, .is_unlink = true });
	settle(1);
	afterwards();
}

static void run_addresses(void)
{
	static const uint16_t bad[] = { 128, 129, 255, 256, 0x7fff, 0x8000, 65535 };
	struct usb_urb urb = descriptor_of(LOOPBACK);

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask_one("set-address", control_to(LOOPBACK, 0, 5, bad[i], 0, 0));
	urb.address = 127;
	ask_one("not-its-address", urb);
	ask_one("set-address-127", control_to(LOOPBACK, 0, 5, 127, 0, 0));
	ask_one("its-address", urb);
	urb.address = 1;
	ask_one("another-address", urb);
	ask_one("set-address-0", control_to(LOOPBACK, 0, 5, 0, 0, 0));
	afterwards();
}

/* What the host does by itself, with data that none of it has: nothing that the device is to see. */
static void run_host_requests(void)
{
	static const struct {
		const char *name;
		uint8_t request_type, request;
	} rows[] = {
		{ "set-address", 0x00, 5 },
		{ "set-configuration", 0x00, 9 },
		{ "set-interface", 0x01, 11 },
		{ "clear-halt", 0x02, 1 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ask_one(rows[i].name, control_to(LOOPBACK, rows[i].request_type, rows[i].request, 0, 0, 1));
	ask_one("set-address-128", control_to(LOOPBACK, 0, 5, 128, 0, 1));
	afterwards();
}

/* Whoever answers them: the device, the host at once, the host when it is done. All are there at once. */
static void run_order(void)
{
	ask("descriptor", descriptor_of(LOOPBACK));
	ask("set-address", control_to(LOOPBACK, 0, 5, 3, 0, 0));
	ask("configure", control_to(LOOPBACK, 0, 9, 1, 0, 0));
	ask("descriptor-2", descriptor_of(LOOPBACK));
	ask("configure-none", control_to(LOOPBACK, 0, 9, 0, 0, 0));
	ask("configuration", control_to(LOOPBACK, 0x80, 8, 0, 0, 1));
	ask("configure-again", control_to(LOOPBACK, 0, 9, 1, 0, 0));
	ask("feature", control_to(LOOPBACK, 2, 3, 0, 0x81, 0));
	ask("clear-halt", control_to(LOOPBACK, 2, 1, 0, 0x81, 0));
	ask("no-such-address", control_to(LOOPBACK, 0, 5, 128, 0, 0));
	settle(10);
	ask_one("bulk", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_one("bulk-in", urb_to(LOOPBACK, USB_BULK, 1, true, 8));
	afterwards();
}

/* One that waits for another of its endpoint has not gone to the device. */
static void run_unlink_waiting(void)
{
	struct usbfront_io *io;

	ask("configure-none", control_to(LOOPBACK, 0, 9, 0, 0, 0));
	io = ask("descriptor", descriptor_of(LOOPBACK));
	settle(0);
	usbfront_unlink(front, get("unlink"), io);
	settle(3);
	afterwards();
}

static void run_endpoints(void)
{
	configure(LOOPBACK);
	ask_one("endpoint-3", urb_to(LOOPBACK, USB_BULK, 3, false, 8));
	ask_one("endpoint-15-in", urb_to(LOOPBACK, USB_BULK, 15, true, 8));
	ask_one("bulk-as-interrupt", urb_to(LOOPBACK, USB_INTERRUPT, 1, true, 8));
	ask_one("bulk-to-endpoint-0", urb_to(LOOPBACK, USB_BULK, 0, false, 8));
	ask_one("configure-none", control_to(LOOPBACK, 0, 9, 0, 0, 0));
	ask_one("bulk-of-no-configuration", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_one("configure-2", control_to(LOOPBACK, 0, 9, 2, 0, 0));
	ask_one("interface-1", control_to(LOOPBACK, 1, 11, 0, 1, 0));
	afterwards();
}

/* What the next connection is to find nothing of. */
static void run_leave_data(void)
{
	configure(LOOPBACK);
	ask_one("out-100", urb_to(LOOPBACK, USB_BULK, 1, false, 100));
	ask_one("halt", control_to(LOOPBACK, 2, 3, 0, 0x81, 0));
}

static void run_leave_unconfigured(void)
{
	ask_one("configure-none", control_to(LOOPBACK, 0, 9, 0, 0, 0));
}

/* A guest that relies on what a device is when it is plugged in. */
static void run_as_new(void)
{
	ask_one("configuration", control_to(LOOPBACK, 0x80, 8, 0, 0, 1));
	ask_one("out-8", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_one("in", urb_to(LOOPBACK, USB_BULK, 1, true, 512));
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static void run_segments(void)
{
	struct usb_urb urb = urb_to(LOOPBACK, USB_BULK, 1, false, 4096);

	configure(LOOPBACK);
	urb.nr_segments = 17;
	ask_raw("17-segments", urb);
	urb.nr_segments = 65535;
	ask_raw("65535-segments", urb);
	urb.nr_segments = 0;
	ask_raw("no-segments", urb);
	urb.nr_segments = 1;
	urb.segment[0] = (struct usb_segment){ .offset_bytes = 1, .len_bytes = 4096 };
	ask_raw("over-the-page", urb);
	urb.segment[0] = (struct usb_segment){ .offset_bytes = 65535, .len_bytes = 4096 };
	ask_raw("far-over-the-page", urb);
	urb.segment[0] = (struct usb_segment){ .len_bytes = 4095 };
	ask_raw("shorter-than-its-length", urb);
	urb.segment[0] = (struct usb_segment){ .gref = 0x7fffffff, .len_bytes = 4096 };
	ask_raw("a-grant-that-there-is-not", urb);
	settle(7);
	urb = urb_to(ISO, USB_ISOC, 2, false, 0);
	urb.nr_segments = 15;
	urb.nr_desc_segments = 2;
	urb.nr_packets = 1;
	ask_raw("15-and-2-segments", urb);
	settle(1);
	afterwards();
}

/* A request of 16 whole pages, whose length has no room in the slot: as Linux' frontend sends it. */
static void run_65536(void)
{
	struct usb_urb urb = urb_to(LOOPBACK, USB_BULK, 1, false, 0);

	configure(LOOPBACK);
	urb.nr_segments = 16;
	for (unsigned int i = 0; i < 16; i++)
		urb.segment[i].len_bytes = 4096;
	ask_raw("out", urb);
	settle(1);
	urb.is_in = true;
	ask_raw("in", urb);
	settle(1);
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

static void ask_iso(const char *name, bool is_in, uint16_t nr, uint32_t offset, uint32_t len, uint32_t step)
{
	struct usb_urb urb = urb_to(ISO, USB_ISOC, is_in ? 1 : 2, is_in, 4096);
	struct usbfront_io *io = get(name);

	urb.nr_packets = nr;
	for (unsigned int i = 0; i < nr && i < USBFRONT_MAX_PACKETS; i++)
		io->packets[i] = (struct usb_packet){ offset + i * step, len, 0, 0 };
	usbfront_submit(front, io, &urb);
	settle(1);
}

static void run_packets(void)
{
	configure(ISO);
	ask_one("iso-of-setting-0", urb_to(ISO, USB_ISOC, 1, true, 0));
	ask_one("set-interface", control_to(ISO, 1, 11, 1, 0, 0));
	ask_iso("packets", true, 4, 0, 1024, 1024);
	ask_iso("with-gaps", true, 4, 8, 100, 1024);
	ask_iso("none", true, 0, 0, 0, 0);
	ask_iso("too-many", true, 129, 0, 1, 1);
	ask_iso("beyond", true, 1, 4096, 1, 0);
	ask_iso("over-the-end", false, 1, 4000, 97, 0);
	ask_iso("wraps", false, 1, 8, 0xffffffff, 0);
	ask_iso("far", true, 1, 0xfffffff0, 16, 0);
	ask_iso("overlap", true, 4, 0, 1024, 1023);
	ask_iso("larger-than-the-endpoint", false, 1, 0, 2000, 0);
	afterwards();
}

/* ---- unlink ---------------------------------------------------------------------------------------------------- */

static void ask_unlink(const char *name, const struct usbfront_io *other)
{
	usbfront_unlink(front, get(name), other);
}

static void run_unlink(void)
{
	struct usb_urb in = urb_to(LOOPBACK, USB_BULK, 1, true, 512), nowhere;
	struct usbfront_io *io;

	configure(LOOPBACK);
	/* In the device, which has nothing to give. */
	io = ask("in", in);
	settle(0);
	ask_one("between", descriptor_of(LOOPBACK));
	ask_unlink("unlink", io);
	settle(2);
	/* Twice. */
	io = ask("in", in);
	settle(0);
	ask_unlink("unlink-1", io);
	ask_unlink("unlink-2", io);
	settle(3);
	/* Both come at once: it has not gone to the device yet. */
	io = ask("out", urb_to(LOOPBACK, USB_BULK, 1, false, 512));
	ask_unlink("unlink", io);
	settle(2);
	/* Done, and never there. */
	ask_one("out", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_unlink("unlink-done", io);
	settle(1);
	nowhere = (struct usb_urb){ .port = LOOPBACK, .is_unlink = true, .unlink_id = 0xffff };
	ask_raw("unlink-unknown", nowhere);
	settle(1);
	/* One at another port is not meant. */
	nowhere.port = ISO;
	ask_one("in", in);
	io = ask("in", in);
	nowhere.unlink_id = usbfront_id(front, io);
	settle(0);
	ask_raw("unlink-at-another-port", nowhere);
	settle(1);
	ask_unlink("unlink", io);
	settle(2);
	afterwards();
}

/* The same id twice, which the front itself would never do. */
static void run_same_id(void)
{
	struct usb_urb urb = urb_to(LOOPBACK, USB_BULK, 1, true, 0);
	struct usbfront_io *io;
	struct usb_urb_answer answer;
	uint8_t octets[USB_URB_REQUEST_BYTES];

	configure(LOOPBACK);
	io = ask("in", urb);
	settle(0);
	urb.id = usbfront_id(front, io);
	usb_urb_encode(&urb, octets);
	ring_front_put(&front->urb_ring, octets);
	usbfront_push(front);
	while (ring_front_pop(&front->urb_ring, octets) != RING_GOT)
		usbfront_wait(front, 10);
	usb_urb_answer_decode(octets, &answer);
	printf("again %s\n", status_name(answer.status));
	ask_unlink("unlink", io);
	settle(2);
	afterwards();
}

/* ---- what a host does, and what is out meanwhile --------------------------------------------------------------- */

static void run_chores(void)
{
	ask_one("configure-none", control_to(LOOPBACK, 0, 9, 0, 0, 0));
	ask_one("bulk", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_one("configure-7", control_to(LOOPBACK, 0, 9, 7, 0, 0));
	ask_one("configure", control_to(LOOPBACK, 0, 9, 1, 0, 0));
	ask_one("clear-halt", control_to(LOOPBACK, 2, 1, 0, 0x81, 0));
	ask_one("no-such-request", control_to(LOOPBACK, 0xc0, 99, 0, 0, 8));
	ask_one("descriptor", descriptor_of(LOOPBACK));
}

/* Of endpoints that have nothing to give. */
static void run_unlink_in(void)
{
	configure(LOOPBACK);
	ask_unlink("unlink", ask("in", urb_to(LOOPBACK, USB_BULK, 1, true, 512)));
	settle(2);
	for (enum usb_type type = USB_INTERRUPT; type <= USB_BULK; type += USB_BULK - USB_INTERRUPT) {
		struct usbfront_io *io = ask("in", urb_to(LOOPBACK, type, type == USB_BULK ? 1 : 2, true, 512));

		settle(0);
		ask_one("descriptor", descriptor_of(LOOPBACK)); /* the device has it by now */
		ask_unlink("unlink", io);
		settle(2);
	}
}

static void run_reconfigure(void)
{
	configure(LOOPBACK);
	ask("in", urb_to(LOOPBACK, USB_BULK, 1, true, 512));
	settle(0);
	ask_one("descriptor", descriptor_of(LOOPBACK));
	ask("configure", control_to(LOOPBACK, 0, 9, 1, 0, 0));
	settle(2);
}

/* ---- what endpoints do ----------------------------------------------------------------------------------------- */

static void run_short(void)
{
	struct usb_urb must = urb_to(LOOPBACK, USB_BULK, 1, true, 1024);

	configure(LOOPBACK);
	ask_one("out-1000", urb_to(LOOPBACK, USB_BULK, 1, false, 1000));
	ask_one("in", urb_to(LOOPBACK, USB_BULK, 1, true, 4096));
	ask_one("out-0", urb_to(LOOPBACK, USB_BULK, 1, false, 0));
	ask_one("in-of-nothing", urb_to(LOOPBACK, USB_BULK, 1, true, 4096));
	ask_one("out-1000", urb_to(LOOPBACK, USB_BULK, 1, false, 1000));
	must.must_not_be_short = true;
	ask_one("in-that-must-not-be-short", must);
	ask_one("out-1024", urb_to(LOOPBACK, USB_BULK, 1, false, 1024));
	ask_one("in-that-must-not-be-short", must);
	ask_one("out-512", urb_to(LOOPBACK, USB_BULK, 1, false, 512));
	ask_one("in-of-100", urb_to(LOOPBACK, USB_BULK, 1, true, 100));
	ask_one("long-string", control_to(LOOPBACK, 0x80, 6, 3 << 8 | 1, 0x0409, 255));
}

#define NR_STALLED 3000

static void run_stall(void)
{
	unsigned int nr_stalled = 0, nr_out = 0, nr_other = 0;
	struct usbfront_io *done;

	configure(LOOPBACK);
	ask_one("no-such-request", control_to(LOOPBACK, 0xc0, 99, 0, 0, 8));
	ask("waits", urb_to(LOOPBACK, USB_BULK, 1, true, 512));
	settle(0);
	ask("halt", control_to(LOOPBACK, 2, 3, 0, 0x81, 0));
	settle(2);
	while (nr_stalled + nr_other < NR_STALLED) {
		struct usb_urb urb = urb_to(LOOPBACK, USB_BULK, 1, true, 512);
		struct usbfront_io *io = nr_stalled + nr_other + nr_out < NR_STALLED ? usbfront_get(front) : NULL;
		int got;

		if (io) {
			usbfront_submit(front, io, &urb);
			nr_out++;
			continue;
		}
		usbfront_push(front);
		got = usbfront_poll(front, &done, 1);
		if (got < 0)
			break;
		if (got == 0) {
			usbfront_wait(front, 100);
			continue;
		}
		nr_stalled += done->status == USBIF_STATUS_STALL;
		nr_other += done->status != USBIF_STATUS_STALL;
		nr_out--;
		usbfront_put(front, done);
	}
	printf("stalled %u, others %u\n", nr_stalled, nr_other);
	ask_one("clear-halt", control_to(LOOPBACK, 2, 1, 0, 0x81, 0));
	ask_one("out", urb_to(LOOPBACK, USB_BULK, 1, false, 8));
	ask_one("in", urb_to(LOOPBACK, USB_BULK, 1, true, 512));
	afterwards();
}

/* ---- the rings ------------------------------------------------------------------------------------------------- */

static void print_backend(const char *while_it_is)
{
	uint64_t deadline = clock_in_ms(TIMEOUT_MS);
	enum xb_state state = XB_UNKNOWN;
	struct errbuf err;

	do {
		usbfront_wait(front, 20);
		if (xb_device_peer_state(&front->device.xb, &state, &err))
			break;
	} while (strcmp(xb_state_name(state), while_it_is) == 0 && clock_now_ns() < deadline);
	printf("backend %s\n", xb_state_name(state));
}

static void run_urb_ring_index(void)
{
	peer_store_release(&front->urb_ring.shared->req_prod, front->urb_ring.req_pushed + 17);
	front_port_notify(&front->port);
	print_backend("Connected");
}

/* It looks at that index when it has something to say, so something has to happen: the test sees to that. */
static void run_conn_ring_index(void)
{
	peer_store_release(&front->conn_ring.shared->req_prod, front->conn_ring.rsp_cons - 1);
	front_port_notify(&front->port);
	printf("is bad\n");
	fflush(stdout);
	print_backend("Connected");
}

/* Both ports were told of, one after the other, with the only place that there is. */
static void run_one_place(void)
{
	printf("port %u has %u event, port %u has %u\n", LOOPBACK, usbfront_nr_events(front, LOOPBACK), ISO,
	       usbfront_nr_events(front, ISO));
	afterwards();
}

/* ---- the command line ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(void);
	uint32_t nr_places;
} cases[] = {
	{ "ports", run_ports, 0 },
	{ "addresses", run_addresses, 0 },
	{ "host-requests", run_host_requests, 0 },
	{ "order", run_order, 0 },
	{ "unlink-waiting", run_unlink_waiting, 0 },
	{ "endpoints", run_endpoints, 0 },
	{ "leave-data", run_leave_data, 0 },
	{ "leave-unconfigured", run_leave_unconfigured, 0 },
	{ "as-new", run_as_new, 0 },
	{ "segments", run_segments, 0 },
	{ "65536", run_65536, 0 },
	{ "packets", run_packets, 0 },
	{ "unlink", run_unlink, 0 },
	{ "same-id", run_same_id, 0 },
	{ "chores", run_chores, 0 },
	{ "unlink-in", run_unlink_in, 0 },
	{ "reconfigure", run_reconfigure, 0 },
	{ "short", run_short, 0 },
	{ "stall", run_stall, 0 },
	{ "urb-ring-index", run_urb_ring_index, 0 },
	{ "conn-ring-index", run_conn_ring_index, 1 },
	{ "one-place", run_one_place, 1 },
};

static void await_ports(void)
{
	struct usbfront_io *done;

	while (usbfront_poll(front, &done, 1) == 0 &&
	       (!usbfront_speed(front, LOOPBACK) || !usbfront_speed(front, ISO))) {
		if (usbfront_wait(front, 100))
			break;
	}
}

int main(int argc, char **argv)
{
	struct usbfront_config config = { .timeout_ms = 10000 };
	struct errbuf err;

	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		config.nr_places = cases[i].nr_places;
		front = usbfront_new(&config);
		if (!front || usbfront_connect(front, &err)) {
			fprintf(stderr, "usb_hostile: cannot connect: %s\n", front ? err.text : "no memory");
			return 3;
		}
		await_ports();
		cases[i].run();
		fflush(stdout);
		if (usbfront_disconnect(front, &err))
			fprintf(stderr, "usb_hostile: closing: %s\n", err.text);
		usbfront_free(front);
		return 0;
	}
	fprintf(stderr, "usage: usb_hostile CASE\n");
	return 2;
}
