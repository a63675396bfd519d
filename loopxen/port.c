// SPDX-License-Identifier: MIT
/*
 * Event channels. A port's link says where it leads; its flags whether an event waits. An event is delivered by writing
 * the port's number to the FIFO of the handle that bound it, at most once until it is unmasked again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "loopxen/host.h"

/*
 * The FIFOs this process writes to: generation << 32 | fd + 1. An entry is never closed: a handle that takes the place
 * of another is put behind the same descriptor with dup3(), so a sender in another thread never writes astray.
 */
static _Atomic uint64_t fifo[HOST_NR_HANDLES];
static pthread_mutex_t fifo_lock = PTHREAD_MUTEX_INITIALIZER;

void host_fifo_path(char *path, size_t size, uint32_t handle, uint32_t generation)
{
	host_path(path, size, "ev.%u.%u", handle, generation);
}

static int fifo_open(uint32_t handle, uint32_t generation)
{
	char path[256];
	uint64_t entry;
	int fd;

	host_fifo_path(path, sizeof(path), handle, generation);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	pthread_mutex_lock(&fifo_lock);
	entry = fifo[handle];
	if (entry) {
		dup3(fd, (int)(uint32_t)entry - 1, O_CLOEXEC);
		close(fd);
		fd = (int)(uint32_t)entry - 1;
	}
	fifo[handle] = (uint64_t)generation << 32 | (uint32_t)(fd + 1);
	pthread_mutex_unlock(&fifo_lock);
	return fd;
}

static void fifo_write(uint32_t handle, uint32_t port)
{
	uint32_t generation = host->handle[handle].generation;
	uint64_t entry = fifo[handle];
	int fd = (int)(uint32_t)entry - 1;

	if (!(generation & 1))
		return; /* closed */
	if (!entry || entry >> 32 != generation)
		fd = fifo_open(handle, generation);
	if (fd >= 0 && write(fd, &port, sizeof(port)) < 0 && errno == EBADF)
		fifo[handle] = 0; /* the program closed every descriptor it saw */
}

/* Takes PORT out of a handle's FIFO, or puts it in if it is not there; with the lock. */
static void fifo_set(uint32_t handle, uint32_t port, bool is_queued)
{
	uint32_t kept[HOST_NR_PORTS + 1], nr = 0, one;
	char path[256];
	int fd;

	host_fifo_path(path, sizeof(path), handle, host->handle[handle].generation);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	while (nr < HOST_NR_PORTS && read(fd, &one, sizeof(one)) == sizeof(one)) {
		if (one != port)
			kept[nr++] = one;
	}
	if (is_queued)
		kept[nr++] = port;
	if (nr && write(fd, kept, nr * sizeof(one)) < 0)
		nr = 0;
	close(fd);
}

/* ---- flags: no lock ---- */

void host_port_deliver(unsigned int slot, uint32_t port)
{
	struct host_port *p = &host->dom[slot].port[port];
	uint32_t handle = p->handle, old = p->flags, new;

	do {
		new = old & (PORT_MASKED | PORT_QUEUED) ? old | PORT_PENDING : PORT_MASKED | PORT_QUEUED;
		if (!handle)
			new = old | PORT_PENDING;
	} while (!atomic_compare_exchange_weak(&p->flags, &old, new));
	if (handle && !(old & (PORT_MASKED | PORT_QUEUED)))
		fifo_write(handle - 1, port);
}

void host_port_unmask(unsigned int slot, uint32_t port)
{
	struct host_port *p = &host->dom[slot].port[port];
	uint32_t old = p->flags, new;

	do {
		if (old & PORT_QUEUED)
			return; /* it waits to be read: masked until then */
		new = old & PORT_PENDING ? PORT_MASKED | PORT_QUEUED : 0;
	} while (!atomic_compare_exchange_weak(&p->flags, &old, new));
	if (new && p->handle)
		fifo_write(p->handle - 1, port);
}

void host_port_taken(unsigned int slot, uint32_t port)
{
	atomic_fetch_and(&host->dom[slot].port[port].flags, ~PORT_QUEUED);
}

void host_port_send(unsigned int slot, uint32_t port)
{
	uint64_t link = host->dom[slot].port[port].link;
	int remote;

	if (host_link_state(link) != LINK_INTERDOMAIN)
		return;
	remote = host_dom_find(host_link_domid(link));
	if (remote >= 0)
		host_port_deliver(remote, host_link_port(link));
}

void host_virq_raise(uint32_t domid, uint32_t virq)
{
	int slot = host_dom_find(domid);

	for (uint32_t port = 1; slot >= 0 && port < HOST_NR_PORTS; port++) {
		if (host->dom[slot].port[port].link == host_link(LINK_VIRQ, 0, virq))
			host_port_deliver(slot, port);
	}
}

/* ---- links: with the lock ---- */

/* The lowest that is free, as Xen. */
static int port_take(unsigned int slot, uint32_t proc, uint32_t handle)
{
	for (uint32_t port = 1; port < HOST_NR_PORTS; port++) {
		struct host_port *p = &host->dom[slot].port[port];

		if (host_link_state(p->link) != LINK_CLOSED)
			continue;
		p->flags = 0;
		p->handle = handle;
		p->proc = proc;
		return port;
	}
	return -ENOSPC;
}

int host_port_alloc_unbound(unsigned int slot, uint32_t remote_domid, uint32_t proc, uint32_t handle)
{
	int port = port_take(slot, proc, handle);

	if (port > 0) /* for a domain that need not exist, as in Xen */
		host->dom[slot].port[port].link = host_link(LINK_UNBOUND, remote_domid, 0);
	return port;
}

int host_port_bind_interdomain(unsigned int slot, uint32_t remote_domid, uint32_t remote_port, uint32_t proc,
			       uint32_t handle)
{
	uint32_t domid = host->dom[slot].domid;
	int remote = host_dom_find(remote_domid), port;
	struct host_port *peer;

	if (remote < 0 || host->dom[remote].state != DOM_ALIVE)
		return -ESRCH;
	if (!remote_port || remote_port >= HOST_NR_PORTS)
		return -EINVAL;
	peer = &host->dom[remote].port[remote_port];
	if (peer->link != host_link(LINK_UNBOUND, domid, 0))
		return -EINVAL;
	port = port_take(slot, proc, handle);
	if (port < 0)
		return port;
	host->dom[slot].port[port].link = host_link(LINK_INTERDOMAIN, remote_domid, remote_port);
	peer->link = host_link(LINK_INTERDOMAIN, domid, port);
	host_port_deliver(slot, port); /* as Xen: events sent before we were bound must not be lost */
	return port;
}

int host_port_bind_virq(unsigned int slot, uint32_t virq, uint32_t proc, uint32_t handle)
{
	int port;

	if (virq >= 24)
		return -EINVAL;
	for (port = 1; port < (int)HOST_NR_PORTS; port++) {
		if (host->dom[slot].port[port].link == host_link(LINK_VIRQ, 0, virq))
			return -EEXIST;
	}
	port = port_take(slot, proc, handle);
	if (port > 0)
		host->dom[slot].port[port].link = host_link(LINK_VIRQ, 0, virq);
	return port;
}

/* The other end goes back to waiting for the same domain, which may bind it again. */
void host_port_close(unsigned int slot, uint32_t port)
{
	struct host_port *p = &host->dom[slot].port[port];
	uint64_t link = p->link, back = host_link(LINK_INTERDOMAIN, host->dom[slot].domid, port);
	int remote = host_dom_find(host_link_domid(link));
	uint32_t handle = p->handle;

	if (host_link_state(link) == LINK_INTERDOMAIN && remote >= 0) {
		struct host_port *peer = &host->dom[remote].port[host_link_port(link)];

		if (peer->link == back && peer != p)
			peer->link = host_link(LINK_UNBOUND, host->dom[slot].domid, 0);
	}
	p->handle = 0;
	if (handle && (p->flags & PORT_QUEUED))
		fifo_set(handle - 1, port, false); /* the next user of its number must not see it */
	p->flags = 0;
	p->link = host_link(LINK_CLOSED, 0, 0);
	p->proc = 0; /* last: it is what a half-done close is found by */
}

void host_port_requeue(unsigned int slot, uint32_t port)
{
	struct host_port *p = &host->dom[slot].port[port];

	if (p->handle && (p->flags & PORT_QUEUED))
		fifo_set(p->handle - 1, port, true);
}
