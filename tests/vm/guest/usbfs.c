// SPDX-License-Identifier: MIT
/*
 * usbfs PATH loopback|iso: uses a device in software of pvring-usbd's by the kernel's usbfs, in ways that no driver of
 * the kernel's would: every byte and every packet is compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define NR_PACKETS   128
#define PACKET_BYTES 1024
#define PATTERN	     256 /* the octets' numbers; so does the source, and so expects the sink */

enum { BULK_OUT = 0x01, BULK_IN = 0x81, INTERRUPT_OUT = 0x02, INTERRUPT_IN = 0x82, ISO_IN = 0x81, ISO_OUT = 0x02 };

static int device;

static void expect(const char *what, long got, long want)
{
	if (got == want)
		return;
	printf("usbfs: %s: got %ld, expected %ld\n", what, got, want);
	exit(1);
}

static void control_device(const char *what, unsigned long request, void *arg)
{
	if (ioctl(device, request, arg) >= 0)
		return;
	printf("usbfs: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

static struct usbdevfs_urb *submit(unsigned char type, unsigned char endpoint, int len_bytes, unsigned int flags)
{
	struct usbdevfs_urb *urb = calloc(1, sizeof(*urb) + NR_PACKETS * sizeof(urb->iso_frame_desc[0]));
	unsigned char *data = malloc((size_t)len_bytes);

	if (!urb || !data)
		abort();
	for (int i = 0; i < len_bytes; i++)
		data[i] = (unsigned char)(endpoint & USB_DIR_IN ? 0xee : i % PATTERN);
	urb->type = type;
	urb->endpoint = endpoint;
	urb->flags = flags;
	urb->buffer = data;
	urb->buffer_length = len_bytes;
	if (type == USBDEVFS_URB_TYPE_ISO) {
		urb->number_of_packets = NR_PACKETS;
		for (int i = 0; i < NR_PACKETS; i++)
			urb->iso_frame_desc[i].length = PACKET_BYTES;
	}
	control_device("submitting", USBDEVFS_SUBMITURB, urb);
	return urb;
}

/* The next one that comes back is that one. */
static void reap(const char *what, struct usbdevfs_urb *urb, int status)
{
	struct usbdevfs_urb *got = NULL;

	control_device("reaping", USBDEVFS_REAPURB, &got);
	if (got != urb) {
		printf("usbfs: %s: another one came back, of endpoint %02x\n", what, got->endpoint);
		exit(1);
	}
	expect(what, urb->status, status);
}

static void check_data(const char *what, struct usbdevfs_urb *urb, int len_bytes)
{
	const unsigned char *data = urb->buffer;

	expect(what, urb->actual_length, len_bytes);
	for (int i = 0; i < len_bytes; i++)
		expect(what, data[i], i % PATTERN);
}

static void release(struct usbdevfs_urb *urb)
{
	free(urb->buffer);
	free(urb);
}

/* ---- endpoints that give back what they are sent --------------------------------------------------------------- */

static void there_and_back(const char *what, unsigned char type, unsigned char out, unsigned char in, int len_bytes,
			   unsigned int flags)
{
	struct usbdevfs_urb *sent, *received = submit(type, in, len_bytes + 20000, 0), *first;

	sent = submit(type, out, len_bytes, flags);
	control_device("reaping", USBDEVFS_REAPURB, &first);
	reap(what, first == sent ? received : sent, 0);
	expect(what, first->status, 0);
	expect(what, sent->actual_length, len_bytes);
	check_data(what, received, len_bytes);
	release(sent);
	release(received);
}

/* What is asked for by one and does not come goes to the next: none takes what is another's. */
static void two_at_once(void)
{
	struct usbdevfs_urb *in[2], *out;

	in[0] = submit(USBDEVFS_URB_TYPE_BULK, BULK_IN, 200000, 0);
	in[1] = submit(USBDEVFS_URB_TYPE_BULK, BULK_IN, 200000, 0);
	for (int i = 0; i < 2; i++) {
		out = submit(USBDEVFS_URB_TYPE_BULK, BULK_OUT, 61440 + 1000 + i, 0);
		for (int nr = 0; nr < 2; nr++) {
			struct usbdevfs_urb *got = NULL;

			control_device("reaping", USBDEVFS_REAPURB, &got);
			expect("two at once", got == out || got == in[i], 1);
		}
		check_data("two at once", in[i], 61440 + 1000 + i);
		release(out);
		release(in[i]);
	}
}

static void taken_back(void)
{
	struct usbdevfs_urb *in[40];
	unsigned int nr = sizeof(in) / sizeof(in[0]);

	for (unsigned int i = 0; i < nr; i++)
		in[i] = submit(USBDEVFS_URB_TYPE_BULK, BULK_IN, 100000, 0);
	for (unsigned int i = 0; i < nr; i++) {
		control_device("taking back", USBDEVFS_DISCARDURB, in[i]);
		reap("taken back", in[i], -ENOENT);
		expect("octets of one that was taken back", in[i]->actual_length, 0);
		release(in[i]);
	}
}

static void use_loopback(void)
{
	there_and_back("bulk of 1000", USBDEVFS_URB_TYPE_BULK, BULK_OUT, BULK_IN, 1000, 0);
	there_and_back("bulk of 100000", USBDEVFS_URB_TYPE_BULK, BULK_OUT, BULK_IN, 100000, 0);
	there_and_back("bulk of whole packets, and an empty one", USBDEVFS_URB_TYPE_BULK, BULK_OUT, BULK_IN, 2 * 61440,
		       USBDEVFS_URB_ZERO_PACKET);
	there_and_back("interrupt", USBDEVFS_URB_TYPE_INTERRUPT, INTERRUPT_OUT, INTERRUPT_IN, 100, 0);
	two_at_once();
	taken_back();
	there_and_back("bulk after that", USBDEVFS_URB_TYPE_BULK, BULK_OUT, BULK_IN, 70000, 0);
}

/* ---- isochronous ----------------------------------------------------------------------------------------------- */

static void check_packets(const char *what, const struct usbdevfs_urb *urb)
{
	expect(what, urb->error_count, 0);
	for (int i = 0; i < NR_PACKETS; i++) {
		expect(what, (int)urb->iso_frame_desc[i].status, 0);
		expect(what, urb->iso_frame_desc[i].actual_length, PACKET_BYTES);
	}
}

static void use_iso(void)
{
	struct usbdevfs_setinterface setting = { .interface = 0, .altsetting = 1 };
	uint32_t seen[3] = { 0 }; /* packets, octets, wrong ones */
	struct usbdevfs_ctrltransfer ask = { .bRequestType = 0xc0, .bRequest = 1, .wLength = sizeof(seen),
					     .timeout = 30000, .data = seen };
	struct usbdevfs_urb *urb;
	unsigned char *data;

	control_device("setting the interface", USBDEVFS_SETINTERFACE, &setting);
	urb = submit(USBDEVFS_URB_TYPE_ISO, ISO_IN, NR_PACKETS * PACKET_BYTES, 0);
	reap("packets received", urb, 0);
	check_packets("packets received", urb);
	data = urb->buffer;
	for (int i = 0; i < NR_PACKETS * PACKET_BYTES; i++)
		expect("an octet received", data[i], i % PATTERN);
	release(urb);

	urb = submit(USBDEVFS_URB_TYPE_ISO, ISO_OUT, NR_PACKETS * PACKET_BYTES, 0);
	reap("packets sent", urb, 0);
	check_packets("packets sent", urb);
	control_device("asking what was seen", USBDEVFS_CONTROL, &ask);
	expect("packets seen", seen[0], NR_PACKETS);
	expect("octets seen", seen[1], NR_PACKETS * PACKET_BYTES);
	expect("octets that were wrong", seen[2], 0);
	release(urb);
}

int main(int argc, char **argv)
{
	unsigned int interface = 0;

	if (argc != 3) {
		fprintf(stderr, "usbfs: expected PATH loopback|iso\n");
		return 2;
	}
	device = open(argv[1], O_RDWR);
	if (device < 0) {
		perror(argv[1]);
		return 1;
	}
	control_device("claiming the interface", USBDEVFS_CLAIMINTERFACE, &interface);
	if (strcmp(argv[2], "iso") == 0)
		use_iso();
	else
		use_loopback();
	return 0;
}
