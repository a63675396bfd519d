// SPDX-License-Identifier: MIT
/*
 * storage: uses a stick as a host does, bulk-only: writes blocks that say of themselves which they are and when they
 * were written, reads them back, and has a command refused. What is on the stick is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

#define BLOCK_BYTES	512
#define MAX_BLOCKS	65536 /* that are remembered: the first ones */
#define ENDPOINT_IN	1
#define ENDPOINT_OUT	2
#define WRAPPER_BYTES	31
#define STATUS_BYTES	13

struct storage {
	struct usbload *ul;
	struct usbfront_io *io;
	uint32_t tag, nr_blocks;
	uint16_t *generation; /* by block; 0: not written yet */
	uint64_t random, nr_written, nr_read;
};

struct command {
	uint8_t octets[16];
	uint8_t len;
	bool is_in;
	uint32_t len_bytes; /* of data */
	const char *what;
};

/* ---- bulk-only ------------------------------------------------------------------------------------------------- */

static void put_le32(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | from[1] << 16 | from[2] << 8 | from[3];
}

static void put_be32(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * (3 - i));
}

static bool bulk(struct storage *st, bool is_in, uint32_t len_bytes, const char *what)
{
	struct usb_urb urb = usbload_urb(st->ul, USB_BULK, is_in ? ENDPOINT_IN : ENDPOINT_OUT, is_in, len_bytes);

	return usbload_do(st->ul, st->io, &urb, what);
}

static bool send_command(struct storage *st, const struct command *command)
{
	uint8_t *wrapper = st->io->data;

	memset(wrapper, 0, WRAPPER_BYTES);
	memcpy(wrapper, "USBC", 4);
	put_le32(wrapper + 4, ++st->tag);
	put_le32(wrapper + 8, command->len_bytes);
	wrapper[12] = command->is_in ? 0x80 : 0;
	wrapper[14] = command->len;
	memcpy(wrapper + 15, command->octets, command->len);
	return bulk(st, false, WRAPPER_BYTES, command->what);
}

/* How it ended: 0 well, 1 not; -1: said what is wrong. */
static int take_status(struct storage *st, const char *what)
{
	uint8_t tag[4];

	if (!bulk(st, true, STATUS_BYTES, what))
		return -1;
	put_le32(tag, st->tag);
	if (st->io->actual_bytes == STATUS_BYTES && memcmp(st->io->data, "USBS", 4) == 0 &&
	    memcmp(st->io->data + 4, tag, 4) == 0)
		return st->io->data[12];
	usbload_error("%s: no status", what);
	return -1;
}

/* The one io carries all stages; out and in are data of its own, or NULL. */
static bool run(struct storage *st, const struct command *command, const uint8_t *out, uint8_t *in)
{
	if (!send_command(st, command))
		return false;
	if (out)
		memcpy(st->io->data, out, command->len_bytes);
	if (command->len_bytes && !bulk(st, command->is_in, command->len_bytes, command->what))
		return false;
	if (command->len_bytes && st->io->actual_bytes != command->len_bytes) {
		usbload_error("%s: %u bytes of %u", command->what, st->io->actual_bytes, command->len_bytes);
		return false;
	}
	if (in)
		memcpy(in, st->io->data, command->len_bytes);
	switch (take_status(st, command->what)) {
	case 0:
		return true;
	case 1:
		usbload_error("%s: the stick says that it failed", command->what);
	}
	return false;
}

/* ---- what is done with it -------------------------------------------------------------------------------------- */

static bool learn(struct storage *st)
{
	const struct command inquiry = { { 0x12, 0, 0, 0, 36 }, 6, true, 36, "INQUIRY" };
	const struct command is_ready = { { 0x00 }, 6, false, 0, "TEST UNIT READY" };
	const struct command read_capacity = { { 0x25 }, 10, true, 8, "READ CAPACITY" };
	uint8_t data[36];

	if (!run(st, &inquiry, NULL, data) || !run(st, &is_ready, NULL, NULL))
		return false;
	printf("stick: %.8s %.16s %.4s\n", data + 8, data + 16, data + 32);
	if (!run(st, &read_capacity, NULL, data))
		return false;
	st->nr_blocks = get_be32(data) + 1;
	printf("blocks: %u of %u bytes\n", st->nr_blocks, get_be32(data + 4));
	return true;
}

static void fill(const struct storage *st, uint8_t *data, uint32_t first, uint32_t nr)
{
	for (uint32_t block = first; block < first + nr; block++) {
		uint64_t state = random_mix((uint64_t)block << 16 | st->generation[block]);

		for (unsigned int i = 0; i < BLOCK_BYTES; i += 8, data += 8) {
			uint64_t word = random_next(&state);

			memcpy(data, &word, 8);
		}
	}
}

static bool transfer(struct storage *st, bool is_read, uint32_t first, uint32_t nr, uint8_t *data)
{
	struct command command = { { is_read ? 0x28 : 0x2a }, 10, is_read, nr * BLOCK_BYTES,
				   is_read ? "READ" : "WRITE" };

	put_be32(command.octets + 2, first);
	command.octets[7] = (uint8_t)(nr >> 8);
	command.octets[8] = (uint8_t)nr;
	return run(st, &command, is_read ? NULL : data, is_read ? data : NULL);
}

static bool read_back(struct storage *st, uint32_t first, uint32_t nr, uint8_t *data, uint8_t *expected)
{
	if (!transfer(st, true, first, nr, data))
		return false;
	fill(st, expected, first, nr);
	for (uint32_t i = 0; i < nr; i++) {
		if (st->generation[first + i] == 0 ||
		    memcmp(data + i * BLOCK_BYTES, expected + i * BLOCK_BYTES, BLOCK_BYTES) == 0)
			continue;
		usbload_error("block %u does not hold what was written there", first + i);
		return false;
	}
	st->nr_read += nr;
	return true;
}

static bool step(struct storage *st, uint8_t *data, uint8_t *expected)
{
	uint32_t blocks = st->nr_blocks < MAX_BLOCKS ? st->nr_blocks : MAX_BLOCKS;
	uint32_t most = st->ul->config->max_bytes / BLOCK_BYTES, nr, first;

	most = most < blocks ? most : blocks;
	nr = 1 + (uint32_t)random_below(&st->random, most);
	first = (uint32_t)random_below(&st->random, blocks - nr + 1);
	if (random_below(&st->random, 2))
		return read_back(st, first, nr, data, expected);
	for (uint32_t i = 0; i < nr; i++)
		st->generation[first + i]++;
	fill(st, data, first, nr);
	st->nr_written += nr;
	return transfer(st, false, first, nr, data) && read_back(st, first, nr, data, expected);
}

/* Data that does not come is a stall, or too little of it; then the status says that it failed, and the sense why. */
static bool is_refused(struct storage *st)
{
	const struct command unknown = { { 0xee }, 6, true, 512, "a command that there is not" };
	const struct command sense = { { 0x03, 0, 0, 0, 18 }, 6, true, 18, "REQUEST SENSE" };
	const struct usb_setup clear_halt = { 0x02, 1, 0, 0x80 | ENDPOINT_IN, 0 };
	struct usb_urb urb = usbload_urb(st->ul, USB_BULK, ENDPOINT_IN, true, 512);
	uint8_t data[18];

	if (!send_command(st, &unknown))
		return false;
	usbfront_submit(st->ul->front, st->io, &urb);
	usbfront_push(st->ul->front);
	if (!usbload_await(st->ul))
		return false;
	if (st->io->status != USBIF_STATUS_STALL && st->io->status != USBIF_STATUS_OK) {
		usbload_error("%s: %s, not STALL or OK", unknown.what, usbload_status_name(st->io->status));
		return false;
	}
	if (st->io->status == USBIF_STATUS_STALL &&
	    !usbload_control(st->ul, &clear_halt, NULL, NULL, "CLEAR_FEATURE of ENDPOINT_HALT"))
		return false;
	if (take_status(st, unknown.what) != 1 || !run(st, &sense, NULL, data))
		return false;
	printf("refused: sense %u/%02x\n", data[2] & 0x0f, data[12]);
	return true;
}

static bool verify(struct storage *st)
{
	const struct command flush = { { 0x35 }, 10, false, 0, "SYNCHRONIZE CACHE" };
	const struct usbload_config *config = st->ul->config;
	uint64_t end_ns = clock_now_ns() + config->seconds * NSEC_PER_SEC;
	uint8_t *data = malloc(2 * USBFRONT_BUFFER_BYTES);
	bool is_ok = data;

	for (uint32_t i = 0; is_ok && !usbload_stop; i++) {
		if (config->nr_requests ? i == config->nr_requests : clock_now_ns() >= end_ns)
			break;
		is_ok = step(st, data, data + USBFRONT_BUFFER_BYTES);
	}
	free(data);
	return is_ok && run(st, &flush, NULL, NULL);
}

int usbload_storage(struct usbload *ul)
{
	struct storage st = { .ul = ul, .random = ul->config->seed };
	bool is_ok;

	if (!usbload_find_device(ul))
		return EXIT_IO;
	st.io = usbfront_get(ul->front);
	st.generation = calloc(MAX_BLOCKS, sizeof(*st.generation));
	if (!st.generation) {
		usbload_error("out of memory");
		return EXIT_CONNECT;
	}
	is_ok = learn(&st) && is_refused(&st) && verify(&st);
	free(st.generation);
	if (is_ok)
		printf("verified %llu blocks written, %llu read\n", (unsigned long long)st.nr_written,
		       (unsigned long long)st.nr_read);
	return is_ok ? EXIT_OK : EXIT_IO;
}
