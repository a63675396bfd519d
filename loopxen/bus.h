/* SPDX-License-Identifier: MIT */
/*
 * The bus proxy: plays the kernel of one domain towards xenstored. Programs of the domain connect to a socket; their
 * messages go over the domain's real xenstore ring, so xenstored sees the domain itself: relative paths, permissions,
 * quotas, watches and transactions are its own.
 *
 * bus.c moves messages over the ring, bus_client.c keeps whose they are. One process per domain, one thread.
 */
#ifndef LOOPXEN_BUS_H
#define LOOPXEN_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

/* A message in one piece. */
struct bus_message {
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX];
};

/*
 * Serves the domain until it is killed or the reaper is gone; writes one byte to READY_FD when xenstored may be told.
 * Logs to stderr.
 */
void bus_main(uint32_t domid, int ready_fd) __attribute__((noreturn));

/* ---- bus_client.c ---- */
struct pollfd;

int bus_client_listen(const char *path); /* a descriptor or -errno */
/* Fills in what to poll for every client; returns how many. */
unsigned int bus_client_poll(struct pollfd *fds, unsigned int max);
void bus_client_accept(int listener);
/* Serves the clients that FDS (as filled in by bus_client_poll()) says are ready. */
void bus_client_serve(const struct pollfd *fds, unsigned int nr);
/* A message from xenstored, for whom it may concern. */
void bus_client_deliver(const struct bus_message *msg);

/* ---- bus.c, for bus_client.c: puts a message in the queue to xenstored ---- */
void bus_send(const struct bus_message *msg);
/* true: so much waits for xenstored that clients should wait, too. */
bool bus_is_full(void);

#endif
