// SPDX-License-Identifier: MIT
/* What happens to the things that a process or a domain held when it is gone. */
#include <signal.h>
#include <stdint.h>
#include <unistd.h>
#include <xen/xen.h>

#include "loopxen/host.h"

static void recount_maps(void)
{
	for (unsigned int slot = 0; slot < HOST_NR_DOMS; slot++) {
		if (host->dom[slot].state == DOM_FREE)
			continue;
		host->dom[slot].nr_maps_of_it = 0;
		for (uint32_t gref = 0; gref < HOST_NR_GRANTS; gref++)
			host->dom[slot].grant[gref].nr_maps = 0;
	}
	for (uint32_t map = 0; map < host->max_map; map++) {
		struct host_map *m = &host->map[map];

		if (!m->proc)
			continue;
		host->dom[m->owner_slot].grant[m->gref].nr_maps++;
		host->dom[m->owner_slot].nr_maps_of_it++;
	}
}

/* What was begun is finished. What has an owner still is left to host_proc_release(), which comes if that is dead. */
static void recover_dom(unsigned int slot)
{
	host->slot_of[host->dom[slot].domid] = slot + 1;
	for (uint32_t gref = 0; gref < HOST_NR_GRANTS; gref++)
		host_grant_recover(slot, gref);
	for (uint32_t port = 1; port < HOST_NR_PORTS; port++)
		host_port_requeue(slot, port);
	if (host->dom[slot].state == DOM_DYING)
		host_dom_kill(slot);
}

/* Somebody was killed while it held the lock. The maps are the truth; everything else is made to agree with them. */
void host_recover(void)
{
	recount_maps();
	for (unsigned int slot = 0; slot < HOST_NR_DOMS; slot++) {
		if (host->dom[slot].state != DOM_FREE)
			recover_dom(slot);
	}
}

static void release_grants(uint32_t proc, unsigned int slot)
{
	for (uint32_t gref = 0; gref < HOST_NR_GRANTS; gref++) {
		struct host_grant *g = &host->dom[slot].grant[gref];

		if (g->proc != proc)
			continue;
		host_grant_end(slot, gref);
		g->proc = 0; /* if it is still mapped, nobody is left to name */
	}
}

static void release_ports(uint32_t proc, unsigned int slot)
{
	for (uint32_t port = 1; port < HOST_NR_PORTS; port++) {
		struct host_port *p = &host->dom[slot].port[port];
		int remote = host_dom_find(host_link_domid(p->link));

		if (p->proc != proc)
			continue;
		if (host_link_state(p->link) == LINK_INTERDOMAIN && remote >= 0)
			host_port_requeue(remote, host_link_port(p->link));
		host_port_close(slot, port);
	}
}

static void release_handles(uint32_t proc)
{
	char path[256];

	for (uint32_t i = 0; i < HOST_NR_HANDLES; i++) {
		struct host_handle *h = &host->handle[i];

		if (!(h->generation & 1) || h->proc != proc)
			continue;
		host_fifo_path(path, sizeof(path), i, h->generation);
		unlink(path);
		h->generation++;
	}
}

/* Maps first: their unmap notifications go out by ports that are closed afterwards. */
void host_proc_release(uint32_t proc)
{
	int slot = host_dom_find(host->proc[proc - 1].domid);

	for (uint32_t map = 0; map < host->max_map; map++) {
		if (host->map[map].proc == proc)
			host_map_end(map);
	}
	if (slot >= 0) {
		release_grants(proc, slot);
		release_ports(proc, slot);
	}
	release_handles(proc);
}

/* May be begun again at any point, so that a recovery can finish it. */
void host_dom_kill(unsigned int slot)
{
	struct host_dom *dom = &host->dom[slot];

	dom->state = DOM_DYING;
	for (unsigned int i = 0; i < HOST_NR_PROCS; i++) {
		struct host_proc *p = &host->proc[i];

		if (!p->pid || p->domid != dom->domid)
			continue;
		if (host_proc_lives(p))
			kill(p->pid, SIGKILL);
		host_proc_release(i + 1);
	}
	for (uint32_t map = 0; map < host->max_map; map++) {
		if (host->map[map].proc && host->map[map].mapper_domid == dom->domid)
			host_map_end(map);
	}
	for (uint32_t port = 1; port < HOST_NR_PORTS; port++)
		host_port_close(slot, port);
	for (uint32_t gref = 0; gref < HOST_NR_GRANTS; gref++)
		host_grant_end(slot, gref);
	host_virq_raise(0, VIRQ_DOM_EXC);
	host_dom_try_free(slot);
}

void host_dom_try_free(unsigned int slot)
{
	struct host_dom *dom = &host->dom[slot];
	char path[256];

	if (dom->state != DOM_DYING || dom->nr_maps_of_it)
		return;
	host_path(path, sizeof(path), "ram.%u.%u", dom->domid, dom->generation);
	unlink(path);
	host->slot_of[dom->domid] = 0;
	dom->state = DOM_FREE;
	host_virq_raise(0, VIRQ_DOM_EXC);
}
