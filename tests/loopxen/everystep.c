// SPDX-License-Identifier: MIT
/*
 * Kills a process after one instruction of a change of the shared state, after some more, and so on through the whole
 * change: each time everything must be as it was before. Run in domain 0, with LD_BIND_NOW (the way through the dynamic
 * linker is long); built from the stand-in libraries' files.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "loopxen/host.h"
#include "loopxen/reaper.h"

#define STRIDE 5 /* instructions */

static uint32_t slot;	    /* domain 0's */
static uint32_t proc;	    /* index + 1 of the process that makes the change */
static uint32_t gref, port; /* of the process that watches */
static xenevtchn_handle *xce;
static int own_port; /* of the process that makes the change */

static void bind_port(void)
{
	own_port = host_port_bind_interdomain(slot, 0, port, proc, 0);
}

static void bind_and_close(void)
{
	bind_port();
	host_port_close(slot, own_port);
}

static void map_and_unmap(void)
{
	host_map_end(host_map_new(slot, gref, 0, true, proc));
}

static void grant_and_end(void)
{
	host_grant_end(slot, host_grant_new(slot, 0, true, proc));
}

static void end_while_mapped(void)
{
	uint32_t own = host_grant_new(slot, 0, true, proc), map = host_map_new(slot, own, 0, true, proc);

	host_grant_end(slot, own);
	host_map_end(map);
}

static void send_event(void)
{
	host_port_send(slot, own_port);
}

static const struct {
	const char *name;
	void (*prepare)(void), (*run)(void);
	bool is_locked;
} changes[] = {
	{ "bind and close", NULL, bind_and_close, true }, { "map and unmap", NULL, map_and_unmap, true },
	{ "grant and end", NULL, grant_and_end, true },	  { "end while mapped", NULL, end_while_mapped, true },
	{ "send", bind_port, send_event, false },
};
#define NR_CHANGES (sizeof(changes) / sizeof(changes[0]))

static void change(unsigned int i)
{
	proc = host_join() + 1;
	host_lock();
	if (changes[i].prepare)
		changes[i].prepare();
	host_unlock();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (changes[i].is_locked)
		host_lock();
	changes[i].run();
	if (changes[i].is_locked)
		host_unlock();
	_exit(0);
}

/* false: it came to its end before. */
static bool kill_after(unsigned int i, unsigned int instructions)
{
	int pid = fork(), status;

	if (pid == 0)
		change(i);
	waitpid(pid, &status, 0);
	while (WIFSTOPPED(status) && instructions--) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	if (!WIFSTOPPED(status))
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

struct held {
	unsigned int ports, grants, maps, mapped;
};

static struct held look(void)
{
	struct host_dom *dom = &host->dom[slot];
	struct held held = { 0 };

	host_lock();
	for (uint32_t i = 1; i < HOST_NR_PORTS; i++)
		held.ports += host_link_state(dom->port[i].link) != LINK_CLOSED;
	for (uint32_t i = 0; i < HOST_NR_GRANTS; i++)
		held.grants += dom->grant[i].is_used;
	for (uint32_t i = 0; i < host->max_map; i++)
		held.maps += host->map[i].proc != 0;
	held.mapped = dom->nr_maps_of_it + dom->grant[gref].nr_maps;
	host_unlock();
	return held;
}

/* Our port is bound by somebody new, and gets his event. */
static bool event_comes(void)
{
	struct pollfd fd = { xenevtchn_fd(xce), POLLIN, 0 };
	int other = xenevtchn_bind_interdomain(xce, 0, port), got = 0;

	if (other < 0 || xenevtchn_notify(xce, other))
		return false;
	while (got != (int)port && poll(&fd, 1, 10000) == 1) {
		got = xenevtchn_pending(xce);
		xenevtchn_unmask(xce, got);
	}
	xenevtchn_unbind(xce, other);
	while (poll(&fd, 1, 0) == 1)
		xenevtchn_unmask(xce, xenevtchn_pending(xce));
	return got == (int)port;
}

static bool is_as_before(unsigned int i, unsigned int instructions, const struct held *before)
{
	int fd = host_reaper_call(REAPER_SYNC);
	struct held now = look();

	close(fd);
	if (fd >= 0 && memcmp(&now, before, sizeof(now)) == 0 && event_comes())
		return true;
	printf("%s, killed after %u instructions: %u ports, %u grants, %u maps, %u mapped; "
	       "before: %u, %u, %u, %u; or no event comes\n",
	       changes[i].name, instructions, now.ports, now.grants, now.maps, now.mapped, before->ports,
	       before->grants, before->maps, before->mapped);
	return false;
}

int main(void)
{
	int me = host_join();
	struct held before;

	xce = xenevtchn_open(NULL, 0);
	if (me < 0 || !xce)
		return 1;
	port = xenevtchn_bind_unbound_port(xce, 0);
	slot = host_dom_find(0);
	host_lock();
	gref = host_grant_new(slot, 0, true, me + 1);
	host_unlock();
	host_ram_fd(slot, true); /* opened here, so that not every child has to go through it */
	before = look();
	for (unsigned int i = 0; i < NR_CHANGES; i++) {
		unsigned int n = 1;

		for (; kill_after(i, n); n += STRIDE) {
			if (!is_as_before(i, n, &before))
				return 1;
		}
		printf("%s: %u instructions\n", changes[i].name, n);
	}
	return 0;
}
