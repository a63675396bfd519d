/* SPDX-License-Identifier: MIT */
/* The options that every daemon has; the class's own follow them. */
#ifndef BACKEND_CORE_OPTIONS_H
#define BACKEND_CORE_OPTIONS_H

#include "common/base/options.h"

#define DAEMON_MAX_THREADS  64
#define DAEMON_POLL_DEFAULT UINT32_MAX

struct daemon_config {
	uint32_t guest; /* XB_ANY_GUEST: all */
	uint32_t nr_threads;
	uint32_t poll_us; /* DAEMON_POLL_DEFAULT: measured, or none: the class says */
	uint32_t ready_fd; /* 0: none */
	const char *name;
	const char *control; /* NULL: by name */
};

/* Sets *config, first to the defaults. Prints what is wrong, or what was asked for. */
enum options_result daemon_options_parse(const struct options_spec *class_options, int argc, char **argv,
					 struct daemon_config *config);

#endif
