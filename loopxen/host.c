// SPDX-License-Identifier: MIT
#include "loopxen/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct host *host;

static struct {
	pthread_mutex_t lock;
	int pid;  /* who joined: differs in a forked child */
	int proc; /* index */
	int conn; /* to the reaper: its end tells that this image is gone */
	bool is_infra;
} me = { PTHREAD_MUTEX_INITIALIZER, 0, 0, -1, false };

/*
 * RAM files opened by this process, per domain slot. Under ram_lock, except base, read without. Not under me.lock: who
 * joins holds that, then the instance's lock, and a recovery in there comes to this one.
 */
static pthread_mutex_t ram_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint32_t generation;
	int fd[2]; /* [writable] */
	_Atomic(uint8_t *) base;
	_Atomic uint32_t base_generation;
} ram[HOST_NR_DOMS];

const char *host_dir(void)
{
	static char dir[96];
	const char *env = getenv("LOOPXEN_DIR"), *runtime = getenv("XDG_RUNTIME_DIR");

	if (env && *env)
		return env;
	if (runtime && *runtime)
		snprintf(dir, sizeof(dir), "%.80s/loopxen", runtime);
	else
		snprintf(dir, sizeof(dir), "/tmp/loopxen-%u", (unsigned int)getuid());
	return dir;
}

int host_path(char *path, size_t size, const char *fmt, ...)
{
	int len = snprintf(path, size, "%s/", host_dir());
	va_list args;

	if (len < 0 || (size_t)len >= size)
		return -ENAMETOOLONG;
	va_start(args, fmt);
	len += vsnprintf(path + len, size - len, fmt, args);
	va_end(args);
	return (size_t)len < size ? 0 : -ENAMETOOLONG;
}

uint32_t host_my_domid(void)
{
	const char *env = getenv("LOOPXEN_DOMID");

	return env ? (uint32_t)strtoul(env, NULL, 10) : 0;
}

static void lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

static int map_file(int flags, struct host **out)
{
	char path[256];
	struct stat st;
	int fd, rc = host_path(path, sizeof(path), "hv");

	if (rc)
		return rc;
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return -errno;
	if (((flags & O_CREAT) && ftruncate(fd, sizeof(struct host))) || fstat(fd, &st))
		rc = -errno;
	else if (st.st_size != sizeof(struct host))
		rc = -EPROTO;
	if (!rc) {
		*out = mmap(NULL, sizeof(struct host), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		rc = *out == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	return rc;
}

/*
 * Generations are in the names of files, and start anywhere: processes of an instance that died in this directory may
 * live on, and must not find a file of this one where theirs was.
 */
static void start_generations(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = time(NULL);
	seed = (seed & 0x7fffffff) | 1; /* never 0, not even after many more */
	host->next_generation = seed;
	for (unsigned int i = 0; i < HOST_NR_HANDLES; i++)
		host->handle[i].generation = seed << 1;
}

int host_create(void)
{
	int rc = map_file(O_CREAT | O_EXCL, &host);

	if (rc)
		return rc;
	lock_init(&host->lock);
	start_generations();
	host->size_check = sizeof(*host);
	host->magic = HOST_MAGIC;
	return 0;
}

int host_open(void)
{
	struct host *h = NULL;
	int rc;

	if (host)
		return 0;
	rc = map_file(0, &h);
	if (rc)
		return rc;
	if (h->magic != HOST_MAGIC || h->size_check != sizeof(*h)) {
		munmap(h, sizeof(*h));
		return -EPROTO;
	}
	host = h;
	return 0;
}

void host_lock(void)
{
	if (pthread_mutex_lock(&host->lock) == EOWNERDEAD) {
		host_recover();
		pthread_mutex_consistent(&host->lock);
	}
}

void host_unlock(void)
{
	pthread_mutex_unlock(&host->lock);
}

/* ---- registration ---- */

static uint64_t my_image(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t image = 1;

	if (random)
		memcpy(&image, random, sizeof(image));
	return image;
}

/* Of a process, from /proc/PID/stat: tells a pid that is used again. 0: there is none. */
static uint64_t start_time(int pid)
{
	char text[512], *at;
	ssize_t n;
	int fd;

	snprintf(text, sizeof(text), "/proc/%d/stat", pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strrchr(text, ')'); /* the end of field 2, in which anything may stand */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

bool host_proc_lives(const struct host_proc *p)
{
	return p->pid && start_time(p->pid) == p->start_time;
}

static void my_name(char name[16])
{
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, 15);

	if (fd >= 0)
		close(fd);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

/* Finds this image's slot or takes one; *is_new: it has to be told to the reaper. With the lock. */
static int take_slot(bool *is_new)
{
	struct host_proc *p;
	int found = -ENFILE;

	*is_new = true;
	for (unsigned int i = 0; i < HOST_NR_PROCS; i++) {
		p = &host->proc[i];
		if (p->pid == getpid()) {
			*is_new = p->image != my_image() || p->start_time != start_time(getpid());
			if (*is_new)
				host_proc_release(i + 1);
			found = i;
			break;
		}
		if (!p->pid && found < 0)
			found = i;
	}
	if (found < 0 || !*is_new)
		return found;
	p = &host->proc[found];
	memset(p->nr_faults, 0, sizeof(p->nr_faults));
	p->domid = host_my_domid();
	p->is_infra = me.is_infra || getenv("LOOPXEN_INFRA");
	p->image = my_image();
	p->start_time = start_time(getpid());
	my_name(p->name);
	p->pid = getpid();
	return found;
}

int host_reaper_address(struct sockaddr_un *addr)
{
	char path[256];

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (host_path(path, sizeof(path), "reaper.sock") || strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	return 0;
}

int host_reaper_call(uint32_t number)
{
	struct sockaddr_un addr;
	char byte;
	int fd, rc = host_reaper_address(&addr);

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	errno = ECONNREFUSED; /* what an end without an answer is */
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    send(fd, &number, sizeof(number), MSG_NOSIGNAL) < 0 || TEMP_FAILURE_RETRY(recv(fd, &byte, 1, 0)) != 1) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int join_locked(void)
{
	bool is_new;
	int rc;

	if (me.pid == getpid())
		return me.proc;
	rc = host_open();
	if (rc)
		return rc;
	if (me.conn >= 0)
		close(me.conn); /* inherited by fork() */
	me.conn = -1;
	host_lock();
	rc = host_dom_find(host_my_domid());
	if (rc >= 0 && host->dom[rc].state != DOM_ALIVE)
		rc = -ESRCH;
	if (rc >= 0)
		rc = take_slot(&is_new);
	me.proc = rc;
	host_unlock();
	if (rc >= 0 && is_new) {
		me.conn = rc = host_reaper_call(me.proc);
		if (rc < 0)
			host->proc[me.proc].pid = 0;
	}
	if (rc < 0)
		return rc;
	me.pid = getpid();
	return me.proc;
}

int host_join(void)
{
	int rc;

	pthread_mutex_lock(&me.lock);
	rc = join_locked();
	pthread_mutex_unlock(&me.lock);
	if (rc == -ESRCH)
		fprintf(stderr, "loopxen: there is no domain %u in %s: create it with 'loopxen domain create %u'\n",
			host_my_domid(), host_dir(), host_my_domid());
	else if (rc < 0)
		fprintf(stderr, "loopxen: no instance answers in %s (%s): start one with 'loopxen up'\n", host_dir(),
			strerror(-rc));
	return rc;
}

int host_reaper_fd(void)
{
	return me.conn;
}

void host_join_as_infra(void)
{
	me.is_infra = true;
}

/* A normal exit leaves nothing behind, even before the reaper looks. */
__attribute__((destructor)) static void leave(void)
{
	struct host_proc *p;

	if (!host || me.pid != getpid())
		return;
	host_lock();
	p = &host->proc[me.proc];
	if (p->pid == me.pid && p->image == my_image())
		host_proc_release(me.proc + 1);
	host_unlock();
}

/* ---- domains and their RAM ---- */

int host_dom_find(uint32_t domid)
{
	unsigned int slot;

	if (domid > HOST_MAX_DOMID)
		return -ESRCH;
	slot = atomic_load_explicit(&host->slot_of[domid], memory_order_acquire);
	return slot ? (int)slot - 1 : -ESRCH;
}

static int ram_path(char *path, size_t size, unsigned int slot)
{
	return host_path(path, size, "ram.%u.%u", host->dom[slot].domid, host->dom[slot].generation);
}

int host_dom_create(uint32_t domid, const uint8_t uuid[16])
{
	struct host_dom *dom = NULL;
	unsigned int slot;
	char path[256];
	int fd, rc;

	host_lock();
	rc = host_dom_find(domid) >= 0 ? -EEXIST : -ENOSPC;
	for (slot = 0; rc == -ENOSPC && slot < HOST_NR_DOMS; slot++) {
		if (host->dom[slot].state == DOM_FREE)
			break;
	}
	if (rc != -ENOSPC || slot == HOST_NR_DOMS)
		goto out;
	dom = &host->dom[slot];
	memset(dom, 0, sizeof(*dom));
	dom->domid = domid;
	dom->generation = atomic_fetch_add(&host->next_generation, 1);
	memcpy(dom->uuid, uuid, 16);
	dom->next_gref = HOST_GREF_FIRST;
	rc = ram_path(path, sizeof(path), slot);
	if (rc)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)HOST_NR_GRANTS * HOST_PAGE)) {
		rc = -errno;
		goto out;
	}
	close(fd);
	dom->state = DOM_ALIVE;
	atomic_store_explicit(&host->slot_of[domid], slot + 1, memory_order_release);
	rc = slot;
out:
	host_unlock();
	return rc;
}

/* With ram_lock. Descriptors of a domain that is gone are replaced when its slot has a new one. */
static int ram_fd_locked(unsigned int slot, bool writable)
{
	char path[256];
	int fd;

	if (ram[slot].generation != host->dom[slot].generation) {
		for (int i = 0; i < 2 && ram[slot].generation; i++) {
			if (ram[slot].fd[i] >= 0)
				close(ram[slot].fd[i]);
		}
		ram[slot].fd[0] = ram[slot].fd[1] = -1;
		ram[slot].generation = host->dom[slot].generation;
	}
	if (ram[slot].fd[writable] >= 0)
		return ram[slot].fd[writable];
	if (ram_path(path, sizeof(path), slot))
		return -ENAMETOOLONG;
	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return ram[slot].fd[writable] = fd;
}

int host_ram_fd(unsigned int slot, bool writable)
{
	int fd;

	pthread_mutex_lock(&ram_lock);
	fd = ram_fd_locked(slot, writable);
	pthread_mutex_unlock(&ram_lock);
	return fd;
}

/* A domid used again: the new RAM takes the old one's place, so that a pointer handed out never dangles. */
static uint8_t *ram_map(unsigned int slot)
{
	uint8_t *old, *base = NULL;
	int fd;

	pthread_mutex_lock(&ram_lock);
	fd = ram_fd_locked(slot, true);
	old = ram[slot].base;
	if (fd >= 0) {
		base = mmap(old, (size_t)HOST_NR_GRANTS * HOST_PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_NORESERVE | (old ? MAP_FIXED : 0), fd, 0);
		base = base == MAP_FAILED ? NULL : base;
	}
	if (base) {
		ram[slot].base = base;
		atomic_store_explicit(&ram[slot].base_generation, ram[slot].generation, memory_order_release);
	}
	pthread_mutex_unlock(&ram_lock);
	return base;
}

uint8_t *host_ram(unsigned int slot)
{
	uint32_t generation = host->dom[slot].generation;

	/* pairs with ram_map(): the generation is seen only with its mapping */
	if (atomic_load_explicit(&ram[slot].base_generation, memory_order_acquire) == generation)
		return ram[slot].base;
	return ram_map(slot);
}
