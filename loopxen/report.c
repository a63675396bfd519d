// SPDX-License-Identifier: MIT
/* What is there and who holds it: `status` tells, `check` judges. */
#include <stdbool.h>
#include <stdio.h>

#include "common/base/errbuf.h"
#include "common/base/options.h"
#include "loopxen/command.h"
#include "loopxen/host.h"
#include "loopxen/reaper.h"

static const struct host_proc *proc_at(uint32_t proc)
{
	return proc && proc <= HOST_NR_PROCS ? &host->proc[proc - 1] : NULL;
}

/* What loopxen's own processes hold, or the domain itself as built by its toolstack, is no leak. */
static bool is_ours(uint32_t proc)
{
	return !proc || proc_at(proc)->is_infra;
}

static const char *who(uint32_t proc)
{
	static char text[64];
	const struct host_proc *p = proc_at(proc);

	if (!p || !p->pid)
		return "a process that is gone";
	snprintf(text, sizeof(text), "%s (pid %d)", p->name, p->pid);
	return text;
}

/* What to list: everything, or what one domain holds and what others hold of it. */
struct choice {
	uint32_t only_domid;
	bool is_quiet;
};

#define ANY_DOMAIN UINT32_MAX

static bool concerns(const struct choice *choice, uint32_t domid, uint32_t other_domid)
{
	return choice->only_domid == ANY_DOMAIN || choice->only_domid == domid || choice->only_domid == other_domid;
}

static unsigned int list_maps(const struct choice *choice)
{
	unsigned int nr = 0;

	for (uint32_t i = 0; i < host->max_map; i++) {
		struct host_map *m = &host->map[i];

		if (!m->proc || is_ours(m->proc) || !concerns(choice, m->owner_domid, m->mapper_domid))
			continue;
		nr++;
		if (!choice->is_quiet)
			printf("mapped: grant %u of domain %u, by %s of domain %u\n", m->gref, m->owner_domid,
			       who(m->proc), m->mapper_domid);
	}
	return nr;
}

static unsigned int list_grants(const struct host_dom *dom, const struct choice *choice)
{
	unsigned int nr = 0;

	for (uint32_t gref = 0; gref < HOST_NR_GRANTS; gref++) {
		const struct host_grant *g = &dom->grant[gref];

		if (!g->is_used || (is_ours(g->proc) && !g->is_deferred) ||
		    !concerns(choice, dom->domid, g->entry >> 16))
			continue;
		nr++;
		if (!choice->is_quiet)
			printf("granted: grant %u of domain %u to domain %u, by %s%s\n", gref, dom->domid,
			       g->entry >> 16, who(g->proc), g->is_deferred ? "; ended, but still mapped" : "");
	}
	return nr;
}

static void print_port(const struct host_dom *dom, uint32_t port, const struct host_port *p)
{
	uint64_t link = p->link;

	printf("bound: port %u of domain %u, by %s, ", port, dom->domid, who(p->proc));
	if (host_link_state(link) == LINK_INTERDOMAIN)
		printf("to port %u of domain %u\n", host_link_port(link), host_link_domid(link));
	else if (host_link_state(link) == LINK_UNBOUND)
		printf("waits for domain %u\n", host_link_domid(link));
	else
		printf("to virq %u\n", host_link_port(link));
}

static unsigned int list_ports(const struct host_dom *dom, const struct choice *choice)
{
	unsigned int nr = 0;

	for (uint32_t port = 1; port < HOST_NR_PORTS; port++) {
		const struct host_port *p = &dom->port[port];

		if (host_link_state(p->link) == LINK_CLOSED || is_ours(p->proc) ||
		    !concerns(choice, dom->domid, host_link_domid(p->link)))
			continue;
		nr++;
		if (!choice->is_quiet)
			print_port(dom, port, p);
	}
	return nr;
}

struct totals {
	unsigned int maps, grants, ports;
};

static struct totals list_all(const struct choice *choice)
{
	struct totals t = { list_maps(choice), 0, 0 };

	for (unsigned int i = 0; i < HOST_NR_DOMS; i++) {
		if (host->dom[i].state == DOM_FREE)
			continue;
		t.grants += list_grants(&host->dom[i], choice);
		t.ports += list_ports(&host->dom[i], choice);
		if (host->dom[i].state == DOM_DYING && !choice->is_quiet)
			printf("dying: domain %u, until the last of its grants is unmapped\n", host->dom[i].domid);
	}
	return t;
}

static int set_domid(void *config, const char *value, struct errbuf *err)
{
	return option_u32("domain", value, 0, HOST_MAX_DOMID, &((struct choice *)config)->only_domid, err);
}

static const struct option_row check_rows[] = {
	{ "domid", "N", "look only at what domain N holds, and what others hold of it", set_domid },
};

int cmd_check(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "loopxen check",
		.synopsis = "[--domid N]",
		.summary = "Tells what is mapped, granted or bound, and by whom.",
		.rows = check_rows,
		.nr_rows = 1,
	};
	struct choice choice = { ANY_DOMAIN, false };
	struct errbuf err = { "" };
	struct totals t;
	int next = 1, status;

	if (!command_options(&spec, argc, argv, &choice, &next, &status))
		return status;
	if (next < argc) {
		fprintf(stderr, "loopxen: 'check' takes no argument, got '%s'\n", argv[next]);
		return 2;
	}
	if (command_open(&err) || reaper_sync()) {
		if (!err.text[0])
			errbuf_set(&err, 0, "the reaper does not answer in %.200s", host_dir());
		command_fail(&err);
		return 2;
	}
	host_lock();
	t = list_all(&choice);
	host_unlock();
	if (!t.maps && !t.grants && !t.ports) {
		printf("clean: nothing is mapped, granted or bound\n");
		return 0;
	}
	printf("held: %u mapped, %u granted, %u bound\n", t.maps, t.grants, t.ports);
	return 1;
}

static void print_domains(void)
{
	for (unsigned int i = 0; i < HOST_NR_DOMS; i++) {
		static const char *const states[] = { "", "alive", "dying" };

		if (host->dom[i].state != DOM_FREE)
			printf("domain %u: %s\n", host->dom[i].domid, states[host->dom[i].state]);
	}
}

int cmd_status(int argc, char **argv)
{
	const struct choice everything = { ANY_DOMAIN, true };
	struct errbuf err = { "" };
	struct totals t;

	if (argc > 1) {
		fprintf(stderr, "loopxen: 'status' takes no argument, got '%s'\n", argv[1]);
		return 2;
	}
	if (command_open(&err))
		return command_fail(&err);
	reaper_sync();
	host_lock();
	printf("directory: %s\nreaper: pid %d\n", host_dir(), host->reaper_pid);
	if (host->xenstored_pid)
		printf("xenstored: pid %d\n", host->xenstored_pid);
	else
		printf("xenstored: gone, see loopxen.log\n");
	print_domains();
	for (unsigned int i = 0; i < HOST_NR_PROCS; i++) {
		if (host->proc[i].pid)
			printf("process: %s (pid %d) in domain %u%s\n", host->proc[i].name, host->proc[i].pid,
			       host->proc[i].domid, host->proc[i].is_infra ? ", loopxen's own" : "");
	}
	t = list_all(&everything);
	host_unlock();
	printf("held: %u mapped, %u granted, %u bound (see 'loopxen check')\n", t.maps, t.grants, t.ports);
	return 0;
}
