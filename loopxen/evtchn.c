// SPDX-License-Identifier: MIT
/* libxenevtchn on loopxen: what /dev/xen/evtchn does, with a FIFO as the file descriptor. */
#include <errno.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "loopxen/host.h"
#include "loopxen/lib.h"

struct xenevtchn_handle {
	int fd;
	int pid; /* who opened it: a forked child may only close it */
	uint32_t proc, slot;
	uint32_t index; /* in host->handle[] */
	uint32_t generation;
};

static int take_handle(xenevtchn_handle *xce)
{
	for (uint32_t i = 0; i < HOST_NR_HANDLES; i++) {
		struct host_handle *h = &host->handle[i];

		if (h->generation & 1)
			continue;
		xce->index = i;
		xce->generation = h->generation + 1;
		h->proc = xce->proc + 1;
		h->generation++;
		return 0;
	}
	return -ENFILE;
}

static int open_fifo(xenevtchn_handle *xce, unsigned int flags)
{
	char path[256];
	int rc = 0;

	host_fifo_path(path, sizeof(path), xce->index, xce->generation);
	if (mkfifo(path, 0600) && errno != EEXIST)
		return -errno;
	xce->fd = open(path, O_RDWR | (flags & XENEVTCHN_NO_CLOEXEC ? 0 : O_CLOEXEC));
	if (xce->fd < 0)
		rc = -errno;
	return rc;
}

static struct host_port *own_port(xenevtchn_handle *xce, uint32_t port)
{
	struct host_port *p;

	if (!port || port >= HOST_NR_PORTS)
		return NULL;
	p = &host->dom[xce->slot].port[port];
	return p->handle == xce->index + 1 ? p : NULL;
}

/* Closes its ports, and the slot is free again. */
static void give_back(xenevtchn_handle *xce)
{
	char path[256];

	host_lock();
	for (uint32_t port = 1; port < HOST_NR_PORTS; port++) {
		if (own_port(xce, port))
			host_port_close(xce->slot, port);
	}
	if (host->handle[xce->index].generation == xce->generation)
		host->handle[xce->index].generation++;
	host_unlock();
	host_fifo_path(path, sizeof(path), xce->index, xce->generation);
	unlink(path);
}

LIB_EXPORT xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xenevtchn_handle *xce = calloc(1, sizeof(*xce));
	int rc = xce ? lib_join(&xce->proc, &xce->slot) : -ENOMEM;

	if (rc)
		goto out;
	xce->pid = getpid();
	host_lock();
	rc = take_handle(xce);
	host_unlock();
	if (rc)
		goto out;
	rc = open_fifo(xce, flags);
	if (rc)
		give_back(xce);
out:
	if (rc) {
		free(xce);
		errno = -rc;
		return NULL;
	}
	return xce;
}

/* For a xenstored that updates itself live, which nobody does here. */
LIB_EXPORT xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned int flags)
{
	errno = EOPNOTSUPP;
	return NULL;
}

LIB_EXPORT int xenevtchn_close(xenevtchn_handle *xce)
{
	if (!xce)
		return 0;
	if (xce->pid == getpid())
		give_back(xce);
	close(xce->fd);
	free(xce);
	return 0;
}

LIB_EXPORT int xenevtchn_fd(xenevtchn_handle *xce)
{
	return xce->fd;
}

LIB_EXPORT int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	if (!own_port(xce, port))
		return lib_fail(ENOTCONN);
	host_port_send(xce->slot, port);
	return 0;
}

static uint32_t domid_of(xenevtchn_handle *xce, uint32_t domid)
{
	return domid == DOMID_SELF ? host->dom[xce->slot].domid : domid;
}

LIB_EXPORT xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce, uint32_t domid)
{
	int rc;

	if (lib_fault(FAULT_ALLOC))
		return lib_fail(ENOMEM);
	host_lock();
	rc = host_port_alloc_unbound(xce->slot, domid_of(xce, domid), xce->proc + 1, xce->index + 1);
	host_unlock();
	return lib_result(rc);
}

LIB_EXPORT xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
								evtchn_port_t remote_port)
{
	int rc;

	if (lib_fault(FAULT_BIND))
		return lib_fail(ENOMEM);
	host_lock();
	rc = host_port_bind_interdomain(xce->slot, domid_of(xce, domid), remote_port, xce->proc + 1, xce->index + 1);
	host_unlock();
	return lib_result(rc);
}

LIB_EXPORT xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	int rc;

	if (lib_fault(FAULT_BIND))
		return lib_fail(ENOMEM);
	host_lock();
	rc = host_port_bind_virq(xce->slot, virq, xce->proc + 1, xce->index + 1);
	host_unlock();
	return lib_result(rc);
}

LIB_EXPORT int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	bool is_own;

	host_lock();
	is_own = own_port(xce, port);
	if (is_own)
		host_port_close(xce->slot, port);
	host_unlock();
	return is_own ? 0 : lib_fail(port >= HOST_NR_PORTS ? EINVAL : ENOTCONN);
}

LIB_EXPORT xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	uint32_t port;
	ssize_t n = read(xce->fd, &port, sizeof(port));

	if (n != sizeof(port))
		return n < 0 ? -1 : lib_fail(EIO);
	if (own_port(xce, port))
		host_port_taken(xce->slot, port);
	return port;
}

LIB_EXPORT int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	if (own_port(xce, port)) /* a port of somebody else's is ignored, as /dev/xen/evtchn does */
		host_port_unmask(xce->slot, port);
	return 0;
}

LIB_EXPORT int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
	return lib_fail(EOPNOTSUPP);
}
