/* SPDX-License-Identifier: MIT */
/* What pvring-conform was asked for. */
#ifndef TESTS_CONFORM_OPTIONS_H
#define TESTS_CONFORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct conform_class;

struct conform_options {
	const struct conform_class *class; /* of the devices */
	const char *program;  /* our own, for the cases' processes */
	const char *kind;     /* of the backend's directories; NULL: what the devices have of their own */
	uint32_t domid;       /* the guest's */
	const char *enter;    /* runs a command in it; backend; NULL: we are in it */
	const char *peer;     /* starts the backend; NULL: it runs */
	const char *drive;    /* frontend: makes the guest use the device */
	const char *renew;    /* frontend: makes the guest anew; NULL: it goes on, whatever it has failed */
	const char *bridge;   /* that vifs are at */
	const char *usb_device; /* that is at port 1 of USB controllers: see peer/vusb.h */
	const char *usb_iso_device; /* that may be plugged in its place */
	const char *script;   /* a hotplug script of the backend's; NULL: pvring's own step */
	bool renews_each;     /* it is made anew for each case, failed or not */
	bool asks_agent;      /* the backend's domain is another one, where an agent knows these */
	const char *cases;    /* a glob */
	const char *clause;   /* only cases of this one; NULL: all */
	uint32_t part, nr_parts; /* only cases of this part, the first being 0 */
	const char *expect;   /* a file with the verdicts that are no surprise; NULL */
	const char *json, *html;
	uint32_t timeout_s;
	uint32_t seed;        /* of what cases do at random */
	bool only_lists, shuffles;
};

#endif
