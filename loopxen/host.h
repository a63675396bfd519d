/* SPDX-License-Identifier: MIT */
/*
 * The "hypervisor" of loopxen: one mapped file that every process of an instance shares. It holds the domains with
 * their event channels and grant tables, and which process holds what, so that the reaper can undo it.
 *
 * host.c joins the instance; port.c is event channels, grant.c grants, reap.c what happens when somebody dies.
 * The stand-in libraries and the loopxen command are built from these same files.
 *
 * Slow paths hold host_lock(), a robust lock: a process killed while it holds the lock leaves nothing that
 * host_recover() can not recompute. Sending an event and checking a grant for a copy take no lock.
 * Thread: any. Errors: -errno. Logs only where it says so.
 */
#ifndef LOOPXEN_HOST_H
#define LOOPXEN_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "loopxen/fault.h"

#define HOST_MAGIC      0x31766e656b6f6f6cULL
#define HOST_PAGE       4096u
#define HOST_NR_DOMS    32u
#define HOST_NR_PROCS   1024u
#define HOST_NR_HANDLES 2048u /* open event-channel handles */
#define HOST_NR_PORTS   4096u /* per domain; port 0 is never used, as in Xen */
#define HOST_NR_GRANTS  65536u /* per domain; grant reference = frame number = page of the domain's RAM file */
#define HOST_NR_MAPS    262144u
#define HOST_MAX_DOMID  0x7fefu

/* Grant references below this are never given out by an allocation; 0 and 1 are the toolstack's, as in Xen. */
#define HOST_GREF_CONSOLE  0u
#define HOST_GREF_XENSTORE 1u
#define HOST_GREF_FIRST    8u

enum host_dom_state { DOM_FREE, DOM_ALIVE, DOM_DYING };
enum host_link_state { LINK_CLOSED, LINK_UNBOUND, LINK_INTERDOMAIN, LINK_VIRQ };

/* A process that opened at least one of the stand-in libraries, or that loopxen itself runs (is_infra). */
struct host_proc {
	_Atomic int32_t pid; /* 0: free */
	uint16_t domid;
	bool is_infra;
	uint64_t image;      /* differs after an exec() in the same pid */
	uint64_t start_time; /* see host_proc_lives() */
	char name[16];
	_Atomic uint32_t nr_faults[FAULT_NR]; /* how many of each kind there were that could fail */
};

/* An open event-channel handle: a FIFO in the instance's directory, see host_fifo_path(). */
struct host_handle {
	_Atomic uint32_t generation; /* even: free; counts up at open and at close */
	uint32_t proc; /* index + 1 */
};

#define PORT_PENDING 1u /* an event came while the port was masked */
#define PORT_MASKED  2u /* delivered and not yet unmasked */
#define PORT_QUEUED  4u /* in its handle's FIFO */

struct host_port {
	_Atomic uint64_t link; /* see host_link(); one word, so that a sender needs no lock */
	_Atomic uint32_t flags;
	_Atomic uint32_t handle; /* index + 1; 0: nobody listens */
	uint32_t proc;           /* index + 1 of the process that bound it; 0: the domain itself */
};

#define GRANT_PERMIT   1u /* GTF_permit_access */
#define GRANT_READONLY 4u /* GTF_readonly */

struct host_grant {
	_Atomic uint32_t entry; /* GRANT_* flags | domid << 16; 0: not granted */
	uint32_t proc;          /* index + 1 of the process that shares it; 0: the domain itself */
	uint32_t nr_maps;
	bool is_used;     /* the frame is allocated */
	bool is_deferred; /* ended by its owner while mapped: freed at the last unmap */
	int16_t notify_offset; /* byte to clear at the end; -1: none */
	uint32_t notify_port;  /* event to send at the end; 0: none */
};

/* One grant mapped by one process. The truth about maps: nr_maps above can be recomputed from these. */
struct host_map {
	uint32_t proc; /* index + 1 of the process; 0: free. Written last. */
	uint32_t gref;
	uint16_t owner_domid, mapper_domid;
	int16_t notify_offset;
	uint16_t owner_slot;
	uint32_t notify_port;
};

struct host_dom {
	_Atomic uint32_t state;
	uint16_t domid;
	bool is_paused;
	_Atomic uint32_t generation; /* names the RAM file: a domid used again has new RAM */
	uint8_t uuid[16];
	uint64_t created_ns;
	uint32_t nr_maps_of_it; /* its grants that others have mapped: keeps a dying domain */
	uint32_t next_gref;
	uint32_t xenstore_port, console_port; /* toolstack's */
	struct host_port port[HOST_NR_PORTS];
	struct host_grant grant[HOST_NR_GRANTS];
};

struct host {
	uint64_t magic;
	uint32_t size_check; /* sizeof(struct host): a command of another version says so instead of crashing */
	pthread_mutex_t lock;
	uint32_t next_map, max_map;
	_Atomic uint32_t next_generation;
	int32_t reaper_pid, xenstored_pid;
	_Atomic uint8_t slot_of[HOST_MAX_DOMID + 1]; /* domid → index + 1 in dom[] */
	struct host_proc proc[HOST_NR_PROCS];
	struct host_handle handle[HOST_NR_HANDLES];
	struct host_map map[HOST_NR_MAPS];
	struct host_dom dom[HOST_NR_DOMS];
};

struct sockaddr_un;
extern struct host *host; /* NULL until host_join() */

/* ---- host.c: joining ---- */

/* $LOOPXEN_DIR, else $XDG_RUNTIME_DIR/loopxen, else /tmp/loopxen-UID. */
const char *host_dir(void);
/* The path of NAME in the instance's directory. */
int host_path(char *path, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
uint32_t host_my_domid(void); /* $LOOPXEN_DOMID, else 0 */

/* Creates the shared file of a new instance; its only user is `loopxen up`. */
int host_create(void);
/* Maps the instance's shared file. -ENOENT: none is up; -EPROTO: one of another version. */
int host_open(void);
/*
 * host_open(), and registers this process with the reaper. Called by every open of a library; does nothing the second
 * time, and starts over in a forked child. Returns the process's index. Logs why it failed.
 */
int host_join(void);
int host_reaper_fd(void); /* after host_join(): hangs up when the instance ends */
int host_reaper_address(struct sockaddr_un *addr);
/* Tells the reaper a number (see reaper.h) and waits for its byte: the connection, or -errno. */
int host_reaper_call(uint32_t number);
void host_join_as_infra(void); /* before host_join(): what this process holds is no leak */

bool host_proc_lives(const struct host_proc *p); /* false: its pid is nobody's any more, or somebody else's */

void host_lock(void); /* a dead holder's work is recovered first */
void host_unlock(void);

/* Index in host->dom, or -ESRCH. Any state but DOM_FREE. */
int host_dom_find(uint32_t domid);
/* The domain's whole RAM in this process's address space (kept), or NULL with errno. */
uint8_t *host_ram(unsigned int slot);
/* An open descriptor of the domain's RAM file (kept), or -errno. */
int host_ram_fd(unsigned int slot, bool writable);
int host_dom_create(uint32_t domid, const uint8_t uuid[16]); /* holds no lock on entry; slot or -errno */

/* ---- port.c: event channels ---- */
static inline uint64_t host_link(enum host_link_state state, uint32_t domid, uint32_t port)
{
	return (uint64_t)state << 56 | (uint64_t)(domid & 0xffff) << 32 | port;
}
static inline enum host_link_state host_link_state(uint64_t link)
{
	return link >> 56;
}
static inline uint32_t host_link_domid(uint64_t link)
{
	return (link >> 32) & 0xffff;
}
static inline uint32_t host_link_port(uint64_t link)
{
	return (uint32_t)link;
}

void host_fifo_path(char *path, size_t size, uint32_t handle, uint32_t generation);
/* All but the last five: with the lock held. HANDLE and PROC are index + 1, 0 for none. Ports or -errno. */
int host_port_alloc_unbound(unsigned int slot, uint32_t remote_domid, uint32_t proc, uint32_t handle);
int host_port_bind_interdomain(unsigned int slot, uint32_t remote_domid, uint32_t remote_port, uint32_t proc,
			       uint32_t handle);
int host_port_bind_virq(unsigned int slot, uint32_t virq, uint32_t proc, uint32_t handle);
void host_port_close(unsigned int slot, uint32_t port);
/*
 * After a death: an event that is marked as queued is in the FIFO. Its sender may have been killed between the two, and
 * nobody would write it again. A reader that is just taking it sees it twice: a spurious event, which is harmless.
 */
void host_port_requeue(unsigned int slot, uint32_t port);
void host_port_send(unsigned int slot, uint32_t port); /* to the other end, if there is one; no lock */
void host_port_deliver(unsigned int slot, uint32_t port);
void host_port_unmask(unsigned int slot, uint32_t port);
void host_port_taken(unsigned int slot, uint32_t port); /* it was read from its FIFO */
void host_virq_raise(uint32_t domid, uint32_t virq);

/* ---- grant.c: grants; with the lock held unless it says otherwise ---- */

/* Allocates a frame and grants it. The reference or -errno. */
int host_grant_new(unsigned int slot, uint32_t domid, bool writable, uint32_t proc);
/* Grants a frame below HOST_GREF_FIRST. */
void host_grant_reserved(unsigned int slot, uint32_t gref, uint32_t domid, uint32_t proc);
/* Ends a grant; one that is mapped stays valid until the last unmap (gntalloc's way). */
void host_grant_end(unsigned int slot, uint32_t gref);
/* Frees it if somebody was killed before he did: it is given up and not mapped, or not granted (any more). */
void host_grant_recover(unsigned int slot, uint32_t gref);
/* Records a map by a process of MAPPER_DOMID: the map's index or -errno. */
int host_map_new(unsigned int slot, uint32_t gref, uint32_t mapper_domid, bool writable, uint32_t proc);
void host_map_end(uint32_t map);
/* GNTST_*: may MAPPER_DOMID copy from (to) this grant? On GNTST_okay *page is the frame. No lock. */
int16_t host_grant_check(uint32_t domid, uint32_t gref, uint32_t mapper_domid, bool writable, uint8_t **page);

/* ---- reap.c; with the lock held ---- */
void host_recover(void);
void host_proc_release(uint32_t proc);      /* what it held is undone as the kernel's drivers would; stays registered */
void host_dom_kill(unsigned int slot);      /* dying: nothing of it runs or is bound any more; its grants stay mapped */
void host_dom_try_free(unsigned int slot);  /* a dying domain goes when nobody maps its grants */

#endif
