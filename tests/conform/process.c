// SPDX-License-Identifier: MIT
#include "tests/conform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

#define END_MS       5000
#define MEANWHILE_MS 2

/* Ends with us. */
static pid_t start(const char *command, int stdout_fd, bool leads_group)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (leads_group)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(stdout_fd, STDOUT_FILENO);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

pid_t process_start_shell(const char *command)
{
	return start(command, STDERR_FILENO, false);
}

bool process_has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return pid <= 0 || waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == pid;
}

void process_end(pid_t pid)
{
	uint64_t deadline_ns = clock_in_ms(END_MS);

	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	while (!process_has_ended(pid) && clock_now_ns() < deadline_ns)
		poll(NULL, 0, 5);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Until its end of the pipe is closed. false: the time is over. */
static bool read_all(int fd, uint64_t deadline_ns, void (*meanwhile)(void *arg), void *arg, char *buf, size_t size)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	uint64_t now;
	char rest[256];
	ssize_t n;

	buf[0] = '\0';
	while ((now = clock_now_ns()) < deadline_ns) {
		if (meanwhile)
			meanwhile(arg);
		if (poll(&pollfd, 1, meanwhile ? MEANWHILE_MS : (deadline_ns - now) / 1000000 + 1) <= 0)
			continue;
		n = len < size - 1 ? read(fd, buf + len, size - 1 - len) : read(fd, rest, sizeof(rest));
		if (n <= 0)
			return true;
		if (len < size - 1)
			buf[len += n] = '\0';
	}
	return false;
}

void process_run_shell(const char *command, unsigned int timeout_s, void (*meanwhile)(void *arg), void *arg,
		       struct process_end *end)
{
	uint64_t deadline_ns = clock_now_ns() + timeout_s * NSEC_PER_SEC;
	int fd[2], status;
	siginfo_t info;
	pid_t pid;

	*end = (struct process_end){ .status = 127 };
	if (pipe2(fd, O_CLOEXEC)) {
		snprintf(end->output, sizeof(end->output), "- pipe: %s", strerror(errno));
		return;
	}
	pid = start(command, fd[1], true);
	close(fd[1]);
	end->is_overdue = !read_all(fd[0], deadline_ns, meanwhile, arg, end->output, sizeof(end->output));
	close(fd[0]);
	if (end->is_overdue)
		kill(pid, SIGKILL);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	kill(-pid, SIGKILL); /* what it has started and left */
	waitpid(pid, &status, 0);
	end->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	end->output[strcspn(end->output, "\n")] = '\0';
}
