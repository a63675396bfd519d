/* SPDX-License-Identifier: MIT */
/* pvring-blkload's command line: options before and after the subcommand, in one table. */
#ifndef BLKLOAD_OPTIONS_H
#define BLKLOAD_OPTIONS_H

#include "common/base/options.h"
#include "frontend/user/blkload/blkload.h"

struct blkload_command {
	const char *name;
	int (*run)(struct blkload *bl);
	bool takes_file;
	uint32_t default_depth;
};

/* What --help and every "Try" message name. OPTIONS_RUN: config and *command are complete and make sense together. */
enum options_result blkload_parse(int argc, char **argv, struct blkload_config *config,
				  const struct blkload_command **command);

#endif
