/* SPDX-License-Identifier: MIT */
/*
 * One ring with its event channel, as the frontend makes and owns them: what a class publishes is refs and port.
 *
 * Use: front_queue_open(), publish, put and push through `ring` (common/ring/front.h), front_queue_notify() when the
 * push says so; the fd is readable when the backend notified, then front_queue_take_event() before looking again.
 * A class whose rings share ports has its own struct of front_ring and front_port.
 * Thread: one owner. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_QUEUE_H
#define FRONTEND_USER_QUEUE_H

#include <stdint.h>

#include "common/ring/front.h"
#include "frontend/user/grants.h"
#include "frontend/user/port.h"

#define FRONT_MAX_RING_ORDER 5 /* 32 pages: no backend offers more */

/* A fresh ring of 2^order pages, in pages of its own. Undone by grant_pool_fini(pages). */
int front_ring_open(struct ring_front *ring, struct grant_pool *pages, xengntshr_handle *gntshr, uint32_t domid,
		    unsigned int order, uint32_t request_bytes, uint32_t response_bytes, struct errbuf *err);

struct front_queue {
	struct front_port port;
	struct grant_pool pages;
	struct ring_front ring;
};

void front_queue_init(struct front_queue *queue);
/* A fresh ring and a port that domid may bind. */
int front_queue_open(struct front_queue *queue, xengntshr_handle *gntshr, uint32_t domid, unsigned int order,
		     uint32_t request_bytes, uint32_t response_bytes, struct errbuf *err);
/* Only when the backend is through with it, or will never be. */
void front_queue_fini(struct front_queue *queue);

int front_queue_fd(const struct front_queue *queue);
void front_queue_notify(const struct front_queue *queue);
/* front_port_take_event(). */
void front_queue_take_event(const struct front_queue *queue);

#endif
