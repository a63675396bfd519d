// SPDX-License-Identifier: MIT
/*
 * Which URBs are out, and which unlinks wait for them, as a guest's requests come and are answered in any order. Held
 * against a list of all that is there:
 *
 * - no two with one id are out; one that is out is found by its id at its port, and nothing else is;
 * - every unlink that waits is given back once, in its order, with the URB that it waits for.
 */
#include "backend/usb/flight.h"
#include "tests/fuzz/fuzz.h"

static struct usb_flight flight;

/* As told to it. */
static struct {
	enum { FREE, OUT, WAITING } state;
	uint16_t id;
	uint8_t port;
	uint32_t waits_for, turn;
} slots[USB_NR_SLOTS];

static uint32_t find(uint16_t id, uint8_t port, bool at_any_port)
{
	for (uint32_t i = 0; i < USB_NR_SLOTS; i++) {
		if (slots[i].state == OUT && slots[i].id == id && (at_any_port || slots[i].port == port))
			return i;
	}
	return USB_NO_SLOT;
}

static void submit(uint32_t slot, uint16_t id, uint8_t port)
{
	bool is_known = find(id, 0, true) != USB_NO_SLOT;

	if (slots[slot].state != FREE)
		return;
	assert(usb_flight_add(&flight, slot, id, port) == !is_known);
	if (is_known)
		return;
	slots[slot].state = OUT;
	slots[slot].id = id;
	slots[slot].port = port;
}

static void submit_unlink(uint32_t slot, uint16_t id, uint8_t port, uint32_t turn)
{
	uint32_t found = usb_flight_find(&flight, id, port);

	assert(found == find(id, port, false));
	if (slots[slot].state != FREE || found == USB_NO_SLOT)
		return;
	usb_flight_wait(&flight, found, slot);
	slots[slot].state = WAITING;
	slots[slot].waits_for = found;
	slots[slot].turn = turn;
}

static uint32_t first_waiting(uint32_t slot)
{
	uint32_t first = USB_NO_SLOT;

	for (uint32_t i = 0; i < USB_NR_SLOTS; i++) {
		if (slots[i].state == WAITING && slots[i].waits_for == slot &&
		    (first == USB_NO_SLOT || slots[i].turn < slots[first].turn))
			first = i;
	}
	return first;
}

static void answer(uint32_t slot)
{
	uint32_t waiting;

	if (slots[slot].state != OUT)
		return;
	usb_flight_remove(&flight, slot);
	assert(usb_flight_has_waiting(&flight, slot) == (first_waiting(slot) != USB_NO_SLOT));
	do {
		waiting = usb_flight_take_waiting(&flight, slot);
		assert(waiting == first_waiting(slot));
		if (waiting != USB_NO_SLOT)
			slots[waiting].state = FREE;
	} while (waiting != USB_NO_SLOT);
	slots[slot].state = FREE;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	memset(&flight, 0, sizeof(flight));
	memset(slots, 0, sizeof(slots));
	for (size_t i = 0; i + 1 < len_bytes; i += 2) {
		uint32_t slot = bytes[i] % USB_NR_SLOTS;
		uint16_t id = bytes[i + 1] % 16;
		uint8_t port = bytes[i + 1] >> 4 & 3;

		if (bytes[i] >> 4 < 6)
			submit(slot, id, port);
		else if (bytes[i] >> 4 < 11)
			submit_unlink(slot, id, port, (uint32_t)i);
		else
			answer(slot);
	}
	return 0;
}
