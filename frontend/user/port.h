/* SPDX-License-Identifier: MIT */
/*
 * An event channel as the frontend makes it: a port that the backend's domain may bind, and the handle it is read by.
 *
 * The fd is readable when the backend notified; then front_port_take_event() before looking again.
 * Thread: one owner. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_PORT_H
#define FRONTEND_USER_PORT_H

#include <stdint.h>

#include <xenevtchn.h>

struct errbuf;

struct front_port {
	xenevtchn_handle *evtchn; /* NULL: none is open */
	int32_t number;		  /* -1: none */
};

void front_port_init(struct front_port *port);
int front_port_open(struct front_port *port, uint32_t domid, struct errbuf *err);
void front_port_fini(struct front_port *port);

int front_port_fd(const struct front_port *port);
void front_port_notify(const struct front_port *port);
/* Takes in what is pending and lets the port fire again; never blocks. */
void front_port_take_event(const struct front_port *port);

#endif
