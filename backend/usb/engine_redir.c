// SPDX-License-Identifier: MIT
/* Devices of another machine or program, by the usbredir protocol: opened, set back, closed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/usb/policy.h"
#include "backend/usb/redir.h"

enum { CLASS_HUB = 9 };

/* ---- what the peer says of the device -------------------------------------------------------------------------- */

/* Of a peer that does not say how long packets are, they may be as long as any. */
void redir_find_endpoints(const struct redir *redir, struct usb_endpoints *endpoints)
{
	static const uint8_t types[] = {
		[usb_redir_type_control] = USB_CONTROL,
		[usb_redir_type_iso] = USB_ISOC,
		[usb_redir_type_bulk] = USB_BULK,
		[usb_redir_type_interrupt] = USB_INTERRUPT,
	};
	bool has_lengths = usbredirparser_peer_has_cap(redir->parser, usb_redir_cap_ep_info_max_packet_size);

	memset(endpoints, 0, sizeof(*endpoints));
	for (unsigned int i = 0; i < REDIR_NR_ENDPOINTS; i++) {
		struct usb_endpoint *endpoint = i < 16 ? &endpoints->out[i] : &endpoints->in[i - 16];
		uint16_t bytes = redir->endpoints.max_packet_size[i] & 0x7ff;

		if (redir->endpoints.type[i] >= sizeof(types) || i % 16 == 0)
			continue;
		endpoint->type = types[redir->endpoints.type[i]];
		endpoint->packet_bytes = has_lengths ? bytes : 1024;
	}
}

static int find_speed(struct redir *redir, struct errbuf *err)
{
	static const enum usb_speed speeds[] = {
		[usb_redir_speed_low] = USB_SPEED_LOW,
		[usb_redir_speed_full] = USB_SPEED_FULL,
		[usb_redir_speed_high] = USB_SPEED_HIGH,
	};

	if (redir->info.speed >= sizeof(speeds) / sizeof(speeds[0]))
		return errbuf_set(err, -EPROTONOSUPPORT,
				  "usbredir:%s: its device is not at low, full or high speed, and PV USB has no other",
				  redir->address);
	redir->device.speed = speeds[redir->info.speed];
	return 0;
}

/* The rules are about descriptors: those of its interfaces, as far as they say the class. */
static int check_policy(const struct redir *redir, uint32_t domid, struct errbuf *err)
{
	struct usb_host_device device = {
		.vendor = redir->info.vendor_id,
		.product = redir->info.product_id,
		.class = redir->info.device_class,
	};
	uint8_t descriptors[32][9];

	if (device.class == CLASS_HUB)
		return errbuf_set(err, -EPERM, "usbredir:%s is a hub", redir->address);
	snprintf(device.path, sizeof(device.path), USB_POLICY_REDIR);
	for (unsigned int i = 0; i < redir->interfaces.interface_count; i++) {
		const uint8_t interface[9] = { 9, 4, redir->interfaces.interface[i],
					       [5] = redir->interfaces.interface_class[i] };

		memcpy(descriptors[i], interface, sizeof(interface));
	}
	if (!usb_policy)
		return 0;
	return usb_policy_check(usb_policy, domid, &device, descriptors[0],
				redir->interfaces.interface_count * sizeof(descriptors[0]), err);
}

/* ---- open ------------------------------------------------------------------------------------------------------ */

static bool has_device(const struct redir *redir)
{
	return redir->has_hello && redir->is_connected;
}

static bool is_answered(const struct redir *redir)
{
	return !redir->question.is_out;
}

/* Which configuration it has when nobody has chosen one. */
static int meet(struct redir *redir, const struct usb_host *host, struct errbuf *err)
{
	int rc = redir_peer_wait(redir, has_device, "it has not said which device it has", err);

	if (rc == 0)
		rc = find_speed(redir, err);
	if (rc == 0)
		rc = check_policy(redir, host->domid, err);
	if (rc)
		return rc;
	usbredirparser_send_get_configuration(redir->parser, redir_ask(redir, NULL));
	rc = redir_peer_wait(redir, is_answered, "no answer", err);
	redir->first_configuration = redir->configuration;
	redir_find_endpoints(redir, &redir->device.endpoints);
	return rc ? rc : redir_peer_watch(redir, err);
}

static void close_redir(struct redir *redir)
{
	redir_peer_unwatch(redir);
	redir_stream_stop(redir, REDIR_ALL_INTERFACES);
	redir_peer_fini(redir);
	free(redir);
}

static int redir_open(struct usb_device **device, const char *address, const struct usb_host *host, struct errbuf *err)
{
	struct redir *redir = calloc(1, sizeof(*redir));
	int rc;

	if (!redir)
		return errbuf_set(err, -ENOMEM, "usbredir:%.150s: no memory", address);
	snprintf(redir->address, sizeof(redir->address), "%s", address);
	redir->device.engine = &usb_engine_redir;
	redir->loop = host->loop;
	redir->timer_fd = -1;
	for (unsigned int i = 0; i < REDIR_NR_ENDPOINTS; i++)
		TAILQ_INIT(&redir->stream[i].waiting);
	redir->fd = redir_connect(address, REDIR_ANSWER_MS, err);
	rc = redir->fd < 0 ? redir->fd : redir_peer_init(redir, err);
	if (rc == 0)
		rc = meet(redir, host, err);
	if (rc)
		close_redir(redir);
	else
		*device = &redir->device;
	return rc;
}

static void redir_close(struct usb_device *device)
{
	close_redir(to_redir(device));
}

static bool redir_is_there(const struct usb_device *device, struct errbuf *why_not)
{
	const struct redir *redir = container_of(device, struct redir, device);

	if (!redir_is_broken(redir))
		return true;
	*why_not = redir->why;
	return false;
}

/* A reset of the port leaves settings as they are: those that the guest has changed are set back. */
static void set_back(struct redir *redir)
{
	struct usb_redir_set_configuration_header configuration = { redir->first_configuration };

	usbredirparser_send_reset(redir->parser);
	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++) {
		struct usb_redir_set_alt_setting_header setting = { i, 0 };

		if (!redir->alternate[i] || redir_is_broken(redir))
			continue;
		usbredirparser_send_set_alt_setting(redir->parser, redir_ask(redir, NULL), &setting);
		(void)redir_peer_wait(redir, is_answered, "no answer", &(struct errbuf){ 0 });
	}
	usbredirparser_send_set_configuration(redir->parser, redir_ask(redir, NULL), &configuration);
}

static int redir_reset(struct usb_device *device, struct errbuf *err)
{
	struct redir *redir = to_redir(device);
	int rc;

	redir_peer_unwatch(redir);
	redir_stream_stop(redir, REDIR_ALL_INTERFACES);
	set_back(redir);
	rc = redir_peer_wait(redir, is_answered, "no answer", err);
	if (rc == 0 && redir->question.status != usb_redir_success)
		rc = errbuf_set(err, -EIO, "usbredir:%s: its reset failed", redir->address);
	redir_find_endpoints(redir, &device->endpoints);
	return rc ? rc : redir_peer_watch(redir, err);
}

const struct usb_engine usb_engine_redir = {
	.open = redir_open,
	.close = redir_close,
	.reset = redir_reset,
	.is_there = redir_is_there,
	.is_not_sought = true,
	.submit = redir_submit,
	.cancel = redir_cancel,
	.chore = redir_chore,
};
