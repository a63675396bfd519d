// SPDX-License-Identifier: MIT
/*
 * Two domains that send each other many events: none is lost, whichever way the file descriptor is waited on.
 * Usage, in domain 0: storm LOOPXEN; it runs itself in domain 1 as "storm peer".
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define ROUNDS 5000
#define STORM  100000
#define WAIT_S 60

static xenevtchn_handle *xce;
static int port;

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void take_all(void)
{
	int p;

	while ((p = xenevtchn_pending(xce)) >= 0) {
		if (p != port)
			die("an event of a port that is not ours");
		if (xenevtchn_unmask(xce, p))
			die("unmask");
	}
	if (errno != EAGAIN)
		die("pending");
}

/* ---- the ways to wait; each returns when the descriptor is readable ---- */

static void wait_poll(void)
{
	struct pollfd fd = { xenevtchn_fd(xce), POLLIN, 0 };

	if (poll(&fd, 1, WAIT_S * 1000) != 1)
		die("poll: no event came");
}

static int epoll_fd = -1;

static void wait_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_fd < 0) {
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, xenevtchn_fd(xce), &ev);
	}
	if (epoll_wait(epoll_fd, &ev, 1, WAIT_S * 1000) != 1)
		die("epoll: no event came");
}

static struct io_uring uring;
static int is_armed, is_uring_ready;

static void wait_uring(int multishot)
{
	struct __kernel_timespec ts = { WAIT_S, 0 };
	struct io_uring_cqe *cqe;

	if (!is_uring_ready && io_uring_queue_init(8, &uring, 0))
		die("io_uring");
	is_uring_ready = 1;
	if (!is_armed) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

		if (multishot)
			io_uring_prep_poll_multishot(sqe, xenevtchn_fd(xce), POLLIN);
		else
			io_uring_prep_poll_add(sqe, xenevtchn_fd(xce), POLLIN);
		io_uring_submit(&uring);
		is_armed = 1;
	}
	if (io_uring_wait_cqe_timeout(&uring, &cqe, &ts))
		die("io_uring: no event came");
	if (cqe->res < 0)
		die("io_uring poll");
	is_armed = multishot && (cqe->flags & IORING_CQE_F_MORE);
	io_uring_cqe_seen(&uring, cqe);
}

static void wait_uring_once(void)
{
	wait_uring(0);
}

static void wait_uring_multishot(void)
{
	wait_uring(1);
}

/* ---- domain 1: answers every event, then sends a storm ---- */

static int peer(void)
{
	xengntshr_handle *xgs = xengntshr_open(NULL, 0);
	_Atomic uint32_t *count;
	uint32_t ref;

	count = xengntshr_share_pages(xgs, 0, 1, &ref, 1);
	port = xenevtchn_bind_unbound_port(xce, 0);
	if (!count || port < 0)
		die("peer");
	printf("%u %d\n", ref, port);
	fflush(stdout);
	for (;;) {
		wait_poll();
		take_all();
		if (count[1] == 2)
			return 0;
		for (uint32_t i = 0; count[1] == 1 && i < STORM; i++) {
			atomic_fetch_add(&count[0], 1);
			xenevtchn_notify(xce, port);
		}
		if (count[1] == 0)
			xenevtchn_notify(xce, port);
	}
}

static int start_peer(const char *loopxen, const char *self, uint32_t *ref)
{
	int fds[2], remote;
	FILE *f;

	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	if (fork() == 0) {
		dup2(fds[1], 1);
		execl(loopxen, loopxen, "run", "--domid", "1", "--", self, "peer", NULL);
		_exit(1);
	}
	close(fds[1]);
	f = fdopen(fds[0], "r");
	if (fscanf(f, "%u %d", ref, &remote) != 2)
		die("the peer does not start");
	return remote;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void ping(const char *name, void (*wait)(void))
{
	uint64_t start = now_ns();

	for (int i = 0; i < ROUNDS; i++) {
		xenevtchn_notify(xce, port);
		wait();
		take_all();
	}
	printf("%s: %.1f us a round\n", name, (now_ns() - start) / 1e3 / ROUNDS);
}

int main(int argc, char **argv)
{
	_Atomic uint32_t *count;
	xengnttab_handle *xgt;
	uint32_t ref;
	int status;

	xce = xenevtchn_open(NULL, 0);
	if (!xce || fcntl(xenevtchn_fd(xce), F_SETFL, O_NONBLOCK))
		die("open");
	if (argc > 1 && strcmp(argv[1], "peer") == 0)
		return peer();
	port = start_peer(argv[1], argv[0], &ref);
	port = xenevtchn_bind_interdomain(xce, 1, port);
	xgt = xengnttab_open(NULL, 0);
	count = port < 0 ? NULL : xengnttab_map_grant_ref(xgt, 1, ref, PROT_READ | PROT_WRITE);
	if (!count)
		die("connect");
	take_all();
	ping("poll", wait_poll);
	ping("epoll", wait_epoll);
	ping("io_uring poll", wait_uring_once);
	ping("io_uring multishot poll", wait_uring_multishot);
	count[1] = 1;
	xenevtchn_notify(xce, port);
	while (count[0] < STORM) {
		wait_uring_multishot();
		take_all();
	}
	count[1] = 2;
	xenevtchn_notify(xce, port);
	wait(&status);
	return status != 0;
}
