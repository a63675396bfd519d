// SPDX-License-Identifier: MIT
/*
 * Kills a process over and over while it maps, copies and binds: the shared state must stay usable.
 * Usage, in domain 0: murder LOOPXEN; it runs itself as "murder owner" in domain 1 and as "murder worker REF...".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define NR_REFS 16
#define KILLS   100

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* Grants NR_REFS pages to domain 0, then waits for the end of its input. */
static int owner(void)
{
	uint32_t refs[NR_REFS];
	char byte;

	if (!xengntshr_share_pages(xengntshr_open(NULL, 0), 0, NR_REFS, refs, 1))
		die("share");
	for (int i = 0; i < NR_REFS; i++)
		printf("%u ", refs[i]);
	printf("\n");
	fflush(stdout);
	return read(0, &byte, 1) != 0;
}

static void work(xengnttab_handle *xgt, xengntshr_handle *xgs, xenevtchn_handle *xce, uint32_t *refs)
{
	void *maps = xengnttab_map_domain_grant_refs(xgt, NR_REFS, 1, refs, PROT_READ | PROT_WRITE);
	void *one = xengnttab_map_grant_ref(xgt, 1, refs[3], PROT_READ);
	uint32_t own[4];
	void *shared = xengntshr_share_pages(xgs, 0, 4, own, 1);
	void *again = shared ? xengnttab_map_domain_grant_refs(xgt, 4, 0, own, PROT_READ) : NULL;
	int port = xenevtchn_bind_unbound_port(xce, 0), other = xenevtchn_bind_interdomain(xce, 0, port);

	if (!maps || !one || !again || port < 0 || other < 0)
		die("worker");
	xenevtchn_unbind(xce, other);
	xenevtchn_unbind(xce, port);
	xengntshr_unshare(xgs, shared, 4); /* while it is mapped */
	xengnttab_unmap(xgt, again, 4);
	xengnttab_unmap(xgt, one, 1);
	xengnttab_unmap(xgt, maps, NR_REFS);
}

/* Its output says that it has been through everything once. */
static int worker(char **argv, int times)
{
	xengnttab_handle *xgt = xengnttab_open(NULL, 0);
	xengntshr_handle *xgs = xengntshr_open(NULL, 0);
	xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
	uint32_t refs[NR_REFS];

	if (!xgt || !xgs || !xce)
		die("open");
	for (int i = 0; i < NR_REFS; i++)
		refs[i] = strtoul(argv[i], NULL, 10);
	work(xgt, xgs, xce, refs);
	if (write(1, "", 1) != 1)
		die("write");
	while (times < 0 || times--)
		work(xgt, xgs, xce, refs);
	return 0;
}

static int spawn(char **argv, int in, int out)
{
	int pid = fork();

	if (pid)
		return pid;
	if (in >= 0)
		dup2(in, 0);
	if (out >= 0)
		dup2(out, 1);
	execv(argv[0], argv);
	_exit(127);
}

/* Kills it that long after it has begun to work; -1: lets it end. */
static int run_worker(char *self, const char *mode, char refs[][12], int kill_after_us)
{
	char *argv[NR_REFS + 3] = { self, (char *)mode }, byte;
	bool is_killed = kill_after_us >= 0;
	int pid, status, out[2];

	for (int i = 0; i < NR_REFS; i++)
		argv[2 + i] = refs[i];
	if (pipe2(out, O_CLOEXEC))
		die("pipe");
	pid = spawn(argv, -1, out[1]);
	close(out[1]);
	if (read(out[0], &byte, 1) == 1 && is_killed) {
		usleep(kill_after_us);
		kill(pid, SIGKILL);
	}
	close(out[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) != is_killed || (is_killed && WTERMSIG(status) != SIGKILL)) {
		fprintf(stderr, "%s: ended by itself, wait status 0x%x\n", mode, status);
		return 1;
	}
	return is_killed ? 0 : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	char *owner_argv[] = { argv[1], "run", "--domid", "1", "--", argv[0], "owner", NULL };
	char refs[NR_REFS][12];
	int in[2], out[2], rc = 0;
	FILE *f;

	if (argc > 1 && strcmp(argv[1], "owner") == 0)
		return owner();
	if (argc > 2)
		return worker(argv + 2, strcmp(argv[1], "worker") ? 50 : -1);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe");
	spawn(owner_argv, in[0], out[1]);
	f = fdopen(out[0], "r");
	for (int i = 0; i < NR_REFS; i++) {
		if (fscanf(f, "%11s", refs[i]) != 1)
			die("the owner does not start");
	}
	srand(1);
	for (int i = 0; i < KILLS && !rc; i++)
		rc = run_worker(argv[0], "worker", refs, rand() % 4000);
	if (!rc)
		rc = run_worker(argv[0], "worker-to-the-end", refs, -1);
	close(in[1]);
	wait(NULL);
	return rc;
}
