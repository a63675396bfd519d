/* SPDX-License-Identifier: MIT */
/*
 * The frontend's half of a device's life, the same for every class: its states in xenstore, the handle that pages are
 * granted by, and the descriptor that says when there is something to look at.
 *
 * Use: front_device_connect(), which has the class do its part by struct front_steps; while connected
 * front_device_take_events(), and front_device_look() where that says so; front_device_close(); front_device_fini(),
 * which a connect that failed needs, too. Then connect again.
 * A device that an earlier process left half open is closed first, so connect works whatever was there.
 *
 * Thread: one owner; calls with a timeout block until then. Trust: the backend's nodes are checked, its states go
 * through the table of xenbus/state.h. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_DEVICE_H
#define FRONTEND_USER_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <xengnttab.h>

#include "xenbus/device.h"

struct front_port;

struct front_device {
	struct xb_store store;
	struct xb_device xb;
	xengntshr_handle *gntshr; /* from prepare() on */
	int epoll_fd;             /* of xenstore and the ports; -1: not connected */
};

void front_device_init(struct front_device *dev);
/* What was granted by its handle must be gone. */
void front_device_fini(struct front_device *dev);

/* Writes the class's nodes into our directory. May run more than once. */
typedef int front_publish_fn(struct xb_store *store, const char *dir, void *front, struct errbuf *err);

struct front_steps {
	const char *kind; /* "vbd" */
	/* The backend has made its offer: reads it, makes what is to be published. */
	int (*prepare)(void *front, struct errbuf *err);
	front_publish_fn *publish;
	/*
	 * With what publish() wrote, in one transaction: Initialised, or Connected in a class whose backends publish
	 * nothing more and wait for just that.
	 */
	enum xb_state published;
	/* The backend is Connected: reads what it has published, names each port by front_device_add_port(). */
	int (*connected)(void *front, struct errbuf *err);
};

/*
 * All of it, until both ends are Connected. If it fails after publish() it says why in xenstore and waits for the
 * backend to let go.
 */
int front_device_connect(struct front_device *dev, const struct front_steps *steps, uint32_t devid, uint32_t timeout_ms,
			 void *front, struct errbuf *err);
int front_device_add_port(struct front_device *dev, const struct front_port *port, struct errbuf *err);

/*
 * Closing, wait for the backend, Closed, wait again: after 0 the backend has let go of every page and port. A backend
 * that is gone is fine. -ETIMEDOUT: it has not; the state is Closed all the same.
 */
int front_device_close(struct front_device *dev, uint32_t timeout_ms, struct errbuf *err);

/* Takes in the ports' events, after waiting for one. has_news: it is time to look. */
int front_device_take_events(struct front_device *dev, int timeout_ms, bool *has_news);
/* Takes in what happened and says what the table makes of the two states. Never blocks for long. */
int front_device_look(struct front_device *dev, enum xb_action *action, struct errbuf *err);

#endif
