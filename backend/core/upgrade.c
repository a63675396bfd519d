// SPDX-License-Identifier: MIT
#include "backend/core/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/container.h"

#define HEIR_ENV        "PVRING_HEIR"
#define READY_WITHIN_NS (8 * 1000000000ULL) /* less than a client of the control socket waits */

/* What the new process finds open. */
enum { HEIR_LISTENER = 3, HEIR_HAND, HEIR_STDERR, HEIR_FIRST_UNUSED };

void upgrade_init(struct upgrade *upgrade, struct loop *loop, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", upgrade->program, sizeof(upgrade->program) - 1);

	upgrade->program[len > 0 ? len : 0] = '\0';
	upgrade->loop = loop;
	upgrade->argv = argv;
}

/* ---- what the new process says --------------------------------------------------------------------------------- */

static void keep_end(struct upgrade *upgrade, const char *bytes, size_t nr)
{
	size_t room = sizeof(upgrade->text) - 1, over;

	if (nr > room) {
		bytes += nr - room;
		nr = room;
	}
	over = upgrade->text_bytes + nr > room ? upgrade->text_bytes + nr - room : 0;
	memmove(upgrade->text, upgrade->text + over, upgrade->text_bytes - over);
	memcpy(upgrade->text + upgrade->text_bytes - over, bytes, nr);
	upgrade->text_bytes += nr - over;
	upgrade->text[upgrade->text_bytes] = '\0';
}

/* It goes on to where it belongs. */
static bool read_said(struct upgrade *upgrade)
{
	char bytes[512];
	ssize_t r;

	while ((r = read(upgrade->said.fd, bytes, sizeof(bytes))) > 0) {
		if (write(STDERR_FILENO, bytes, r) == r)
			keep_end(upgrade, bytes, r);
	}
	return r < 0;
}

static void close_fd(struct loop_fd *lfd)
{
	close(lfd->fd);
}

static void said_readable(struct loop_fd *lfd)
{
	struct upgrade *upgrade = container_of(lfd, struct upgrade, said);

	if (!read_said(upgrade))
		loop_fd_remove(lfd, close_fd);
}

/* NULL: it is of no error. */
static const char *error_in(const char *line)
{
	if (strncmp(line, "<3>", 3) == 0) /* to systemd's journal */
		return line + 3;
	return strncmp(line, "error: ", 7) == 0 ? line + 7 : NULL;
}

/* The last error that it logged; else its first line, as of options, or of the loader. */
static const char *find_reason(char *text)
{
	const char *reason = NULL;
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));)
		reason = error_in(line) ?: reason;
	return reason ?: text;
}

static void explain(struct upgrade *upgrade, int status)
{
	const char *reason = find_reason(upgrade->text), *program = upgrade->program;

	if (*reason)
		errbuf_set(&upgrade->failure, 0, "%s does not start: %.400s", program, reason);
	else if (WIFSIGNALED(status))
		errbuf_set(&upgrade->failure, 0, "%s does not start: it died of signal %d", program, WTERMSIG(status));
	else
		errbuf_set(&upgrade->failure, 0, "%s does not start: exit status %d", program, WEXITSTATUS(status));
}

/* ---- its end, or its being ready ------------------------------------------------------------------------------- */

static void fail(struct upgrade *upgrade)
{
	int status = 0;

	kill(upgrade->pid, SIGKILL); /* if it has only closed what it was to answer by: it is not waited for */
	waitpid(upgrade->pid, &status, 0);
	upgrade->pid = 0;
	if (upgrade->said.is_armed) {
		read_said(upgrade);
		loop_fd_remove(&upgrade->said, close_fd);
	}
	if (!upgrade->failure.text[0])
		explain(upgrade, status);
	upgrade->failed(upgrade);
}

static void deadline_gone(struct loop_timer *timer)
{
}

/* Whatever it hangs in: its end closes our socket. */
static void deadline_passed(struct loop_timer *timer)
{
	struct upgrade *upgrade = container_of(timer, struct upgrade, deadline);

	if (upgrade->pid == 0 || upgrade->is_ready)
		return;
	errbuf_set(&upgrade->failure, 0, "%s does not start: not ready in %llu s", upgrade->program,
		   READY_WITHIN_NS / 1000000000);
	kill(upgrade->pid, SIGKILL);
}

static void hand_readable(struct loop_fd *lfd)
{
	struct upgrade *upgrade = container_of(lfd, struct upgrade, hand);
	bool says_ready = false;
	char byte;
	ssize_t r;

	while ((r = recv(lfd->fd, &byte, 1, MSG_DONTWAIT)) > 0)
		says_ready = !upgrade->is_ready;
	if (upgrade->deadline.is_armed && (r == 0 || says_ready))
		loop_timer_cancel(upgrade->loop, &upgrade->deadline, deadline_gone);
	if (r == 0)
		loop_fd_remove(lfd, close_fd);
	if (r == 0 && !upgrade->is_ready) {
		fail(upgrade);
	} else if (says_ready) {
		upgrade->is_ready = true; /* from here on it is told */
		upgrade->is_ready = upgrade->ready(upgrade);
	}
}

void upgrade_tell(struct upgrade *upgrade)
{
	if (upgrade->is_ready && !upgrade->hand.is_removed) /* else it has ended meanwhile */
		(void)!send(upgrade->hand.fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- starting it ----------------------------------------------------------------------------------------------- */

/* The daemon's, and that it is an heir. NULL: no memory. */
static char **make_environment(void)
{
	size_t nr = 0;
	char **env;

	while (environ[nr])
		nr++;
	env = calloc(nr + 2, sizeof(*env));
	if (env) {
		memcpy(env, environ, nr * sizeof(*env));
		env[nr] = HEIR_ENV "=1";
	}
	return env;
}

/* Without a copy of our memory, which would slow down each of the workers' pages. */
static int spawn(struct upgrade *upgrade, const int fds[3])
{
	char **env = make_environment();
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	if (!env)
		return -ENOMEM;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[0], HEIR_LISTENER);
	posix_spawn_file_actions_adddup2(&actions, fds[1], HEIR_HAND);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, HEIR_STDERR);
	posix_spawn_file_actions_adddup2(&actions, fds[2], STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, HEIR_FIRST_UNUSED);
	r = posix_spawn(&upgrade->pid, upgrade->program, &actions, &attr, upgrade->argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(env);
	return -r;
}

/* Above those that they become, so that none is overwritten before it is copied. -1: there is no room. */
static int copy_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, HEIR_FIRST_UNUSED);
}

static int spawn_with(struct upgrade *upgrade, int listener_fd, int hand_fd, int said_fd)
{
	const int fds[3] = { copy_up(listener_fd), copy_up(hand_fd), copy_up(said_fd) };
	int rc = fds[0] < 0 || fds[1] < 0 || fds[2] < 0 ? -EMFILE : spawn(upgrade, fds);

	for (unsigned int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return rc;
}

int upgrade_start(struct upgrade *upgrade, int listener_fd, struct errbuf *err)
{
	int hand[2], said[2], rc;

	if (upgrade->pid || upgrade->said.is_armed || upgrade->hand.is_armed || upgrade->deadline.is_armed)
		return errbuf_set(err, -EBUSY, "a new process (pid %d) is being started already", upgrade->pid);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hand))
		return errbuf_set(err, -errno, "socketpair: %s", strerror(errno));
	if (pipe2(said, O_CLOEXEC | O_NONBLOCK)) {
		rc = errbuf_set(err, -errno, "pipe: %s", strerror(errno));
		said[0] = said[1] = -1;
		goto out;
	}
	(void)fcntl(said[1], F_SETFL, 0);
	rc = spawn_with(upgrade, listener_fd, hand[1], said[1]);
	if (rc) {
		upgrade->pid = 0;
		errbuf_set(err, rc, "%s: cannot be started: %s", upgrade->program, strerror(-rc));
		goto out;
	}
	upgrade->failure.text[0] = '\0';
	upgrade->text[upgrade->text_bytes = 0] = '\0';
	loop_fd_add(upgrade->loop, &upgrade->hand, hand[0], hand_readable);
	loop_fd_add(upgrade->loop, &upgrade->said, said[0], said_readable);
	loop_timer_start(upgrade->loop, &upgrade->deadline, READY_WITHIN_NS, deadline_passed);
	hand[0] = said[0] = -1;
out:
	close(hand[1]);
	if (hand[0] >= 0)
		close(hand[0]);
	if (said[1] >= 0)
		close(said[1]);
	if (said[0] >= 0)
		close(said[0]);
	return rc;
}

/* ---- the new process ------------------------------------------------------------------------------------------- */

void upgrade_inherit(struct upgrade_heir *heir)
{
	heir->listener_fd = -1;
	if (!getenv(HEIR_ENV))
		return;
	unsetenv(HEIR_ENV);
	for (int fd = HEIR_LISTENER; fd < HEIR_FIRST_UNUSED; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	heir->listener_fd = HEIR_LISTENER;
	heir->stderr_fd = HEIR_STDERR;
}

static void heir_told(struct loop_fd *lfd)
{
	struct upgrade_heir *heir = container_of(lfd, struct upgrade_heir, hand);
	char bytes[64];
	ssize_t r = recv(lfd->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (r <= 0)
		loop_fd_remove(lfd, close_fd);
	heir->told(heir, r <= 0);
}

void upgrade_is_ready(struct upgrade_heir *heir, struct loop *loop)
{
	dup2(heir->stderr_fd, STDERR_FILENO);
	close(heir->stderr_fd);
	loop_fd_add(loop, &heir->hand, HEIR_HAND, heir_told);
	(void)!send(HEIR_HAND, "", 1, MSG_NOSIGNAL);
}
