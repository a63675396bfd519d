// SPDX-License-Identifier: MIT
/* The loopxen command: subcommands and what they share. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/base/options.h"
#include "loopxen/command.h"
#include "loopxen/host.h"
#include "loopxen/place.h"

static const struct {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "up", "", "start an instance: the shared state, a reaper and Debian's xenstored", cmd_up },
	{ "down", "", "end everything this instance started and remove its directory", cmd_down },
	{ "domain", "create|destroy N", "make or destroy a guest domain (no program runs in it yet)", cmd_domain },
	{ "run", "[--domid N] -- CMD...", "run a program in domain 0, or in domain N", cmd_run },
	{ "status", "", "show domains, processes and what they hold", cmd_status },
	{ "check", "[--domid N]", "0: nothing is mapped, granted or bound; 1: something is, by whom; 2: can not tell",
	  cmd_check },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int command_fail(const struct errbuf *err)
{
	fprintf(stderr, "loopxen: %s\n", err->text);
	return 1;
}

bool command_options(const struct options_spec *spec, int argc, char **argv, void *config, int *next, int *status)
{
	enum options_result result = options_parse(spec, argc, argv, config, next);

	*status = result == OPTIONS_DONE ? 0 : 2;
	return result == OPTIONS_RUN;
}

static int open_lock(int flags)
{
	char path[256];
	int fd, rc = host_path(path, sizeof(path), "lock");

	if (rc)
		return rc;
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	return fd < 0 ? -errno : fd;
}

int command_lock(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;
	int fd, rc;

	do {
		fd = open_lock(O_CREAT);
		if (fd < 0)
			return fd;
		rc = fcntl(fd, F_OFD_SETLK, &all) || fstat(fd, &st) ? -EBUSY : 0;
		if (rc || !st.st_nlink)
			close(fd);
	} while (!rc && !st.st_nlink); /* a `loopxen down` removed it while we opened it */
	return rc ? rc : fd;
}

bool command_is_up(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(0);

	if (fd < 0)
		return false;
	if (fcntl(fd, F_OFD_GETLK, &all)) /* only asks: an `up` must not find it taken by somebody who looked */
		all.l_type = F_UNLCK;
	close(fd);
	return all.l_type != F_UNLCK;
}

int command_open(struct errbuf *err)
{
	int rc = host_open();

	if (rc == -EPROTO)
		return errbuf_set(err, rc, "%.200s belongs to another version of loopxen: take it down with that one",
				  host_dir());
	if (rc)
		return errbuf_set(err, rc,
				  "no instance in %.200s (%s): start one with 'loopxen up', or set LOOPXEN_DIR",
				  host_dir(), strerror(-rc));
	if (!command_is_up())
		return errbuf_set(err, -ESRCH,
				  "the instance in %.200s has died (see loopxen.log there): 'loopxen down' "
				  "removes what is left of it",
				  host_dir());
	return 0;
}

void command_close_inherited(void)
{
	close_range(3, ~0U, 0);
}

static void to_log(void)
{
	char path[256];
	int null = open("/dev/null", O_RDONLY), log;

	host_path(path, sizeof(path), "loopxen.log");
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	close(null);
	close(log);
}

/* What the caller ignores or blocks is no affair of a daemon: it must end when it is told to. */
static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int command_fork_daemon(int *out)
{
	int pipe_fds[2], pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid) {
		close(pipe_fds[1]);
		*out = pipe_fds[0];
		return pid < 0 ? -errno : pid;
	}
	setsid();
	default_signals();
	unsetenv("LOOPXEN_FAIL"); /* is for what is run, not for what runs it */
	close(pipe_fds[0]);
	*out = pipe_fds[1];
	to_log();
	return chdir("/") ? 0 : 0;
}

int command_wait_ready(int in, int timeout_ms)
{
	struct pollfd fd = { in, POLLIN, 0 };
	char byte;
	int rc = -ETIMEDOUT;

	if (poll(&fd, 1, timeout_ms) > 0)
		rc = read(in, &byte, 1) == 1 ? 0 : -ECHILD;
	close(in);
	return rc;
}

static void print_commands(void)
{
	printf("\nCommands:\n");
	for (unsigned int i = 0; i < NR_COMMANDS; i++)
		printf("  %-6s %-22s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	printf("\nThe instance lives in $LOOPXEN_DIR (now %s).\n", host_dir());
}

int main(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "loopxen",
		.synopsis = "COMMAND [ARGUMENT...]",
		.summary =
			"Runs Xen userspace on a machine without Xen: stand-in libraries under Debian's own programs.",
	};
	struct errbuf err = { "" };
	int next = 1, status;

	if (!command_options(&spec, argc, argv, NULL, &next, &status)) {
		if (status == 0 && strcmp(argv[1], "--help") == 0)
			print_commands();
		return status;
	}
	if (place_init(&err))
		return command_fail(&err);
	for (unsigned int i = 0; next < argc && i < NR_COMMANDS; i++) {
		if (strcmp(argv[next], commands[i].name) == 0)
			return commands[i].run(argc - next, argv + next);
	}
	fprintf(stderr, "loopxen: %s%s%s. Try 'loopxen --help'.\n",
		next < argc ? "there is no command '" : "no command", next < argc ? argv[next] : "",
		next < argc ? "'" : "");
	return 2;
}
