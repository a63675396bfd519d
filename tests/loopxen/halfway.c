// SPDX-License-Identifier: MIT
/*
 * A process of a domain that is killed half way through a change of the shared state. It is built from the files that
 * the stand-in libraries are built from, does the first half of what they do, and ends itself with SIGKILL.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loopxen/host.h"

static uint32_t arg[2];
static uint32_t proc, slot; /* proc: index + 1 */

static int die(const char *what)
{
	printf("halfway: %s\n", what);
	return 1;
}

/* DOMID PORT: the peer's port says that its event is in the FIFO, and it is not. */
static int send_event(void)
{
	int port, peer = host_dom_find(arg[0]);

	host_lock();
	port = host_port_bind_interdomain(slot, arg[0], arg[1], proc, 0);
	host_unlock();
	if (port < 0)
		return die("bind");
	host->dom[peer].port[arg[1]].flags = PORT_MASKED | PORT_QUEUED;
	return 0;
}

/* DOMID GREF: the last map of a grant that its owner has given up; the grant should go with it. */
static int end_map(void)
{
	int owner = host_dom_find(arg[0]), map = host_map_new(owner, arg[1], host_my_domid(), true, proc);

	if (map < 0)
		return die("map");
	host_grant_end(owner, arg[1]);
	host->map[map].proc = 0;
	return 0;
}

/* The frame of a grant whose owner is gone: not granted any more, but not free yet. */
static int free_grant(void)
{
	int gref = host_grant_new(slot, 0, true, 0);

	if (gref < 0)
		return die("grant");
	host->dom[slot].grant[gref].entry = 0;
	printf("%d\n", gref);
	fflush(stdout);
	return 0;
}

/* The same, while the reaper is stopped: the next one to join is who finds the lock so. */
static int free_unseen(void)
{
	kill(host->reaper_pid, SIGSTOP);
	return free_grant();
}

/* DOMID: it is marked as dying, and nothing of it has ended. */
static int kill_domain(void)
{
	host->dom[host_dom_find(arg[0])].state = DOM_DYING;
	return 0;
}

/* DOMID: it is there, and not yet found by its number. */
static int make_domain(void)
{
	host->slot_of[arg[0]] = 0;
	return 0;
}

/* GREF: not half of anything, it tells whether the frame is taken. */
static int tell_used(void)
{
	printf("%s\n", host->dom[slot].grant[arg[0]].is_used ? "used" : "free");
	exit(0);
}

/* The libraries' own connect(): "join" is killed with a slot of its own, before the reaper knows of it. */
static bool dies_at_connect;

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);

	if (dies_at_connect)
		raise(SIGKILL);
	real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
	return real(fd, addr, len);
}

static const struct {
	const char *name;
	int (*begin)(void);
	bool is_locked; /* it dies with the lock held */
} changes[] = {
	{ "send", send_event, false },	      { "end_map", end_map, true },
	{ "free_grant", free_grant, true },   { "free_unseen", free_unseen, true },
	{ "kill_domain", kill_domain, true }, { "make_domain", make_domain, true },
	{ "tell_used", tell_used, false },
};

int main(int argc, char **argv)
{
	int rc;

	dies_at_connect = argc > 1 && strcmp(argv[1], "join") == 0;
	rc = host_join();
	if (rc < 0)
		return die("join");
	proc = rc + 1;
	slot = host_dom_find(host_my_domid());
	for (int i = 2; i < argc && i < 4; i++)
		arg[i - 2] = strtoul(argv[i], NULL, 10);
	for (unsigned int i = 0; argc > 1 && i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (strcmp(changes[i].name, argv[1]))
			continue;
		if (changes[i].is_locked)
			host_lock();
		if (changes[i].begin() == 0)
			raise(SIGKILL);
		if (changes[i].is_locked)
			host_unlock();
		return 1;
	}
	return die("what?");
}
