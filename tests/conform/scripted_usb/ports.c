// SPDX-License-Identifier: MIT
/* What the toolstack has put to the ports, and what the frontend is told of that. */
#include "tests/conform/scripted_usb/controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

bool ports_begin(struct controller *controller)
{
	struct back *back = &controller->back;
	struct errbuf why;
	int rc = xb_read_u32(back->store, back->dev.dir, "num-ports", 1, USB_MAX_PORTS, &controller->nr_ports, &why);

	if (rc == 0)
		rc = xb_read_u32(back->store, back->dev.dir, "usb-ver", 1, 2, &controller->usb_ver, &why);
	controller->events = (struct back){ .port = -1, .wake_fd = -1 };
	return rc == 0;
}

/* ---- plugging -------------------------------------------------------------------------------------------------- */

/* What is to be there; all devices are of high speed. */
static void read_device(struct controller *controller, uint8_t number, char device[CONTROLLER_NAME_SIZE])
{
	struct back *back = &controller->back;
	struct errbuf why;
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "port/%u", number);
	rc = xb_read_string_or(back->store, back->dev.dir, name, "", device, CONTROLLER_NAME_SIZE, &why);
	if (xb_is_unknown(rc))
		error("%s", why.text);
	if (rc || (controller->usb_ver == 1 && !violates("USB-3")))
		*device = '\0';
}

static void plug_in(struct controller_port *port)
{
	port->gadget = malloc(sizeof(*port->gadget));
	if (!port->gadget)
		error("no memory for a device");
	gadget_init(port->gadget, strcmp(port->device, "fake:iso") == 0);
	port->address = 0;
	port->nr_untold++;
}

static void plug_out(struct controller *controller, uint8_t number)
{
	struct controller_port *port = &controller->port[number];

	free(port->gadget);
	port->gadget = NULL;
	port->nr_untold++;
	ring_answer_all(controller, number, USBIF_STATUS_NODEV);
}

static void look_at(struct controller *controller, uint8_t number)
{
	struct controller_port *port = &controller->port[number];
	bool was_there = port->gadget;
	char device[CONTROLLER_NAME_SIZE];

	read_device(controller, number, device);
	if (strcmp(device, port->device) == 0)
		return;
	strcpy(port->device, device);
	if (was_there)
		plug_out(controller, number);
	if (*device)
		plug_in(port);
	if (was_there && *device && violates("USB-28"))
		port->nr_untold--;
}

void ports_look(struct controller *controller)
{
	if (controller->is_connected && violates("USB-2"))
		return;
	for (uint8_t number = 1; number <= controller->nr_ports; number++)
		look_at(controller, number);
}

void ports_end(struct controller *controller)
{
	for (uint8_t number = 1; number <= controller->nr_ports; number++)
		free(controller->port[number].gadget);
}

/* ---- telling --------------------------------------------------------------------------------------------------- */

void ports_forget_told(struct controller *controller)
{
	for (uint8_t number = 1; number <= controller->nr_ports; number++) {
		controller->port[number].nr_untold = controller->port[number].gadget != NULL;
		controller->port[number].address = 0;
	}
}

/* The last of several is what there is now; they take turns. */
static uint8_t next_speed(const struct controller_port *port)
{
	bool is_there = (port->gadget != NULL) == (port->nr_untold % 2 != 0);

	return is_there ? USB_SPEED_HIGH : USB_SPEED_NONE;
}

static void tell(struct controller *controller, uint8_t number)
{
	struct controller_port *port = &controller->port[number];
	uint8_t speed = next_speed(port);

	back_usb_tell(&controller->back, &controller->events, number, speed);
	if (violates("USB-27") && back_nr_requests(&controller->events) > 0)
		back_usb_tell(&controller->back, &controller->events, number, speed);
	port->nr_untold--;
}

bool ports_tell(struct controller *controller)
{
	for (uint8_t number = 1; number <= controller->nr_ports; number++) {
		struct controller_port *port = &controller->port[number];

		while (port->nr_untold > 0 && back_nr_requests(&controller->events) > 0)
			tell(controller, number);
		if (violates("USB-29"))
			port->nr_untold = 0;
		if (port->nr_untold > 0)
			return back_may_sleep(&controller->events);
	}
	return true;
}
