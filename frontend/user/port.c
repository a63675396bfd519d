// SPDX-License-Identifier: MIT
#include "frontend/user/port.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/base/errbuf.h"

void front_port_init(struct front_port *port)
{
	*port = (struct front_port){ .number = -1 };
}

int front_port_open(struct front_port *port, uint32_t domid, struct errbuf *err)
{
	int rc;

	front_port_init(port);
	port->evtchn = xenevtchn_open(NULL, 0);
	if (!port->evtchn) {
		rc = errno ? -errno : -EIO;
		return errbuf_set(err, rc, "event channels: %s: is xen-evtchn loaded?", strerror(-rc));
	}
	port->number = xenevtchn_bind_unbound_port(port->evtchn, domid);
	if (port->number < 0) {
		rc = errno ? -errno : -EIO;
		front_port_fini(port);
		return errbuf_set(err, rc, "event channel for domain %u: %s", domid, strerror(-rc));
	}
	return 0;
}

void front_port_fini(struct front_port *port)
{
	if (port->evtchn)
		xenevtchn_close(port->evtchn); /* closes the port too */
	front_port_init(port);
}

int front_port_fd(const struct front_port *port)
{
	return xenevtchn_fd(port->evtchn);
}

void front_port_notify(const struct front_port *port)
{
	/* A backend that has let go of the port is noticed through its state, not here. */
	(void)xenevtchn_notify(port->evtchn, port->number);
}

void front_port_take_event(const struct front_port *port)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(port->evtchn), .events = POLLIN };
	int pending;

	/* xenevtchn_pending() may block when nothing is there, whatever the fd's flags say. */
	if (poll(&pollfd, 1, 0) != 1)
		return;
	pending = xenevtchn_pending(port->evtchn);
	if (pending >= 0)
		(void)xenevtchn_unmask(port->evtchn, pending);
}
