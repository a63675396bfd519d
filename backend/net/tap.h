/* SPDX-License-Identifier: MIT */
/*
 * A vif's tap device: the network interface in our domain whose other end is the guest. It outlives the process until
 * tap_remove(), so that the next daemon finds it as it was, with its place in a bridge and all that the stack knows.
 *
 * Frames are read and written with a struct virtio_net_hdr in front. It has a queue for each of the guest's: the kernel
 * gives a flow to the queue on which its other direction was last seen, and else to one by its hash.
 * Thread: tap_open() and tap_set_queues() on a helper; the others on any, one at a time.
 * Errors: -errno with the reason; never logs.
 * Source: Linux, Documentation/networking/tuntap.rst and include/uapi/linux/if_tun.h.
 */
#ifndef BACKEND_NET_TAP_H
#define BACKEND_NET_TAP_H

#include <net/if.h>
#include <stdbool.h>

struct errbuf;

/*
 * Somebody has deleted the interface: reads and writes fail with EBADFD. Who sleeps is woken just before that is so,
 * and may see nothing; so it is known when the guest sends something at the latest.
 */
#define TAP_IS_GONE "its interface is gone"

#define TAP_MAX_QUEUES 8

struct tap {
	char name[IFNAMSIZ]; /* "": it is not open */
	unsigned int nr_queues;
	int fd[TAP_MAX_QUEUES]; /* do not block */
};

/* Makes it, or opens the one that an earlier daemon has left; with one queue. May wait for the kernel. */
int tap_open(struct tap *tap, const char *name, struct errbuf *err);
/* So many from now on. What waits in one that goes is lost. */
int tap_set_queues(struct tap *tap, unsigned int nr, struct errbuf *err);
/* From now on it outlives the process. */
int tap_keep(struct tap *tap, struct errbuf *err);
/* Leaves the interface as it is. */
void tap_close(struct tap *tap);
/* Takes the interface away. */
void tap_remove(struct tap *tap);
/* false: it is not open, or somebody has deleted it. */
bool tap_is_there(const struct tap *tap);

/* TUN_F_...: what the kernel may leave to us. */
int tap_set_offloads(struct tap *tap, unsigned int offloads, struct errbuf *err);
/* Does the guest hear what is sent? */
void tap_set_carrier(struct tap *tap, bool is_on);

#endif
