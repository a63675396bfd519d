// SPDX-License-Identifier: MIT
#include "backend/usb/libusb_config.h"

#include <string.h>

#include "backend/usb/engine.h"

/* The descriptors of the one that the device has; NULL: none. */
static const uint8_t *configuration_of(const struct libusb_config *config, size_t *len_bytes)
{
	int at = LIBUSB_DEVICE_BYTES;

	while (at + 9 <= config->descriptors_bytes) {
		const uint8_t *configuration = config->descriptors + at;
		int len = configuration[2] | configuration[3] << 8;

		if (len < 9 || len > config->descriptors_bytes - at)
			break;
		if (configuration[5] == config->configuration) {
			*len_bytes = (size_t)len;
			return configuration;
		}
		at += len;
	}
	*len_bytes = 0;
	return NULL;
}

void libusb_config_endpoints(const struct libusb_config *config, struct usb_endpoints *endpoints)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(config, &len_bytes);

	usb_endpoints_find(endpoints, configuration, len_bytes, config->alternate);
}

static bool has_interface(const struct libusb_config *config, uint8_t interface)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(config, &len_bytes);

	return usb_has_setting(configuration, len_bytes, interface, 0);
}

int libusb_config_claim(struct libusb_config *config)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < USB_MAX_INTERFACES; i++) {
		if (has_interface(config, (uint8_t)i))
			r = libusb_claim_interface(config->handle, (int)i);
	}
	return r;
}

void libusb_config_release(struct libusb_config *config)
{
	for (unsigned int i = 0; i < USB_MAX_INTERFACES; i++) {
		if (has_interface(config, (uint8_t)i))
			(void)libusb_release_interface(config->handle, (int)i);
	}
}

/*
 * The configuration that it has is not set again: the kernel would take the device for one that is new. What the guest
 * counts on with that are the first settings of its interfaces.
 */
int libusb_config_set(struct libusb_config *config, uint8_t configuration)
{
	int r = 0;

	if (configuration == config->configuration) {
		for (unsigned int i = 0; r == 0 && i < USB_MAX_INTERFACES; i++) {
			if (config->alternate[i])
				r = libusb_set_interface_alt_setting(config->handle, (int)i, 0);
		}
	} else {
		libusb_config_release(config);
		r = libusb_set_configuration(config->handle, configuration ? configuration : -1);
		if (r == 0)
			config->configuration = configuration;
		if (r == 0 && configuration)
			r = libusb_config_claim(config);
	}
	if (r == 0)
		memset(config->alternate, 0, sizeof(config->alternate));
	return r;
}

int libusb_config_set_interface(struct libusb_config *config, uint8_t interface, uint8_t alternate)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(config, &len_bytes);
	int r;

	if (!usb_has_setting(configuration, len_bytes, interface, alternate))
		return LIBUSB_ERROR_PIPE;
	r = libusb_set_interface_alt_setting(config->handle, interface, alternate);
	if (r == 0)
		config->alternate[interface] = alternate;
	return r;
}

int libusb_config_reset(struct libusb_config *config)
{
	int r = libusb_config_set(config, config->first);

	return r ? r : libusb_reset_device(config->handle);
}
