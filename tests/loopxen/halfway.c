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
} changes[] = {
	{ "send", send_event },
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
		if (strcmp(changes[i].name, argv[1]) == 0)
			return changes[i].begin() || raise(SIGKILL);
	}
	return die("what?");
}
