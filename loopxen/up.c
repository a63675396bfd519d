// SPDX-License-Identifier: MIT
/* An instance begins and ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "loopxen/command.h"
#include "loopxen/host.h"
#include "loopxen/place.h"
#include "loopxen/reaper.h"
#include "loopxen/store.h"

#define START_SECONDS 30

static int no_arguments(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	fprintf(stderr, "loopxen: '%s' takes no argument, got '%s'\n", argv[0], argv[1]);
	return 2;
}

/* The directory may be one that somebody keeps other things in: only what an instance makes is taken away. */
static bool is_ours(const char *name)
{
	static const char *const names[] = { "hv",	    "reaper.sock", "xsd_port",	"xsd_kva",
					     "loopxen.log", "ram.[0-9]*",  "ev.[0-9]*", "store.[0-9]*" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (fnmatch(names[i], name, 0) == 0)
			return true;
	}
	return false;
}

static bool is_socket(const char *name)
{
	return strcmp(name, "socket") == 0;
}

/* Removes what ARE_OURS says in NAME under the instance's directory ("" is the directory itself); and it, if empty. */
static void remove_dir(const char *name, bool (*are_ours)(const char *name))
{
	char path[512], dir[300];
	struct dirent *entry;
	DIR *d;

	host_path(dir, sizeof(dir), "%s", name);
	d = opendir(dir);
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "%.250s/%.200s", dir, entry->d_name);
		if (are_ours(entry->d_name))
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

/* With the lock; what is left is the lock file, and the directory. */
static void clear(void)
{
	remove_dir("store", is_socket);
	remove_dir("", is_ours);
}

static void remove_all(void)
{
	char path[256];

	clear();
	host_path(path, sizeof(path), "lock");
	unlink(path);
	rmdir(host_dir());
}

static int write_file(const char *name, const void *data, size_t len)
{
	char path[256];
	int fd, rc = host_path(path, sizeof(path), "%s", name);

	if (rc)
		return rc;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write(fd, data, len) == (ssize_t)len ? 0 : -EIO;
	close(fd);
	return rc;
}

/* Domain 0 with the ring page and port that xenstored takes over from Xen's kernel. */
static int make_dom0(struct errbuf *err)
{
	static const uint8_t page[HOST_PAGE];
	uint8_t uuid[16] = { 0 };
	char text[16], path[256];
	int slot, port, rc;

	slot = host_dom_create(0, uuid);
	if (slot < 0)
		return errbuf_set(err, slot, "domain 0 can not be made in %.200s: %s", host_dir(), strerror(-slot));
	host_lock();
	port = host_port_alloc_unbound(slot, 0, 0, 0);
	host_unlock();
	snprintf(text, sizeof(text), "%d", port);
	rc = write_file("xsd_port", text, strlen(text));
	if (!rc)
		rc = write_file("xsd_kva", page, sizeof(page));
	host_path(path, sizeof(path), "store");
	if (!rc && mkdir(path, 0700) && errno != EEXIST)
		rc = -errno;
	return rc ? errbuf_set(err, rc, "%.200s can not be filled: %s", host_dir(), strerror(-rc)) : 0;
}

static int make_dir(char *path, size_t size, struct errbuf *err)
{
	char *slash;

	host_path(path, size, "%s", "");
	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	if (access(path, W_OK | X_OK))
		return errbuf_set(err, -errno, "the directory %.200s can not be used: %s", path, strerror(errno));
	return 0;
}

/* Makes the directory and the shared state in it. The lock: whoever has it is alone, whatever died there before. */
static int begin(struct errbuf *err)
{
	char path[256];
	int lock, rc;

	if (make_dir(path, sizeof(path), err))
		return -ENOENT;
	lock = command_lock();
	if (lock == -EBUSY)
		return errbuf_set(err, lock,
				  "an instance is already up in %.200s: use it, or set LOOPXEN_DIR to another "
				  "directory",
				  host_dir());
	if (lock < 0)
		return errbuf_set(err, lock, "%slock: %s", path, strerror(-lock));
	clear();
	rc = host_create();
	return rc ? errbuf_set(err, rc, "%shv: %s", path, strerror(-rc)) : lock;
}

static int wait_for_store(int reaper, struct errbuf *err)
{
	bool is_started;

	for (int i = 0; i < START_SECONDS * 100; i++) {
		if (store_answers())
			return 0;
		is_started = *(volatile int32_t *)&host->reaper_pid;
		atomic_thread_fence(memory_order_acquire);
		if (kill(reaper, 0) || (is_started && !*(volatile int32_t *)&host->xenstored_pid))
			break;
		usleep(10000);
	}
	return errbuf_set(err, -ETIMEDOUT, "xenstored does not answer in %.200s/store/socket", host_dir());
}

static void show_log(void)
{
	char path[256], line[300];
	FILE *f;

	host_path(path, sizeof(path), "loopxen.log");
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		fprintf(stderr, "  | %s", line);
	if (f)
		fclose(f);
}

/* The reaper inherits the lock: it is held as long as the reaper lives, and until this command has ended. */
static int start_reaper(const char *xenstored, struct errbuf *err)
{
	int listener = reaper_listen(err), out, pid;

	if (listener < 0)
		return listener;
	signal(SIGCHLD, SIG_IGN); /* ours alone to wait for would be a zombie to kill(pid, 0) */
	pid = command_fork_daemon(&out);
	if (pid == 0) {
		close(out);
		reaper_main(listener, xenstored);
	}
	close(out);
	close(listener);
	return pid < 0 ? errbuf_set(err, pid, "fork: %s", strerror(-pid)) : pid;
}

int cmd_up(int argc, char **argv)
{
	struct errbuf err = { "" };
	char xenstored[4096];
	int pid, rc;

	if (no_arguments(argc, argv))
		return 2;
	command_close_inherited();
	if (place_find_xenstored(xenstored, sizeof(xenstored), &err))
		return command_fail(&err);
	if (begin(&err) < 0)
		return command_fail(&err);
	rc = make_dom0(&err);
	if (rc)
		goto out;
	pid = rc = start_reaper(xenstored, &err);
	if (rc < 0)
		goto out;
	rc = wait_for_store(pid, &err);
	if (!rc)
		rc = store_add_dom0(&host->dom[0], &err);
	if (rc) {
		command_fail(&err);
		show_log();
		kill(pid, SIGTERM);
		for (int i = 0; i < 500 && !kill(pid, 0); i++)
			usleep(10000);
		remove_all();
		return 1;
	}
	printf("loopxen is up in %s\n", host_dir());
	return 0;
out:
	remove_all();
	return command_fail(&err);
}

/* Ends what loopxen runs itself, names what others run. */
static void end_processes(void)
{
	for (unsigned int i = 0; i < HOST_NR_PROCS; i++) {
		struct host_proc *p = &host->proc[i];

		if (!host_proc_lives(p) || p->pid == host->xenstored_pid)
			continue;
		if (p->is_infra)
			kill(p->pid, SIGKILL);
		else
			fprintf(stderr, "loopxen: %s (pid %d) in domain %u still runs and loses its hypervisor\n",
				p->name, p->pid, p->domid);
	}
}

static int wait_for_lock(void)
{
	int lock;

	for (int i = 0; (lock = command_lock()) == -EBUSY && i < 1000; i++)
		usleep(10000);
	return lock;
}

static int end_instance(struct errbuf *err)
{
	int lock;

	if (reaper_sync() || host->reaper_pid <= 0)
		return errbuf_set(err, -EAGAIN, "an instance is just starting in %.200s: try again", host_dir());
	end_processes();
	kill(host->reaper_pid, SIGTERM); /* it holds the lock, so it lives */
	lock = wait_for_lock();
	if (lock < 0)
		errbuf_set(err, lock, "the reaper (pid %d) does not end: %.200s is left as it is", host->reaper_pid,
			   host_dir());
	return lock;
}

int cmd_down(int argc, char **argv)
{
	struct errbuf err = { "" };
	int lock, rc = no_arguments(argc, argv);

	if (rc)
		return rc;
	rc = command_open(&err);
	/* It died, maybe while it was being made; another version's own would hold the lock. */
	if (rc == -ESRCH || (rc == -EPROTO && !command_is_up())) {
		lock = command_lock();
		if (lock < 0)
			errbuf_set(&err, lock, "somebody starts an instance in %.200s just now", host_dir());
	} else {
		lock = rc ? rc : end_instance(&err);
	}
	if (lock < 0)
		return command_fail(&err);
	remove_all();
	if (rc)
		printf("removed what was left in %s\n", host_dir());
	return 0;
}
