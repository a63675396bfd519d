/* SPDX-License-Identifier: MIT */
/*
 * The frontend's half of a device's life in xenstore, the same for every class.
 *
 * Use: front_device_open(), front_device_begin() (the backend waits for us), front_device_publish(),
 * front_device_await_connected(), later front_device_close(); then begin again, or front_device_fini(). While
 * connected: when the fd is readable, front_device_look().
 * A device that an earlier process left half open is closed first, so begin works whatever was there.
 *
 * Thread: one owner; calls with a deadline block until then. Trust: the backend's nodes are checked, its states go
 * through the table of xenbus/state.h. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_DEVICE_H
#define FRONTEND_USER_DEVICE_H

#include <stdint.h>

#include "xenbus/device.h"

struct front_device {
	struct xb_store store;
	struct xb_device xb;
};

void front_device_init(struct front_device *dev);
int front_device_open(struct front_device *dev, const char *kind, uint32_t devid, struct errbuf *err);
void front_device_fini(struct front_device *dev);

/* Returns when the backend has made its offer. -ETIMEDOUT says in which state it stayed. */
int front_device_begin(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err);

/* Writes the class's nodes into our directory. May run more than once. */
typedef int front_publish_fn(struct xb_store *store, const char *dir, void *arg, struct errbuf *err);
/*
 * publish() and the state, in one transaction: Initialised, or Connected in a class whose backends publish nothing more
 * and wait for just that.
 */
int front_device_publish(struct front_device *dev, front_publish_fn *publish, void *arg, enum xb_state state,
			 struct errbuf *err);
/* The caller then reads what the backend published, and goes to Connected by front_device_connected(), or is there. */
int front_device_await_connected(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err);
int front_device_connected(struct front_device *dev, struct errbuf *err);

/*
 * Closing, wait for the backend, Closed, wait again: after 0 the backend has let go of every page and port. A backend
 * that is gone is fine. -ETIMEDOUT: it has not; the state is Closed all the same.
 */
int front_device_close(struct front_device *dev, uint64_t deadline_ns, struct errbuf *err);
/* The same of a connection that has failed after it was published: says why in xenstore first. */
void front_device_give_up(struct front_device *dev, uint64_t deadline_ns, int rc, const struct errbuf *why);

int front_device_fd(struct front_device *dev, struct errbuf *err);
/* Takes in what happened and says what the table makes of the two states. Never blocks for long. */
int front_device_look(struct front_device *dev, enum xb_action *action, struct errbuf *err);

#endif
