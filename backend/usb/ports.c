// SPDX-License-Identifier: MIT
#include "backend/usb/ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/metrics.h"
#include "backend/usb/rings.h"
#include "common/base/container.h"
#include "common/base/log.h"

enum port_state {
	PORT_EMPTY,
	PORT_OPENING, /* a helper has it */
	PORT_OPEN,
	PORT_RESETTING, /* a helper has it */
	PORT_CLOSING, /* a helper has it */
	PORT_FAULTY,  /* what was wanted could not be opened */
};

struct usb_port {
	struct usb_ports *ports;
	unsigned int number;
	enum port_state state;
	char wanted[USB_NAME_SIZE], name[USB_NAME_SIZE]; /* of what it has, or tried to have */
	struct usb_device *device;
	struct usb_rings *lent_to;
	bool is_asked_back, is_gone, stays_gone;
	bool is_used; /* was lent since it was opened, or reset */
	struct errbuf fault, said; /* why it cannot be opened, and what was last logged of that */
	struct errbuf gone;	   /* what has become of a device that is gone */
	struct helper_job job;
	int job_rc;
};

struct usb_ports {
	struct usb_ports_params params;
	char label[48];
	struct usb_rings *rings; /* to lend to */
	unsigned int nr_rings;	 /* that will tell us of their end */
	bool is_abandoned;
	struct usb_port port[USB_MAX_PORTS + 1]; /* by number */
};

static void step(struct usb_port *port);

/* ---- opening and closing --------------------------------------------------------------------------------------- */

static int check_speed(const struct usb_port *port, struct errbuf *err)
{
	if (port->device->speed <= port->ports->params.max_speed)
		return 0;
	return errbuf_set(err, -EINVAL,
			  "%s is a high-speed device, and the controller one of USB 1.1: give it a controller with "
			  "usb-ver 2", port->name);
}

/* Helper thread. */
static void run_open(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->job_rc = usb_device_open(&port->device, port->name, &port->ports->params.host, &port->fault);
	if (port->job_rc)
		return;
	port->job_rc = check_speed(port, &port->fault);
	if (port->job_rc)
		port->device->engine->close(port->device);
}

/* It is tried again with each device that comes or goes: said once. */
static void say_fault(struct usb_port *port)
{
	if (strcmp(port->said.text, port->fault.text) != 0)
		log_error("%s: port %u: %s", port->ports->label, port->number, port->fault.text);
	port->said = port->fault;
}

/* true: it was found to be. */
static bool look_if_gone(struct usb_port *port)
{
	const struct usb_engine *engine;

	if (port->is_gone || (port->state != PORT_OPEN && port->state != PORT_RESETTING))
		return false;
	engine = port->device->engine;
	port->is_gone = engine->is_there && !engine->is_there(port->device, &port->gone);
	port->stays_gone = engine->is_not_sought;
	return port->is_gone;
}

static void opened(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->state = port->job_rc ? PORT_FAULTY : PORT_OPEN;
	if (port->job_rc)
		say_fault(port);
	else
		log_info("%s: port %u: has %s", port->ports->label, port->number, port->name);
	look_if_gone(port);
	step(port);
}

/* Helper thread. */
static void run_close(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->device->engine->close(port->device);
}

/* Until it is wanted anew. */
static void stay_gone(struct usb_port *port)
{
	port->state = PORT_FAULTY;
	port->is_gone = false;
	port->job_rc = -EPIPE;
	port->fault = port->gone;
	say_fault(port);
}

static void closed(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->device = NULL;
	port->said.text[0] = '\0';
	port->state = PORT_EMPTY;
	if (port->is_gone && port->stays_gone)
		stay_gone(port);
	else if (port->is_gone)
		log_info("%s: port %u: %s", port->ports->label, port->number, port->gone.text);
	else
		log_info("%s: port %u: %s is no longer given", port->ports->label, port->number, port->name);
	step(port);
}

static void post(struct usb_port *port, enum port_state state, void (*run)(struct helper_job *),
		 void (*done)(struct helper_job *))
{
	const struct usb_ports_params *params = &port->ports->params;

	port->state = state;
	port->job.run = run;
	port->job.done = done;
	helper_post(params->host.helper, params->loop, &port->job);
}

/* Helper thread. */
static void run_reset(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->job_rc = port->device->engine->reset(port->device, &port->fault);
}

/* One that cannot be is opened anew, if it is still there. */
static void was_reset(struct helper_job *job)
{
	struct usb_port *port = container_of(job, struct usb_port, job);

	port->state = PORT_OPEN;
	port->is_used = false;
	if (port->job_rc) {
		say_fault(port);
		port->is_gone = true;
		port->gone = port->fault;
	}
	step(port);
}

static void start_closing(struct usb_port *port)
{
	post(port, PORT_CLOSING, run_close, closed);
}

static void start_opening(struct usb_port *port)
{
	strcpy(port->name, port->wanted);
	port->is_gone = port->stays_gone = port->is_used = false;
	port->fault.text[0] = '\0';
	post(port, PORT_OPENING, run_open, opened);
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

static bool is_settled(const struct usb_port *port)
{
	return port->state == PORT_EMPTY || port->state == PORT_FAULTY;
}

static void free_if_over(struct usb_ports *ports)
{
	if (!ports->is_abandoned || ports->nr_rings > 0)
		return;
	for (unsigned int i = 1; i <= ports->params.nr_ports; i++) {
		if (!is_settled(&ports->port[i]))
			return;
	}
	free(ports);
}

static bool has_what_is_wanted(const struct usb_port *port)
{
	return !port->is_gone && strcmp(port->wanted, port->name) == 0;
}

static void advance_open(struct usb_port *port)
{
	struct usb_rings *rings = port->ports->rings;

	if (!has_what_is_wanted(port) && !port->lent_to) {
		start_closing(port);
	} else if (!has_what_is_wanted(port) && !port->is_asked_back) {
		port->is_asked_back = true;
		usb_rings_unplug(port->lent_to, port->number);
	} else if (!port->lent_to && rings && port->is_used) {
		post(port, PORT_RESETTING, run_reset, was_reset);
	} else if (!port->lent_to && rings) {
		port->lent_to = rings;
		port->is_used = true;
		port->is_asked_back = false;
		usb_rings_plug(rings, port->number, port->device);
	}
}

/* Never the last use of the ports, so that all of them can be gone through; what may be that is step(). */
static void advance(struct usb_port *port)
{
	struct usb_ports *ports = port->ports;

	if (port->state == PORT_FAULTY && !has_what_is_wanted(port))
		port->state = PORT_EMPTY;
	if (port->state == PORT_EMPTY && port->wanted[0])
		start_opening(port);
	else if (port->state == PORT_OPEN)
		advance_open(port);
	if (!ports->is_abandoned)
		ports->params.changed(ports->params.owner, port->number);
}

static void step(struct usb_port *port)
{
	advance(port);
	free_if_over(port->ports);
}

/* ---- from the controller --------------------------------------------------------------------------------------- */

struct usb_ports *usb_ports_new(const struct usb_ports_params *params)
{
	struct usb_ports *ports = calloc(1, sizeof(*ports));

	if (!ports)
		return NULL;
	ports->params = *params;
	strncpy(ports->label, params->label, sizeof(ports->label) - 1);
	for (unsigned int i = 1; i <= params->nr_ports; i++) {
		ports->port[i].ports = ports;
		ports->port[i].number = i;
	}
	return ports;
}

/* Nothing is opened from here on. */
void usb_ports_abandon(struct usb_ports *ports)
{
	ports->rings = NULL;
	ports->is_abandoned = true;
	for (unsigned int i = 1; i <= ports->params.nr_ports; i++)
		usb_ports_want(ports, i, "");
	free_if_over(ports);
}

void usb_ports_want(struct usb_ports *ports, unsigned int number, const char *name)
{
	struct usb_port *port = &ports->port[number];

	if (strcmp(port->wanted, name) == 0)
		return;
	snprintf(port->wanted, sizeof(port->wanted), "%s", name);
	advance(port);
}

void usb_ports_begin(struct usb_ports *ports)
{
	ports->nr_rings++;
}

/* What may be otherwise by now: it was not there, there were two of them, somebody else had it, or all the memory. */
static bool may_open_now(const struct usb_port *port)
{
	return port->state == PORT_FAULTY &&
	       (port->job_rc == -ENODEV || port->job_rc == -ENOTUNIQ || port->job_rc == -EBUSY ||
		port->job_rc == -ENOMEM);
}

void usb_ports_connect(struct usb_ports *ports, struct usb_rings *rings)
{
	ports->rings = rings;
	for (unsigned int i = 1; rings && i <= ports->params.nr_ports; i++) {
		if (may_open_now(&ports->port[i]))
			ports->port[i].state = PORT_EMPTY;
		advance(&ports->port[i]);
	}
}

void usb_ports_look_again(struct usb_ports *ports)
{
	for (unsigned int i = 1; i <= ports->params.nr_ports; i++) {
		struct usb_port *port = &ports->port[i];

		if (may_open_now(port))
			port->state = PORT_EMPTY;
		else if (!look_if_gone(port))
			continue;
		advance(port);
	}
}

void usb_ports_returned(void *arg, unsigned int number)
{
	struct usb_port *port = &((struct usb_ports *)arg)->port[number];

	port->lent_to = NULL;
	step(port);
}

void usb_ports_released(void *arg, struct usb_rings *rings)
{
	struct usb_ports *ports = arg;

	for (unsigned int i = 1; i <= ports->params.nr_ports; i++) {
		if (ports->port[i].lent_to != rings)
			continue;
		ports->port[i].lent_to = NULL;
		advance(&ports->port[i]);
	}
	usb_rings_free(rings);
	ports->nr_rings--;
	free_if_over(ports);
}

/* ---- what there is to say -------------------------------------------------------------------------------------- */

const char *usb_ports_say(const struct usb_ports *ports, unsigned int number)
{
	const struct usb_port *port = &ports->port[number];

	switch (port->state) {
	case PORT_OPENING:
		return "opening";
	case PORT_OPEN:
	case PORT_RESETTING:
		return has_what_is_wanted(port) ? "ready" : "closing";
	case PORT_CLOSING:
		return "closing";
	case PORT_FAULTY:
		return port->fault.text;
	case PORT_EMPTY:
		break;
	}
	return "";
}

json_t *usb_ports_json(const struct usb_ports *ports)
{
	json_t *array = json_array();

	for (unsigned int i = 1; i <= ports->params.nr_ports; i++) {
		const char *status = usb_ports_say(ports, i);

		if (*status)
			json_array_append_new(array, json_pack("{s:i, s:o, s:o}", "port", (int)i, "device",
							       text_json(ports->port[i].name), "status",
							       text_json(status)));
	}
	return array;
}
