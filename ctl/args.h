/* SPDX-License-Identifier: MIT */
/*
 * A subcommand's arguments: options (common/base/options.h) and positional ones in any order; after "--" everything is
 * positional. Prints what is wrong, or what was asked for (--help).
 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>

#include "common/base/options.h"

#define ARGS_MAX 8

struct args {
	unsigned int min, max; /* how many positional ones it takes, at most ARGS_MAX */
	char *positional[ARGS_MAX];
	unsigned int nr;
};

/* true: go on. false: --help was printed, or what is wrong; *status is the exit status. */
bool args_parse(const struct options_spec *spec, int argc, char **argv, void *config, struct args *args, int *status);

#endif
