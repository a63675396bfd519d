// SPDX-License-Identifier: MIT
#define __XEN_TOOLS__ 1

#include "loopxen/hypercall.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "loopxen/host.h"

int call_version(uint64_t cmd, void *arg)
{
	switch (cmd) {
	case XENVER_version:
		return 4 << 16 | 17;
	case XENVER_pagesize:
		return HOST_PAGE;
	case XENVER_extraversion:
		snprintf(arg, sizeof(xen_extraversion_t), "-loopxen");
		return 0;
	case XENVER_capabilities:
		snprintf(arg, sizeof(xen_capabilities_info_t), "xen-3.0-x86_64 hvm-3.0-x86_64");
		return 0;
	case XENVER_changeset:
		snprintf(arg, sizeof(xen_changeset_info_t), "loopxen");
		return 0;
	case XENVER_commandline:
		*(char *)arg = '\0';
		return 0;
	case XENVER_compile_info:
		memset(arg, 0, sizeof(struct xen_compile_info));
		return 0;
	case XENVER_platform_parameters:
		memset(arg, 0, sizeof(struct xen_platform_parameters));
		return 0;
	case XENVER_get_features:
		((struct xen_feature_info *)arg)->submap = 0;
		return 0;
	default:
		return -ENOSYS;
	}
}

static void fill_info(const struct host_dom *dom, struct xen_domctl_getdomaininfo *info)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	memset(info, 0, sizeof(*info));
	info->domain = dom->domid;
	if (dom->state == DOM_DYING)
		info->flags |= XEN_DOMINF_dying;
	info->flags |= dom->is_paused ? XEN_DOMINF_paused : XEN_DOMINF_running;
	info->tot_pages = HOST_NR_GRANTS;
	info->max_pages = HOST_NR_GRANTS;
	info->cpu_time = now.tv_sec * 1000000000ULL + now.tv_nsec - dom->created_ns;
	info->nr_online_vcpus = 1;
	memcpy(info->handle, dom->uuid, 16);
}

static const struct host_dom *next_dom(uint32_t from)
{
	for (uint32_t domid = from; domid <= HOST_MAX_DOMID; domid++) {
		int slot = host_dom_find(domid);

		if (slot >= 0)
			return &host->dom[slot];
	}
	return NULL;
}

static int list_domains(struct xen_sysctl_getdomaininfolist *list)
{
	uint32_t domid = list->first_domain, nr = 0;
	const struct host_dom *dom;

	host_lock();
	while (nr < list->max_domains && (dom = next_dom(domid))) {
		fill_info(dom, &list->buffer.p[nr++]);
		domid = dom->domid + 1u;
	}
	host_unlock();
	list->num_domains = nr;
	return 0;
}

static int physinfo(struct xen_sysctl_physinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->threads_per_core = 1;
	info->cores_per_socket = 1;
	info->nr_cpus = 1;
	info->nr_nodes = 1;
	info->cpu_khz = 1000000;
	info->capabilities = XEN_SYSCTL_PHYSCAP_pv;
	info->total_pages = (uint64_t)HOST_NR_DOMS * HOST_NR_GRANTS;
	info->free_pages = info->total_pages;
	info->max_mfn = info->total_pages;
	return 0;
}

int call_sysctl(unsigned int self, void *arg)
{
	struct xen_sysctl *op = arg;

	if (op->interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (host->dom[self].domid != 0)
		return -EPERM;
	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		return list_domains(&op->u.getdomaininfolist);
	case XEN_SYSCTL_physinfo:
		return physinfo(&op->u.physinfo);
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = 0;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int domain_info(struct xen_domctl *op)
{
	const struct host_dom *dom;

	host_lock();
	dom = next_dom(op->domain);
	if (dom) {
		fill_info(dom, &op->u.getdomaininfo);
		op->domain = dom->domid;
	}
	host_unlock();
	return dom ? 0 : -ESRCH;
}

int call_domctl(unsigned int self, void *arg)
{
	struct xen_domctl *op = arg;
	int slot;

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (host->dom[self].domid != 0)
		return -EPERM;
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return domain_info(op);
	slot = host_dom_find(op->domain);
	if (slot < 0)
		return slot;
	switch (op->cmd) {
	case XEN_DOMCTL_pausedomain:
	case XEN_DOMCTL_unpausedomain:
		host->dom[slot].is_paused = op->cmd == XEN_DOMCTL_pausedomain;
		return 0;
	case XEN_DOMCTL_destroydomain:
		if (op->domain == 0)
			return -EINVAL;
		host_lock();
		if (host->dom[slot].state == DOM_ALIVE)
			host_dom_kill(slot);
		host_unlock();
		return 0;
	default:
		return -ENOSYS;
	}
}

static int target(unsigned int self, uint32_t domid)
{
	if (domid == DOMID_SELF)
		return self;
	if (host->dom[self].domid != 0 && host->dom[self].domid != domid)
		return -EPERM;
	return host_dom_find(domid);
}

static int port_status(unsigned int self, struct evtchn_status *st)
{
	int slot = target(self, st->dom);
	uint64_t link;

	if (slot < 0)
		return slot;
	if (st->port >= HOST_NR_PORTS)
		return -EINVAL;
	link = host->dom[slot].port[st->port].link;
	st->vcpu = 0;
	switch (host_link_state(link)) {
	case LINK_UNBOUND:
		st->status = EVTCHNSTAT_unbound;
		st->u.unbound.dom = host_link_domid(link);
		return 0;
	case LINK_INTERDOMAIN:
		st->status = EVTCHNSTAT_interdomain;
		st->u.interdomain.dom = host_link_domid(link);
		st->u.interdomain.port = host_link_port(link);
		return 0;
	case LINK_VIRQ:
		st->status = EVTCHNSTAT_virq;
		st->u.virq = host_link_port(link);
		return 0;
	default:
		st->status = EVTCHNSTAT_closed;
		return 0;
	}
}

static int alloc_unbound(unsigned int self, struct evtchn_alloc_unbound *op)
{
	int slot = target(self, op->dom), rc;

	if (slot < 0)
		return slot;
	host_lock();
	rc = host_port_alloc_unbound(slot, op->remote_dom == DOMID_SELF ? host->dom[self].domid : op->remote_dom, 0, 0);
	host_unlock();
	if (rc < 0)
		return rc;
	op->port = rc;
	return 0;
}

int call_evtchn(unsigned int self, uint64_t cmd, void *arg)
{
	uint32_t *port = arg;

	switch (cmd) {
	case EVTCHNOP_status:
		return port_status(self, arg);
	case EVTCHNOP_alloc_unbound:
		return alloc_unbound(self, arg);
	case EVTCHNOP_send:
		if (*port >= HOST_NR_PORTS)
			return -EINVAL;
		host_port_send(self, *port);
		return 0;
	case EVTCHNOP_close:
		if (*port >= HOST_NR_PORTS)
			return -EINVAL;
		host_lock();
		host_port_close(self, *port);
		host_unlock();
		return 0;
	default:
		return -ENOSYS;
	}
}
