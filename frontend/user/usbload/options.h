/* SPDX-License-Identifier: MIT */
/* pvring-usbload's command line. */
#ifndef USBLOAD_OPTIONS_H
#define USBLOAD_OPTIONS_H

#include "common/base/options.h"
#include "frontend/user/usbload/usbload.h"

struct usbload_command {
	const char *name;
	int (*run)(struct usbload *ul);
};

/* Has said what is wrong, or what was asked for. */
enum options_result usbload_parse(int argc, char **argv, struct usbload_config *config,
				  const struct usbload_command **command);

#endif
