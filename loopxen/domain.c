// SPDX-License-Identifier: MIT
/* Domains come and go. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <xen/xen.h>

#include "common/base/errbuf.h"
#include "common/base/parse.h"
#include "loopxen/bus.h"
#include "loopxen/command.h"
#include "loopxen/host.h"
#include "loopxen/reaper.h"
#include "loopxen/store.h"

static int start_bus(uint32_t domid)
{
	char number[16];
	int fd, pid;

	signal(SIGCHLD, SIG_IGN);
	pid = command_fork_daemon(&fd);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		snprintf(number, sizeof(number), "%u", domid);
		setenv("LOOPXEN_DOMID", number, 1);
		bus_main(domid, fd);
	}
	return command_wait_ready(fd, 30000);
}

/* The console is the toolstack's as well: a page granted to domain 0 and a port for it. */
static void make_console(unsigned int slot)
{
	int port;

	host_lock();
	host_grant_reserved(slot, HOST_GREF_CONSOLE, 0, 0);
	port = host_port_alloc_unbound(slot, 0, 0, 0);
	host->dom[slot].console_port = port > 0 ? port : 0;
	host_unlock();
}

static void kill_domain(unsigned int slot)
{
	host_lock();
	if (host->dom[slot].state == DOM_ALIVE)
		host_dom_kill(slot);
	host_unlock();
}

static int create(uint32_t domid, struct errbuf *err)
{
	uint8_t uuid[16];
	struct timespec now;
	char name[32];
	int slot, rc;

	if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid))
		return errbuf_set(err, -EIO, "no random numbers for a uuid");
	slot = host_dom_create(domid, uuid);
	if (slot == -EEXIST)
		return errbuf_set(err, slot, "domain %u exists already", domid);
	if (slot == -ENOSPC)
		return errbuf_set(err, slot, "no room for domain %u: an instance has at most %u domains", domid,
				  HOST_NR_DOMS);
	if (slot < 0)
		return errbuf_set(err, slot, "domain %u: %s", domid, strerror(-slot));
	clock_gettime(CLOCK_MONOTONIC, &now);
	host->dom[slot].created_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	make_console(slot);
	rc = start_bus(domid);
	if (rc)
		errbuf_set(err, rc, "domain %u: its bus to xenstore did not start, see %.200s/loopxen.log", domid,
			   host_dir());
	snprintf(name, sizeof(name), "loopxen-%u", domid);
	if (!rc)
		rc = store_add_domain(&host->dom[slot], name, err);
	if (rc)
		kill_domain(slot);
	else
		host_virq_raise(0, VIRQ_DOM_EXC);
	return rc;
}

static void name_holders(unsigned int slot)
{
	for (uint32_t map = 0; map < host->max_map; map++) {
		struct host_map *m = &host->map[map];

		if (!m->proc || m->owner_slot != slot)
			continue;
		printf("domain %u is dying: %s (pid %d) of domain %u still maps its grant %u\n", m->owner_domid,
		       host->proc[m->proc - 1].name, host->proc[m->proc - 1].pid, m->mapper_domid, m->gref);
	}
}

/* Kills the processes of the domain, gives back what it held; its own grants stay where others map them. */
static int destroy(uint32_t domid, struct errbuf *err)
{
	int slot = host_dom_find(domid);
	uint8_t uuid[16];
	char path[256];

	if (domid == 0)
		return errbuf_set(err, -EINVAL, "domain 0 ends with 'loopxen down'");
	if (slot < 0)
		return errbuf_set(err, slot, "there is no domain %u", domid);
	memcpy(uuid, host->dom[slot].uuid, 16);
	kill_domain(slot);
	host_path(path, sizeof(path), "store.%u", domid);
	unlink(path);
	reaper_sync();
	if (host_dom_find(domid) == slot)
		name_holders(slot);
	return store_remove_domain(domid, uuid, err);
}

int cmd_domain(int argc, char **argv)
{
	struct errbuf err = { "" };
	uint32_t domid;
	int rc;

	if (argc != 3 || (strcmp(argv[1], "create") && strcmp(argv[1], "destroy"))) {
		fprintf(stderr, "loopxen: expected 'loopxen domain create N' or 'loopxen domain destroy N'\n");
		return 2;
	}
	if (parse_u32(argv[2], 0, HOST_MAX_DOMID, &domid)) {
		fprintf(stderr, "loopxen: '%s' is no domain: expected a number from 1 to %u\n", argv[2],
			HOST_MAX_DOMID);
		return 2;
	}
	command_close_inherited();
	rc = command_open(&err);
	if (!rc)
		rc = strcmp(argv[1], "create") ? destroy(domid, &err) : create(domid, &err);
	return rc ? command_fail(&err) : 0;
}
