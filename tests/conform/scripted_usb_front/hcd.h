/* SPDX-License-Identifier: MIT */
/*
 * The scripted frontend of a USB controller: it finds the device that a workload is for, and asks it for one batch of
 * URBs after the other. A backend that breaks a rule is not believed any more. Its parts: life.c (states), urb.c (what
 * is asked and answered, and events), work.c (the workloads).
 *
 * Thread: the main thread. It ends with the exit status of the workload; what the environment does is an ERROR.
 */
#ifndef TESTS_CONFORM_SCRIPTED_USB_FRONT_HCD_H
#define TESTS_CONFORM_SCRIPTED_USB_FRONT_HCD_H

#include "tests/conform/peer/vusb.h"

#define HCD_FAILED    1 /* exit status: a transfer failed, or brought what it should not */
#define HCD_REFUSED   3 /* there is no controller */
#define HCD_URB_PAGES (VUSB_PAGES / VUSB_SLOTS)
#define HCD_URB_BYTES (HCD_URB_PAGES * GRANT_PAGE_BYTES)

/* By its id, modulo their number. */
struct hcd_urb {
	bool is_out;
	uint16_t id;
	uint32_t room_bytes;
	int32_t status, actual_bytes;
};

struct hcd {
	struct vusb vusb;
	uint32_t nr_ports;
	uint8_t speed[USB_MAX_PORTS + 1];
	struct hcd_urb urbs[VUSB_SLOTS];
	unsigned int nr_out;
	uint16_t oldest; /* that may be out */
	bool is_ending;	 /* the backend wants the controller back, or is gone */
	bool is_broken;	 /* nothing is believed any more */
};

/* ---- life.c ---- */
void hcd_init(struct hcd *hcd, uint32_t devid);
/* Until the workload is done: its exit status. */
int hcd_live(struct hcd *hcd, const char *work);
/* Takes notice of the backend's state. */
void hcd_look(struct hcd *hcd);

/* ---- urb.c ---- */
/* The pages that the next one has to itself. */
unsigned int hcd_next_page(struct hcd *hcd);
/* Not published yet. */
struct hcd_urb *hcd_put(struct hcd *hcd, const struct usb_urb *urb);
/* Publishes, and waits until all are answered. false: they are not. */
bool hcd_do_all(struct hcd *hcd);
/* Waits for what the backend says of itself, of ports and of URBs, and takes it in. false: it is over. */
bool hcd_sleep(struct hcd *hcd);

/* ---- work.c ---- */
int hcd_work(struct hcd *hcd, const char *work);

#endif
