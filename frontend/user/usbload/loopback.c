// SPDX-License-Identifier: MIT
/*
 * loopback: sends transfers of any length to a device that gives them back, reads them, and compares each octet. Eight
 * are on their way out and eight in; a transfer that comes in ends where one that went out did.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

#define MAX_AHEAD 8 /* transfers out, and transfers in */

struct loopback {
	struct usbload *ul;
	enum usb_type type;
	uint8_t endpoint;
	uint64_t random;
	uint64_t end_ns;
	/* By number of the transfer, modulo the array: how long it is. */
	uint32_t len_bytes[4 * MAX_AHEAD];
	uint64_t nr_sent, nr_asked, nr_verified; /* free-running */
	uint64_t nr_bytes;
	unsigned int nr_out, nr_in; /* on their way */
	bool is_over;
};

static uint32_t *len_of(struct loopback *lb, uint64_t number)
{
	return &lb->len_bytes[number % (4 * MAX_AHEAD)];
}

static uint8_t octet_of(uint64_t number, uint32_t at)
{
	return (uint8_t)(number * 31 + at + (at >> 8));
}

/* One that is a multiple of the packet's length has no short packet at its end: none, but of one that is full. */
static uint32_t pick_length(struct loopback *lb)
{
	uint32_t most = lb->ul->config->max_bytes, len;

	if (lb->ul->config->is_fixed)
		return most;
	len = (uint32_t)random_below(&lb->random, most + 1);
	return len > 0 && len < most && len % 64 == 0 ? len - 1 : len;
}

static bool has_to_send(const struct loopback *lb)
{
	const struct usbload_config *config = lb->ul->config;

	if (config->nr_requests)
		return lb->nr_sent < config->nr_requests;
	return !usbload_stop && clock_now_ns() < lb->end_ns;
}

static void submit(struct loopback *lb, bool is_in, uint64_t number, uint32_t len_bytes)
{
	struct usb_urb urb = usbload_urb(lb->ul, lb->type, lb->endpoint, is_in, len_bytes);
	struct usbfront_io *io = usbfront_get(lb->ul->front);

	io->user = (void *)(uintptr_t)(number << 1 | is_in);
	for (uint32_t i = 0; !is_in && i < len_bytes; i++)
		io->data[i] = octet_of(number, i);
	usbfront_submit(lb->ul->front, io, &urb);
}

static void submit_all(struct loopback *lb)
{
	while (lb->nr_out < MAX_AHEAD && lb->nr_sent - lb->nr_verified < 4 * MAX_AHEAD && has_to_send(lb)) {
		*len_of(lb, lb->nr_sent) = pick_length(lb);
		submit(lb, false, lb->nr_sent, *len_of(lb, lb->nr_sent));
		lb->nr_sent++;
		lb->nr_out++;
	}
	/* Each has room for the longest: it is the short packet that ends it. */
	while (lb->nr_in < MAX_AHEAD && lb->nr_asked < lb->nr_sent) {
		submit(lb, true, lb->nr_asked++, lb->ul->config->max_bytes);
		lb->nr_in++;
	}
	usbfront_push(lb->ul->front);
}

static bool verify(struct loopback *lb, const struct usbfront_io *io, uint64_t number)
{
	if (number != lb->nr_verified) {
		usbload_error("transfer %llu came before %llu", (unsigned long long)number,
			      (unsigned long long)lb->nr_verified);
		return false;
	}
	if (io->actual_bytes != *len_of(lb, number)) {
		usbload_error("transfer %llu: %u bytes came back of %u", (unsigned long long)number, io->actual_bytes,
			      *len_of(lb, number));
		return false;
	}
	for (uint32_t i = 0; i < io->actual_bytes; i++) {
		if (io->data[i] == octet_of(number, i))
			continue;
		usbload_error("transfer %llu: byte %u is %02x, not %02x", (unsigned long long)number, i, io->data[i],
			      octet_of(number, i));
		return false;
	}
	lb->nr_verified++;
	lb->nr_bytes += io->actual_bytes;
	return true;
}

static bool take_one(struct loopback *lb)
{
	struct usbfront_io *io = usbload_await(lb->ul);
	uint64_t number;
	bool is_in, is_ok;

	if (!io)
		return false;
	number = (uintptr_t)io->user >> 1;
	is_in = (uintptr_t)io->user & 1;
	is_ok = io->status == USBIF_STATUS_OK;
	if (!is_ok)
		usbload_error("transfer %llu %s: %s", (unsigned long long)number, is_in ? "in" : "out",
			      usbload_status_name(io->status));
	else if (is_in)
		is_ok = verify(lb, io, number);
	lb->nr_in -= is_in;
	lb->nr_out -= !is_in;
	usbfront_put(lb->ul->front, io);
	return is_ok;
}

int usbload_loopback(struct usbload *ul)
{
	struct loopback lb = {
		.ul = ul,
		.type = ul->config->is_interrupt ? USB_INTERRUPT : USB_BULK,
		.endpoint = ul->config->is_interrupt ? 2 : 1,
		.random = ul->config->seed,
	};
	int exit_code = usbload_find_product(ul, USBLOAD_LOOPBACK, "the loopback");
	uint64_t begun_ns;
	double seconds;

	if (exit_code)
		return exit_code;
	begun_ns = clock_now_ns();
	lb.end_ns = begun_ns + ul->config->seconds * NSEC_PER_SEC;
	for (submit_all(&lb); lb.nr_out + lb.nr_in > 0; submit_all(&lb)) {
		if (!take_one(&lb))
			return EXIT_IO;
	}
	seconds = (double)(clock_now_ns() - begun_ns) / NSEC_PER_SEC;
	printf("verified %llu transfers each way, %llu bytes, %.0f transfers/s, %.1f MiB/s\n",
	       (unsigned long long)lb.nr_verified, (unsigned long long)lb.nr_bytes, lb.nr_verified / seconds,
	       lb.nr_bytes / seconds / 1048576);
	return EXIT_OK;
}
