// SPDX-License-Identifier: MIT
#include "backend/usb/rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/usb/io.h"
#include "common/base/container.h"

/* To the worker and back, of one port; each is under way at most once. */
struct port_msgs {
	struct usb_rings *rings;
	unsigned int number;
	struct usb_device *device;
	struct loop_msg plug, unplug, returned;
};

struct usb_rings {
	struct usb_rings_params params;
	struct usb_rings_events events;
	char label[48];
	struct queue queues[USB_NR_RINGS];
	struct usb_hub hub;
	struct usb_urbs urbs;
	struct usb_counters counters;
	struct log_limit orphans_log_limit; /* the guest may be gone before they come back */
	struct loop_msg start_msg, stop_msg;				    /* to the worker */
	struct loop_msg started_msg, failed_msg, stopped_msg, released_msg; /* from it */
	int start_rc;
	struct errbuf start_err;
	const char *failure;
	enum queue_stop stop_how;
	bool is_stopping, has_told_stopped; /* owner: the main thread */
	uint32_t nr_orphans;
	unsigned int nr_held, nr_stopped; /* rings */
	struct port_msgs port[USB_MAX_PORTS + 1]; /* by number */
};

static struct usb_rings *from_queue(struct queue *queue, enum usb_ring ring)
{
	return container_of(queue - ring, struct usb_rings, queues[0]);
}

/* ---- from the rings -------------------------------------------------------------------------------------------- */

static void fail(struct usb_rings *rings, const char *why)
{
	if (rings->failure)
		return;
	rings->failure = why;
	for (unsigned int i = 0; i < USB_NR_RINGS; i++)
		queue_break(&rings->queues[i]);
	loop_post(rings->events.loop, &rings->failed_msg);
}

static void has_stopped(struct usb_rings *rings, uint32_t nr_orphans)
{
	rings->nr_orphans += nr_orphans;
	if (++rings->nr_stopped < USB_NR_RINGS)
		return;
	rings->urbs.log_limit = &rings->orphans_log_limit;
	if (rings->nr_orphans) /* else it is told when all is back */
		loop_post(rings->events.loop, &rings->stopped_msg);
}

static void let_go(struct usb_rings *rings)
{
	if (--rings->nr_held > 0)
		return;
	usb_urbs_fini(&rings->urbs);
	loop_post(rings->events.loop, &rings->released_msg);
}

static void urb_request(struct queue *queue, uint32_t slot, const void *octets)
{
	struct usb_urbs *urbs = &from_queue(queue, USB_RING_URB)->urbs;

	if (queue_is_replay(queue, slot))
		usb_urbs_lost(urbs, slot, octets);
	else
		usb_urbs_request(urbs, slot, octets);
}

static void urb_flush(struct queue *queue)
{
	usb_urbs_flush(&from_queue(queue, USB_RING_URB)->urbs);
}

static bool urb_quiet(struct queue *queue)
{
	usb_urbs_trim(&from_queue(queue, USB_RING_URB)->urbs);
	return true;
}

static void urb_broken(struct queue *queue)
{
	fail(from_queue(queue, USB_RING_URB), "the guest's request index for URBs is impossible");
}

static void urb_stopped(struct queue *queue, uint32_t nr_orphans)
{
	has_stopped(from_queue(queue, USB_RING_URB), nr_orphans);
}

static void urb_released(struct queue *queue)
{
	let_go(from_queue(queue, USB_RING_URB));
}

static void conn_flush(struct queue *queue)
{
	usb_hub_flush(&from_queue(queue, USB_RING_CONN)->hub);
}

static bool conn_quiet(struct queue *queue)
{
	return true;
}

static void conn_broken(struct queue *queue)
{
	fail(from_queue(queue, USB_RING_CONN), "the guest's request index for events of ports is impossible");
}

static void conn_stopped(struct queue *queue, uint32_t nr_orphans)
{
	has_stopped(from_queue(queue, USB_RING_CONN), 0);
}

static void conn_released(struct queue *queue)
{
	let_go(from_queue(queue, USB_RING_CONN));
}

static const struct queue_ops ring_ops[USB_NR_RINGS] = {
	[USB_RING_URB] = {
		.request = urb_request,
		.flush = urb_flush,
		.quiet = urb_quiet,
		.broken = urb_broken,
		.left = QUEUE_LEFT_FORBIDS,
		.stopped = urb_stopped,
		.released = urb_released,
	},
	[USB_RING_CONN] = {
		.flush = conn_flush,
		.quiet = conn_quiet,
		.broken = conn_broken,
		.left = QUEUE_LEFT_TAKEN,
		.stopped = conn_stopped,
		.released = conn_released,
	},
};

/* ---- on the worker --------------------------------------------------------------------------------------------- */

static int open_ring(struct usb_rings *rings, enum usb_ring ring)
{
	struct queue_params params = {
		.identity = &rings->params.rings[ring].identity,
		.is_resumed = rings->params.is_resumed,
	};
	int rc;

	if (ring == USB_RING_CONN)
		params.port_owner = &rings->queues[USB_RING_URB];
	rc = queue_open(&rings->queues[ring], rings->params.worker, &params, &rings->start_err);
	rings->nr_held += rc == 0;
	return rc;
}

static int start(struct usb_rings *rings)
{
	int rc = usb_urbs_init(&rings->urbs);

	if (rc)
		return errbuf_set(&rings->start_err, rc, "no memory for URBs");
	rc = open_ring(rings, USB_RING_URB);
	return rc ? rc : open_ring(rings, USB_RING_CONN);
}

static void run_start(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, start_msg);

	rings->start_rc = start(rings);
	if (rings->start_rc == 0) {
		loop_post(rings->events.loop, &rings->started_msg);
	} else if (rings->nr_held > 0) {
		/* It is open, the other is not. Nothing was taken: what could be taken up still can. */
		queue_stop(&rings->queues[USB_RING_URB], rings->params.is_resumed ? QUEUE_HAND_OVER : QUEUE_CLOSE);
	} else {
		usb_urbs_fini(&rings->urbs);
		loop_post(rings->events.loop, &rings->released_msg);
	}
}

/* The ring that uses the other's port goes first. */
static void run_stop(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, stop_msg);

	queue_stop(&rings->queues[USB_RING_CONN], rings->stop_how);
	queue_stop(&rings->queues[USB_RING_URB], rings->stop_how);
	usb_urbs_stop(&rings->urbs);
}

static void run_plug(struct loop_msg *msg)
{
	struct port_msgs *port = container_of(msg, struct port_msgs, plug);

	usb_hub_plug(&port->rings->hub, port->number, port->device);
}

/* It is asked to give back what it has, unless it is back already. */
static void run_unplug(struct loop_msg *msg)
{
	struct port_msgs *port = container_of(msg, struct port_msgs, unplug);
	struct usb_rings *rings = port->rings;

	usb_hub_unplug(&rings->hub, port->number);
	usb_urbs_cancel_port(&rings->urbs, port->number);
	queue_kick(&rings->queues[USB_RING_URB]); /* what was not there yet is answered */
}

static void has_returned(struct usb_hub *hub, unsigned int number)
{
	struct usb_rings *rings = container_of(hub, struct usb_rings, hub);

	loop_post(rings->events.loop, &rings->port[number].returned);
}

/* ---- what the main thread is told ------------------------------------------------------------------------------ */

static void run_started(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, started_msg);

	rings->events.started(rings->events.device, 0, NULL);
}

static void run_failed(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, failed_msg);

	if (!rings->is_stopping)
		rings->events.failed(rings->events.device, rings->failure);
}

static void run_stopped(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, stopped_msg);

	rings->has_told_stopped = true;
	rings->events.stopped(rings->events.device, rings->nr_orphans);
}

static void run_released(struct loop_msg *msg)
{
	struct usb_rings *rings = container_of(msg, struct usb_rings, released_msg);

	if (rings->start_rc)
		rings->events.started(rings->events.device, rings->start_rc, &rings->start_err);
	else if (!rings->has_told_stopped)
		run_stopped(&rings->stopped_msg);
	rings->events.released(rings->events.ports, rings);
}

static void run_returned(struct loop_msg *msg)
{
	struct port_msgs *port = container_of(msg, struct port_msgs, returned);

	port->rings->events.returned(port->rings->events.ports, port->number);
}

/* ---- from the main thread -------------------------------------------------------------------------------------- */

static void init_msgs(struct usb_rings *rings)
{
	rings->start_msg.run = run_start;
	rings->stop_msg.run = run_stop;
	rings->started_msg.run = run_started;
	rings->failed_msg.run = run_failed;
	rings->stopped_msg.run = run_stopped;
	rings->released_msg.run = run_released;
	for (unsigned int i = 1; i <= rings->params.nr_ports; i++)
		rings->port[i] = (struct port_msgs){
			.rings = rings,
			.number = i,
			.plug.run = run_plug,
			.unplug.run = run_unplug,
			.returned.run = run_returned,
		};
}

struct usb_rings *usb_rings_new(const struct usb_rings_params *params, const struct usb_rings_events *events)
{
	struct usb_rings *rings = calloc(1, sizeof(*rings));

	if (!rings)
		return NULL;
	rings->params = *params;
	rings->events = *events;
	strncpy(rings->label, params->label, sizeof(rings->label) - 1);
	for (unsigned int i = 0; i < USB_NR_RINGS; i++)
		queue_init(&rings->queues[i], &ring_ops[i], &params->rings[i].journal);
	usb_hub_init(&rings->hub, &rings->queues[USB_RING_CONN], params->nr_ports, params->is_resumed, has_returned);
	rings->urbs = (struct usb_urbs){
		.label = rings->label,
		.log_limit = &params->log_limits->requests,
		.queue = &rings->queues[USB_RING_URB],
		.hub = &rings->hub,
		.counters = &rings->counters,
		.controller = params->number,
		.capture = params->capture ? capture_get(params->capture) : NULL,
	};
	init_msgs(rings);
	return rings;
}

void usb_rings_start(struct usb_rings *rings)
{
	loop_post(&rings->params.worker->loop, &rings->start_msg);
}

void usb_rings_stop(struct usb_rings *rings, enum queue_stop how)
{
	rings->is_stopping = true;
	rings->stop_how = how;
	loop_post(&rings->params.worker->loop, &rings->stop_msg);
}

void usb_rings_free(struct usb_rings *rings)
{
	capture_put(&rings->urbs.capture);
	free(rings);
}

void usb_rings_plug(struct usb_rings *rings, unsigned int number, struct usb_device *device)
{
	rings->port[number].device = device;
	if (!rings->is_stopping)
		loop_post(&rings->params.worker->loop, &rings->port[number].plug);
}

void usb_rings_unplug(struct usb_rings *rings, unsigned int number)
{
	if (!rings->is_stopping)
		loop_post(&rings->params.worker->loop, &rings->port[number].unplug);
}

int usb_rings_capture(struct usb_rings *rings, struct capture *capture)
{
	return capture_give(capture, &rings->params.worker->loop, &rings->urbs.capture);
}

void usb_rings_count(const struct usb_rings *rings, struct usb_counters *sum)
{
	usb_counters_add(sum, &rings->counters);
	for (unsigned int i = 0; i < USB_NR_RINGS; i++)
		counter_add(&sum->nr_spurious_events, counter_read(&rings->queues[i].nr_spurious_events));
}
