/* SPDX-License-Identifier: MIT */
/*
 * What only the toolstack may do to a device, for cases that need it in their midst. A case says so in its row,
 * .asks_toolstack = true; what it asks for, by a mailbox, is then done in the backend's domain.
 *
 * In the guest: toolstack_write() and the like, each of which returns when it is done.
 * In the backend's domain: toolstack_run() for each question, toolstack_end() when the case has ended.
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_PEER_TOOLSTACK_H
#define TESTS_CONFORM_PEER_TOOLSTACK_H

#include <sys/types.h>

#include "ctl/toolstack_device.h"
#include "tests/conform/peer/front.h"
#include "tests/conform/peer/mailbox.h"

#define TOOLSTACK_CANNOT "the suite has not started the backend"

/* ---- in the guest ---- */
/* A node of the backend's directory. */
void toolstack_write(struct front *front, const char *name, const char *value);
/* Any node, as the backend's domain sees it; "" if there is none. Good until the next one is asked for. */
const char *toolstack_read(struct front *front, const char *path);
/* As libxl removes a device: online 0, and Closing if it is not Closed already. */
void toolstack_close(struct front *front);
/* The backend's directory, whatever state it is in. */
void toolstack_remove(struct front *front);
/* Is the backend's directory there? */
bool toolstack_sees_backend(struct front *front);
/*
 * The backend's directory anew, as it was made first but for one node (NULL: none is different; value "": is left out).
 * First the frontend's, if that is gone.
 */
void toolstack_create(struct front *front, const char *name, const char *value);
void toolstack_create_frontend(struct front *front);
/* All nodes of the frontend's directory, as they are now, in another one, which goes with the case. */
void toolstack_mirror(struct front *front, const char *dir);
/* The hotplug step of a device with a `script`, which it needs again when it was made anew. */
void toolstack_hotplug(struct front *front);
/* The backend's process is told to end, and has ended; another begins. The case is skipped if the suite cannot. */
void toolstack_stop_backend(struct front *front);
void toolstack_start_backend(struct front *front);
/* Another device of ours, of the same backend's, as new as ours was; its number. */
uint32_t toolstack_attach_neighbour(struct front *front);
/* The CPU time that it has used up, all of its threads together. */
unsigned int toolstack_backend_cpu_ms(struct front *front);
/* The memory that it has now. */
unsigned int toolstack_backend_rss_kib(struct front *front);
/* A node of the frontend's directory, of so many digits, which may be more than a guest can write. */
void toolstack_write_digits(struct front *front, const char *name, unsigned int nr);
/* What is at a controller's port from now on: "loopback", "iso" or "none"; peer/vusb.h. Waits for nothing. */
void toolstack_plug(struct front *front, unsigned int port, const char *device);
/* The file behind the disk. */
uint64_t toolstack_image_bytes(struct front *front);
/* The same, as somebody would who has it. */
void toolstack_resize_image(struct front *front, uint64_t size_bytes);
/* Another image with the same contents: the `params` of a disk to be made. Its writes fail later, when they are to. */
const char *toolstack_make_storage(struct front *front);
void toolstack_fail_storage(struct front *front);

/* ---- in the backend's domain ---- */
struct toolstack {
	struct xb_store *store;
	const struct ts_device *dev;
	char mirror[XB_DIR_MAX]; /* what toolstack_mirror() has made */
	bool (*run_backend)(void *arg, bool runs); /* starts or ends it; false: it is not ours */
	pid_t (*backend_pid)(void *arg);           /* 0: it is not ours */
	void *arg;
};

/* The answer begins with '=' if it is done; else it says why not. */
void toolstack_run(struct toolstack *toolstack, const char *question, char answer[MAILBOX_TEXT]);
void toolstack_end(struct toolstack *toolstack);
/* What libxl does once the backend is in InitWait: the device's script, if its kind has one. */
int toolstack_hotplug_step(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);

#endif
