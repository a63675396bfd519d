// SPDX-License-Identifier: MIT
#include "loopxen/reaper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/base/log.h"
#include "loopxen/host.h"
#include "loopxen/place.h"

/* epoll tags: what kind of descriptor, and which process. */
enum { TAG_LISTENER, TAG_SIGNAL, TAG_NEW, TAG_CONN, TAG_PIDFD };
#define TAG(kind, value) ((uint64_t)(kind) << 32 | (uint32_t)(value))

static struct watched {
	int conn, pidfd; /* -1: not watched */
	int pid;
	uint64_t image;
} watched[HOST_NR_PROCS];
static int epoll_fd;

int reaper_listen(struct errbuf *err)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd < 0 ? -errno : host_reaper_address(&addr);

	if (!rc && (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 512)))
		rc = -errno;
	if (rc)
		return errbuf_set(err, rc, "%.200s/reaper.sock: %s", host_dir(), strerror(-rc));
	return fd;
}

int reaper_sync(void)
{
	int fd = host_reaper_call(REAPER_SYNC);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void add(int fd, uint64_t tag)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = tag };

	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

/* The process is gone, or its image is: whichever of the two descriptors said so first. */
static void forget(uint32_t index)
{
	struct watched *w = &watched[index];
	struct host_proc *p = &host->proc[index];

	if (w->conn < 0)
		return;
	host_lock();
	if (p->pid == w->pid && p->image == w->image) {
		host_proc_release(index + 1);
		p->pid = 0;
	}
	host_unlock();
	close(w->conn);
	close(w->pidfd);
	w->conn = w->pidfd = -1;
}

/* Killed after it took its slot and before it told us: nothing will ever be heard of it. */
static void release_unwatched(void)
{
	host_lock();
	for (uint32_t i = 0; i < HOST_NR_PROCS; i++) {
		struct host_proc *p = &host->proc[i];

		if (watched[i].conn >= 0 || !p->pid || host_proc_lives(p))
			continue;
		host_proc_release(i + 1);
		p->pid = 0;
	}
	host_unlock();
}

static void sync_all(void)
{
	for (uint32_t i = 0; i < HOST_NR_PROCS; i++) {
		struct pollfd fds[2] = { { watched[i].conn, POLLIN, 0 }, { watched[i].pidfd, POLLIN, 0 } };

		if (watched[i].conn >= 0 && poll(fds, 2, 0) > 0)
			forget(i);
	}
	release_unwatched();
}

static void watch(int conn, uint32_t index, int pid)
{
	struct watched *w = &watched[index];
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = TAG(TAG_CONN, index) };

	forget(index); /* an image before an exec(): its end is still queued */
	w->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (w->pidfd < 0) {
		close(conn); /* it died meanwhile: nothing of it was given out yet, but its slot is */
		host_lock();
		if (host->proc[index].pid == pid)
			host->proc[index].pid = 0;
		host_unlock();
		return;
	}
	w->conn = conn;
	w->pid = pid;
	w->image = host->proc[index].image;
	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, conn, &ev);
	add(w->pidfd, TAG(TAG_PIDFD, index));
	if (send(conn, "", 1, MSG_NOSIGNAL) < 0)
		forget(index);
}

static void on_new(int conn)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uint32_t index;

	if (recv(conn, &index, sizeof(index), 0) != sizeof(index) ||
	    getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		close(conn);
	} else if (index == REAPER_SYNC) {
		sync_all();
		send(conn, "", 1, MSG_NOSIGNAL);
		close(conn);
	} else if (index < HOST_NR_PROCS && host->proc[index].pid == cred.pid) {
		watch(conn, index, cred.pid);
	} else {
		close(conn);
	}
}

static int start_xenstored(const char *path)
{
	struct errbuf err = { "" };
	char libs[4096], preload[4200];
	sigset_t none;
	int pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (place_set_env(0, &err) || place_find_libs(libs, sizeof(libs), &err)) {
		log_error("%s", err.text);
		_exit(1);
	}
	snprintf(preload, sizeof(preload), "%s/xenstored-preload.so", libs);
	setenv("LD_PRELOAD", preload, 1);
	setenv("LOOPXEN_INFRA", "1", 1);
	setenv("XENSTORED_ROOTDIR", getenv("XENSTORED_RUNDIR"), 1);
	execl(path, "xenstored", "--no-fork", "--internal-db", (char *)NULL);
	log_error("%s: %s", path, strerror(errno));
	_exit(1);
}

/* Two descriptors for every process. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void quit(void)
{
	if (host->xenstored_pid > 0) {
		kill(host->xenstored_pid, SIGTERM);
		waitpid(host->xenstored_pid, NULL, 0);
	}
	exit(0);
}

static void on_signal(int fd)
{
	struct signalfd_siginfo info;
	int status, pid;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM)
		quit();
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != host->xenstored_pid)
			continue;
		log_error("xenstored is gone (%s %d)", WIFSIGNALED(status) ? "signal" : "exit status",
			  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		host->xenstored_pid = 0;
	}
}

static void on_event(uint64_t tag, int listener, int signals)
{
	uint32_t value = (uint32_t)tag;
	int conn;

	switch (tag >> 32) {
	case TAG_LISTENER:
		conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (conn >= 0)
			add(conn, TAG(TAG_NEW, conn));
		return;
	case TAG_SIGNAL:
		on_signal(signals);
		return;
	case TAG_NEW:
		on_new(value);
		return;
	default:
		sync_all(); /* not just this one: events of one batch may be about a slot used again */
	}
}

void reaper_main(int listener, const char *xenstored)
{
	struct epoll_event ev;
	sigset_t set;
	int signals;

	for (unsigned int i = 0; i < HOST_NR_PROCS; i++)
		watched[i].conn = watched[i].pidfd = -1;
	prctl(PR_SET_NAME, "loopxen-reaper");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	add(listener, TAG(TAG_LISTENER, 0));
	add(signals, TAG(TAG_SIGNAL, 0));
	host->xenstored_pid = start_xenstored(xenstored);
	raise_limit();
	atomic_thread_fence(
		memory_order_release); /* pairs with wait_for_store(): without xenstored's pid it gives up */
	host->reaper_pid = getpid();
	for (;;) {
		if (epoll_wait(epoll_fd, &ev, 1, -1) == 1)
			on_event(ev.data.u64, listener, signals);
	}
}
