/* SPDX-License-Identifier: MIT */
/*
 * One device from the toolstack's first node to the last: claims it, has the class open what it names, offers it,
 * connects, hands it over, closes, forgets. The class (blk, net, usb) fills in what differs.
 *
 * How it is driven: whatever happens (a watch, a job that ended) leads to device_advance(), which looks at both ends'
 * states and does the next step. A step that takes time puts the device into a busy phase, in which nothing else is
 * begun; its end calls device_advance() again. So events may come in any order, late, or twice.
 *
 * Thread: the main thread, but for the class operations that say otherwise.
 * Logs: every transition, once; what a guest can repeat is bounded for all its devices together (guest.h).
 */
#ifndef BACKEND_CORE_DEVICE_H
#define BACKEND_CORE_DEVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "backend/core/capture.h"
#include "backend/core/device_rings.h"
#include "backend/core/guest.h"
#include "backend/core/helper.h"
#include "backend/core/queue.h"
#include "common/base/errbuf.h"
#include "common/base/log.h"
#include "xenbus/device.h"

struct device;
struct device_host;

enum device_phase {
	DEVICE_CLAIMING,      /* another daemon still holds the journal */
	DEVICE_OPENING,       /* busy */
	DEVICE_READY,         /* not connected; xenstore says the rest */
	DEVICE_LOCKING,       /* busy */
	DEVICE_CONNECTING,    /* busy */
	DEVICE_CONNECTED,
	DEVICE_DISCONNECTING, /* busy */
	DEVICE_PARKED,        /* a connection that cannot be taken up: untouched until guest or operator act */
	DEVICE_FORGETTING,    /* busy; freed at its end */
};

struct device_class {
	const char *kind;    /* "vbd": the folder under backend/ */
	size_t device_bytes; /* of the class's struct, which begins with a struct device */
	const char *peer_node; /* of the frontend's that may change while connected; NULL: none */
	/* Its workers wake tasks of this domain, and are woken by some (worker.h); so they do not busy-poll. */
	bool is_among_tasks;
	struct scratch_pages worker_scratch;

	/* Reads the toolstack's nodes in our own directory. */
	int (*parse)(struct device *dev, struct errbuf *err);
	/* What they name, for a message. */
	const char *(*target)(const struct device *dev);
	/* Opens it. On a helper thread: may block. -EAGAIN: parse() is to look in the store for what was found. */
	int (*open)(struct device *dev, struct errbuf *err);
	/* Publishes what the frontend may choose from. In the transaction that switches to InitWait. */
	int (*offer)(struct device *dev, struct errbuf *err);
	/*
	 * Reads what the frontend chose, into the rings' identities (the core has filled in the domain); asks for more
	 * than one by device_rings_use().
	 */
	int (*accept)(struct device *dev, struct errbuf *err);
	/* Makes sure that nobody else uses it. On a helper thread. -EAGAIN: somebody does, and is expected to stop. */
	int (*lock)(struct device *dev, struct errbuf *err);
	/* Starts the queues; ends in device_connected(). */
	void (*connect)(struct device *dev);
	/* Publishes what holds while connected. In the transaction that switches to Connected. */
	int (*publish)(struct device *dev, struct errbuf *err);
	/*
	 * Reads what the frontend wants to be otherwise from here on; publish() follows when it goes on, and may find
	 * yet another value. NULL: this class knows no such thing.
	 */
	int (*reconfigure)(struct device *dev, struct errbuf *err);
	/* Connected: a node of our own directory, or peer_node, may have changed, or none. NULL: no matter. */
	void (*changed)(struct device *dev);
	/*
	 * Connected or not, while nothing is under way: a node of our directory may have changed; never for what the
	 * guest does alone. One that could not read all sets must_look. NULL: no matter.
	 */
	void (*look)(struct device *dev);
	/*
	 * Its guest was there and is dead, and all that was connected is closed: where no toolstack removes our
	 * directory, the class does. NULL: the toolstack does.
	 */
	void (*outlived)(struct device *dev);
	/* Stops the queues; ends in device_disconnected(). */
	void (*disconnect)(struct device *dev, enum queue_stop how);
	/* It is over: what open() took is no obstacle to another device any more. close() follows. */
	void (*leave)(struct device *dev);
	/* Undoes open(), or what it did before it failed. On a helper thread: may block. Requests may still be out. */
	void (*close)(struct device *dev);
	/*
	 * Has all that passes the rings from here on go to this capture, too; only while connected. A later connect()
	 * finds it in dev->capture. -ENOMEM; NULL: this class cannot.
	 */
	int (*capture)(struct device *dev, struct capture *capture);
	int64_t capture_format; /* of what is told then */
	/* What it stands for may have another size: that is looked for now, its status tells. NULL: no such thing */
	int (*measure)(struct device *dev, struct errbuf *err);
	/* Removes what devices have left in this domain that are no more. Before the first is added; may block. NULL */
	void (*tidy)(struct device_host *host, uint32_t only_guest);
	/* Adds the class's part of `pvring status`. */
	void (*status)(struct device *dev, json_t *object);
};

/* What a guest can make a device say again and again. */
enum device_says {
	DEVICE_SAYS_FAULT,
	DEVICE_SAYS_REFUSED,
	DEVICE_SAYS_WAITS,
	DEVICE_SAYS_CONNECTED,
	DEVICE_SAYS_DISCONNECTED,
};

struct device {
	struct device_host *host;
	struct guest *guest;
	TAILQ_ENTRY(device) entry;
	struct xb_device xb;
	char label[40]; /* "vbd 5/51712" */
	enum device_phase phase;
	bool is_forgotten; /* the nodes are gone or are another device's now: forget it when it is idle */
	bool must_look;	   /* a node of our directory may have changed since class->look() */
	bool has_seen_guest, is_guest_dead;
	bool is_resuming;  /* found in use: to be taken up, not offered */
	bool gives_up_journal; /* the operator has decided: it is taken up without what the journals say */
	bool was_offered;  /* by us or by a daemon before us */
	bool said_claim, said_wait;
	bool has_opened_again; /* since the guest last began to ask */
	struct errbuf fault; /* why it cannot be served; empty: it can */
	struct device_rings rings;
	struct capture *capture; /* of this connection and the next; NULL: none was asked for */
	struct helper_job job;
	bool has_job; /* the helper works on it: not to be freed */
	int job_rc;
	struct errbuf job_err;
	uint64_t resuming_since_ns; /* what a process before us may still hold is waited for; 0: it is free so far */
	uint64_t retrying_since_ns; /* for that, or for its lock */
	struct loop_timer timer; /* of the phase: when to try again, or how long it may take */
	enum queue_stop stop_how;
	unsigned int has_said; /* 1 << enum device_says */
};

#define DEVICE_MAX_LEFT_ALONE 16

struct device_host {
	const struct device_class *class;
	struct xb_store *store;
	struct loop *loop;
	struct helper *helper;
	struct worker *workers;
	unsigned int nr_workers, next_worker;
	const char *journal_dir;
	/* What was said about devices that are not taken, until a scan finds none. */
	struct errbuf left_alone[DEVICE_MAX_LEFT_ALONE];
	unsigned int nr_left_alone;
	bool has_left_alone;
	bool must_look_again; /* not all could be read, or there was no memory: by itself, soon */
	bool has_lost_store; /* nothing is known of what anybody wants: what is connected goes on, nothing is begun */
	bool is_stopping; /* connected devices are handed over, nothing new is begun */
	bool has_lost_one; /* a connected device could not be handed over */
	void (*idle)(struct device_host *host); /* stopping, and no connection is left, nor one under way */
	void (*let_go)(struct device_host *host); /* of one that was handed over: its claim is free. NULL: no matter */
	void (*look_again)(struct device_host *host); /* one was forgotten: another may stand in its place by now */
	TAILQ_HEAD(, device) devices;
	struct guest_list guests; /* of these devices */
};

/* Not if its nodes are not complete (said so): another look comes with the next change in the store. */
void device_add(struct device_host *host, uint32_t domid, uint32_t devid);
void device_advance(struct device *dev);
/* The directory is gone. */
void device_forget(struct device *dev);
/* Hands over what is connected; host->idle() follows. An image that does not open or close is not waited for. */
void device_host_stop(struct device_host *host);
/* -ESTALE: devices are in use, and the store knows none of them: it is another one. Another error: no answer. */
int device_host_check_store(struct device_host *host);
/* A daemon that had claims has given some up: those that we wait for are tried now. */
void device_host_claim_now(struct device_host *host);
/* After idle(): gives up every claim, so that the end of this process need not be waited for. */
void device_host_let_go(struct device_host *host);
/* After idle(): the helper works on a device, so that nothing can be freed. */
bool device_host_has_jobs(const struct device_host *host);
/* After idle(), without jobs and workers: frees what there is, leaves xenstore and the journals as they are. */
void device_host_fini(struct device_host *host);
/* Asks the guest to let go of it, as a detach does. */
void device_ask_to_close(struct device *dev);
/*
 * An operator has decided what becomes of one that is parked: "retry", "replay-nothing" or "close" (docs/restart.md).
 * -EINVAL: it is not parked, or that is none of these. How it goes on is seen in its status.
 */
int device_recover(struct device *dev, const char *how, struct errbuf *err);
const char *device_phase_name(enum device_phase phase);

/* Is there one of its class, or a daemon that is not done with it? true also when that cannot be found out. */
bool device_is_there(struct device_host *host, uint32_t domid, uint32_t devid);

/* From the class. */
void device_connected(struct device *dev, int rc, const struct errbuf *err);
/* nr_orphans: requests that the engine has not given back; the class keeps what they need. */
void device_disconnected(struct device *dev, uint32_t nr_orphans);
/* Connected: what publish() writes has changed. Says in the store that it is connected, again. */
void device_publish(struct device *dev);
/* The guest broke the protocol: stop, say so once. */
void device_fail(struct device *dev, const char *reason);
struct worker *device_next_worker(struct device_host *host);

json_t *device_status(struct device *dev);

#endif
