// SPDX-License-Identifier: MIT
/*
 * Does with libxengnttab and libxenevtchn what it is told, a line at a time: how a shell test plays two domains.
 * Answers one line per command: "ok VALUE..." or "err ERRNO-NAME".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE        4096
#define MAX_REGIONS 256
#define MAX_ARGS    600

static xengnttab_handle *xgt;
static xengntshr_handle *xgs;
static xenevtchn_handle *xce;
static struct {
	uint8_t *addr;
	uint32_t nr;
} region[MAX_REGIONS];
static char buffer[64 * PAGE];
static char *argv[MAX_ARGS];
static int argc;

static unsigned long num(int i)
{
	return i < argc ? strtoul(argv[i], NULL, 0) : 0;
}

static void answer(int r)
{
	if (r < 0)
		printf("err %s\n", strerrorname_np(errno));
	else
		printf("ok %d\n", r);
}

static int keep(void *addr, uint32_t nr)
{
	int i;

	if (!addr)
		return -1;
	for (i = 0; region[i].addr; i++)
		;
	region[i].addr = addr;
	region[i].nr = nr;
	return i;
}

/* share DOM NR w|r: "ok REGION REF..." */
static void do_share(void)
{
	uint32_t refs[512], nr = num(2);
	int r = keep(xengntshr_share_pages(xgs, num(1), nr, refs, argv[3][0] == 'w'), nr);

	if (r < 0) {
		answer(r);
		return;
	}
	printf("ok %d", r);
	for (uint32_t i = 0; i < nr; i++)
		printf(" %u", refs[i]);
	printf("\n");
}

/* share_notify DOM OFFSET PORT: "ok REGION REF"; -1 for none */
static void do_share_notify(void)
{
	uint32_t ref;
	int r = keep(xengntshr_share_page_notify(xgs, num(1), &ref, 1, num(2), num(3)), 1);

	if (r < 0)
		answer(r);
	else
		printf("ok %d %u\n", r, ref);
}

static void do_unshare(void)
{
	uint32_t r = num(1);

	answer(xengntshr_unshare(xgs, region[r].addr, region[r].nr));
	region[r].addr = NULL;
}

/* map DOM w|r REF...: "ok REGION" */
static void do_map(void)
{
	uint32_t refs[512], nr = argc - 3;
	int prot = argv[2][0] == 'w' ? PROT_READ | PROT_WRITE : PROT_READ;

	for (uint32_t i = 0; i < nr; i++)
		refs[i] = num(3 + i);
	answer(keep(xengnttab_map_domain_grant_refs(xgt, nr, num(1), refs, prot), nr));
}

/* map_notify DOM REF OFFSET PORT */
static void do_map_notify(void)
{
	answer(keep(xengnttab_map_grant_ref_notify(xgt, num(1), num(2), PROT_READ | PROT_WRITE, num(3), num(4)), 1));
}

/* unmap REGION [COUNT] */
static void do_unmap(void)
{
	uint32_t r = num(1);
	int rc = xengnttab_unmap(xgt, region[r].addr, argc > 2 ? num(2) : region[r].nr);

	answer(rc);
	if (!rc)
		region[r].addr = NULL;
}

static void do_peek(void)
{
	printf("ok %u\n", *(volatile uint8_t *)(region[num(1)].addr + num(2)));
}

static void do_poke(void)
{
	*(volatile uint8_t *)(region[num(1)].addr + num(2)) = num(3);
	answer(0);
}

/* mprotect REGION: make it writable after all */
static void do_mprotect(void)
{
	answer(mprotect(region[num(1)].addr, PAGE, PROT_READ | PROT_WRITE));
}

/* copy_from DOM (REF OFFSET LEN)...: statuses; the bytes go to the buffer one by one. copy_to the other way. */
static void do_copy(void)
{
	int is_from = strcmp(argv[0], "copy_from") == 0, nr = (argc - 2) / 3;
	xengnttab_grant_copy_segment_t seg[128] = { 0 };
	char *at = buffer;

	for (int i = 0; i < nr; i++) {
		union xengnttab_copy_ptr grant = { .foreign = { num(2 + i * 3), num(3 + i * 3), num(1) } };

		seg[i].source = is_from ? grant : (union xengnttab_copy_ptr){ .virt = at };
		seg[i].dest = is_from ? (union xengnttab_copy_ptr){ .virt = at } : grant;
		seg[i].len = num(4 + i * 3);
		seg[i].flags = is_from ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
		seg[i].status = 99;
		at += seg[i].len;
	}
	if (xengnttab_grant_copy(xgt, nr, seg)) {
		answer(-1);
		return;
	}
	printf("ok");
	for (int i = 0; i < nr; i++)
		printf(" %d", seg[i].status);
	printf("\n");
}

static void do_buffer(void)
{
	if (argc > 2)
		buffer[num(1)] = num(2);
	printf("ok %u\n", (uint8_t)buffer[num(1)]);
}

/* wait: the next event within 30 s; pending: now, or EAGAIN */
static void do_pending(void)
{
	struct pollfd fd = { xenevtchn_fd(xce), POLLIN, 0 };

	if (strcmp(argv[0], "wait") == 0 && poll(&fd, 1, 30000) == 0)
		errno = ETIMEDOUT, answer(-1);
	else
		answer(xenevtchn_pending(xce));
}

static void open_events(void)
{
	xce = xenevtchn_open(NULL, 0);
	if (xce)
		fcntl(xenevtchn_fd(xce), F_SETFL, O_NONBLOCK);
}

static void do_handles(void)
{
	if (strcmp(argv[0], "close_maps") == 0) {
		xengnttab_close(xgt);
		xgt = xengnttab_open(NULL, 0);
	} else if (strcmp(argv[0], "close_shares") == 0) {
		xengntshr_close(xgs);
		xgs = xengntshr_open(NULL, 0);
	} else {
		xenevtchn_close(xce);
		open_events();
	}
	answer(0);
}

/* starve N: opens that many event-channel handles without a descriptor to be had; "ok" and how many it got */
static void do_starve(void)
{
	struct rlimit was, none;
	int nr = 0;

	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	for (unsigned long i = 0; i < num(1); i++)
		nr += !!xenevtchn_open(NULL, 0);
	setrlimit(RLIMIT_NOFILE, &was);
	answer(nr);
}

static void do_cloexec(void)
{
	answer(!!(fcntl(xenevtchn_fd(xce), F_GETFD) & fcntl(xengnttab_fd(xgt), F_GETFD) & FD_CLOEXEC));
}

/* exec PROGRAM ARGS...: becomes it, as it is */
static void do_exec(void)
{
	execvp(argv[1], argv + 1);
	answer(-1);
}

static void do_events(void)
{
	const char *c = argv[0];

	if (strcmp(c, "alloc") == 0)
		answer(xenevtchn_bind_unbound_port(xce, num(1)));
	else if (strcmp(c, "bind") == 0)
		answer(xenevtchn_bind_interdomain(xce, num(1), num(2)));
	else if (strcmp(c, "virq") == 0)
		answer(xenevtchn_bind_virq(xce, num(1)));
	else if (strcmp(c, "notify") == 0)
		answer(xenevtchn_notify(xce, num(1)));
	else if (strcmp(c, "unmask") == 0)
		answer(xenevtchn_unmask(xce, num(1)));
	else
		answer(xenevtchn_unbind(xce, num(1)));
}

static void do_exit(void)
{
	exit(0);
}

static const struct {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "share", do_share },		{ "share_notify", do_share_notify },
	{ "unshare", do_unshare },	{ "map", do_map },
	{ "map_notify", do_map_notify }, { "unmap", do_unmap },
	{ "peek", do_peek },		{ "poke", do_poke },
	{ "mprotect", do_mprotect },	{ "copy_from", do_copy },
	{ "copy_to", do_copy },		{ "buffer", do_buffer },
	{ "wait", do_pending },		{ "pending", do_pending },
	{ "close_maps", do_handles },	{ "close_shares", do_handles },
	{ "close_events", do_handles },	{ "cloexec", do_cloexec },
	{ "exec", do_exec },		{ "alloc", do_events },
	{ "bind", do_events },		{ "virq", do_events },
	{ "notify", do_events },	{ "unmask", do_events },
	{ "unbind", do_events },	{ "exit", do_exit },
	{ "starve", do_starve },
};

static void obey(char *line)
{
	argc = 0;
	for (char *word = strtok(line, " \n"); word && argc < MAX_ARGS - 1; word = strtok(NULL, " \n"))
		argv[argc++] = word;
	argv[argc] = NULL;
	for (unsigned int i = 0; argc && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name) == 0) {
			commands[i].run();
			return;
		}
	}
	printf("err what?\n");
}

int main(void)
{
	static char line[65536];

	setvbuf(stdout, NULL, _IOLBF, 0);
	xgt = xengnttab_open(NULL, 0);
	xgs = xengntshr_open(NULL, 0);
	open_events();
	if (!xgt || !xgs || !xce) {
		answer(-1);
		return 1;
	}
	printf("ok %d\n", getpid());
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
