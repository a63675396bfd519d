// SPDX-License-Identifier: MIT
#include "ctl/hotplug_script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xenbus/node.h"

static void set_environment(const char *script, const struct ts_device *dev)
{
	char path[64];

	snprintf(path, sizeof(path), "backend/%s/%u/%u", dev->kind, dev->domid, dev->devid);
	setenv("script", script, 1);
	setenv("XENBUS_TYPE", dev->kind, 1);
	setenv("XENBUS_PATH", path, 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	if (dev->class->hotplug.set_environment)
		dev->class->hotplug.set_environment(dev);
}

/* What it prints is for the operator to see, but no part of our output. 0 or -errno. */
static int start(const char *script, const struct ts_device *dev, const char *word, pid_t *pid)
{
	char *argv[] = { (char *)script, (char *)word, (char *)dev->class->hotplug.argument, NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	set_environment(script, dev);
	rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return -rc;
	rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ?:
	     posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO) ?:
	     posix_spawn(pid, script, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/* Its status, as waitpid() gives it; -ETIMEDOUT: it was killed. */
static int wait_for_end(pid_t pid, int *status)
{
	struct pollfd poll_fd = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int nr = poll_fd.fd < 0 ? -1 : poll(&poll_fd, 1, HOTPLUG_SCRIPT_SECONDS * 1000);

	if (nr == 0)
		kill(pid, SIGKILL);
	if (poll_fd.fd >= 0)
		close(poll_fd.fd);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return nr == 0 ? -ETIMEDOUT : 0;
}

static int explain(const char *script, const struct ts_device *dev, struct xb_store *store, const char *word,
		   int status, struct errbuf *err)
{
	struct errbuf ignored;
	char reason[384];

	if (xb_read_string(store, dev->backend, "hotplug-error", reason, sizeof(reason), &ignored) == 0)
		return errbuf_set(err, -EIO, "%s", reason);
	if (WIFSIGNALED(status))
		return errbuf_set(err, -EIO, "%s %s: ended by signal %d", script, word, WTERMSIG(status));
	return errbuf_set(err, -EIO, "%s %s: exit status %d", script, word, WEXITSTATUS(status));
}

int hotplug_script_run(const char *script, const struct ts_device *dev, struct xb_store *store, const char *word,
		       struct errbuf *err)
{
	int status = 0, rc;
	pid_t pid;

	rc = start(script, dev, word, &pid);
	if (rc)
		return errbuf_set(err, rc, "%s: %s", script, strerror(-rc));
	rc = wait_for_end(pid, &status);
	if (rc)
		return errbuf_set(err, rc, "%s %s: killed, as it had not ended after %d s", script, word,
				  HOTPLUG_SCRIPT_SECONDS);
	return status ? explain(script, dev, store, word, status, err) : 0;
}
