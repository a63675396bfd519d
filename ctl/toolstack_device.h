/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's part in a device's life, as libxl plays it, of whatever class: the directories of a new device with
 * their owners, the wait for its backend, and the removal. What a class adds to it is a struct ts_class, and the nodes
 * that it gives to ts_device_create().
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_TOOLSTACK_DEVICE_H
#define CTL_TOOLSTACK_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "xenbus/store.h"

/* libxl's deadlines. */
#define TS_INIT_SECONDS   10
#define TS_REMOVE_SECONDS 10

struct ts_device;

#define TS_SCRIPT_DIR "/etc/xen/scripts" /* where libxl looks for a script without a path */

/* What happens between a backend's offer and the connection (hotplug.h). */
struct ts_hotplug {
	const char *script;       /* libxl runs it, and it runs pvring hotplug; NULL: there is no such step */
	const char *add, *remove; /* the words that a script gets */
	const char *argument;     /* what follows them; NULL: nothing */
	/* What a script finds in the environment beside what all do; NULL: nothing. */
	void (*set_environment)(const struct ts_device *dev);
	const char *sign;         /* the node that the daemon writes with its offer, if nothing is wrong */
	const char *lacks;        /* what has not been done, while it is missing */
	/* The device is there: writes what is known of it now, and hotplug-status. */
	int (*added)(struct xb_store *store, const char *backend, struct errbuf *err);
};

struct ts_class {
	const char *kind;   /* of the frontend's directory: "vbd" */
	const char *noun;   /* what a message calls a device of it: "disk" */
	const char *daemon; /* who serves it: "pvring-blkd" */
	/* The number of the device that an operator calls so. */
	int (*parse_name)(const char *name, uint32_t *devid, struct errbuf *err);
	struct ts_hotplug hotplug;
};

struct ts_device {
	const struct ts_class *class;
	const char *kind; /* of the backend's directory */
	uint32_t domid, devid, backend_domid;
	char frontend[XB_DIR_MAX]; /* the three directories */
	char backend[XB_DIR_MAX];
	char libxl[XB_DIR_MAX];
};

struct ts_node {
	const char *name;
	const char *value; /* NULL: there is no such node */
};

struct ts_nodes {
	const struct ts_node *nodes;
	size_t nr;
};

#define TS_NODES(array) { array, sizeof(array) / sizeof((array)[0]) }

/* What a class has to say in the directories of a new device; what all classes have alike is not in it. */
struct ts_content {
	const char *name;         /* what the operator calls the device: "xvda" */
	struct ts_nodes frontend; /* the guest's own */
	struct ts_nodes told;     /* in the frontend's directory, too, but the guest may only read them */
	struct ts_nodes backend;  /* and a copy for the toolstack, which nobody else can write */
};

/* A kind that is not the class's own: a backend of another make that knows its devices by that. */
int ts_device_init(struct ts_device *dev, const struct ts_class *class, const char *kind, uint32_t domid,
		   uint32_t devid, uint32_t backend_domid, struct errbuf *err);
/* Finds the backend's domain of a device that exists: -ENOENT if it does not. */
int ts_device_find(struct ts_device *dev, struct xb_store *store, const struct ts_class *class, uint32_t domid,
		   uint32_t devid, struct errbuf *err);

/* One transaction. -EEXIST: there is such a device already; -ENOENT: there is no such domain. */
int ts_device_create(const struct ts_device *dev, struct xb_store *store, const struct ts_content *content,
		     struct errbuf *err);
/* Waits until a backend offers the device (state 2); -ETIMEDOUT. */
int ts_device_wait_for_backend(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);

/* Asks both ends to close, as libxl does: one whose backend is Closed already is only said not to be wanted. */
int ts_device_ask_to_close(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);
/* The same, and waits for it; -ETIMEDOUT leaves the nodes. A device whose backend is gone is fine. */
int ts_device_close(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);
/* Removes the nodes, closed or not. In a driver domain it is that domain's toolstack that removes the backend's. */
int ts_device_remove(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);

#endif
