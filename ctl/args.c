// SPDX-License-Identifier: MIT
#include "ctl/args.h"

#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"

static enum options_result complain(const struct options_spec *spec, const char *what, const char *which)
{
	fprintf(stderr, "%s: %s%s.\nUsage: %s %s\n", spec->program, what, which, spec->program, spec->synopsis);
	return OPTIONS_BAD;
}

static enum options_result parse(const struct options_spec *spec, int argc, char **argv, void *config,
				 struct args *args)
{
	bool only_positional = false;
	int at = 0, next;

	args->nr = 0;
	for (;;) {
		next = 1;
		if (!only_positional) {
			enum options_result result = options_parse(spec, argc - at, argv + at, config, &next);

			if (result != OPTIONS_RUN)
				return result;
			only_positional = next > 1 && strcmp(argv[at + next - 1], "--") == 0;
		}
		at += next;
		if (at >= argc)
			break;
		if (args->nr == args->max)
			return complain(spec, "one argument too many: ", argv[at]);
		args->positional[args->nr++] = argv[at];
	}
	return args->nr < args->min ? complain(spec, "too few arguments", "") : OPTIONS_RUN;
}

bool args_parse(const struct options_spec *spec, int argc, char **argv, void *config, struct args *args, int *status)
{
	enum options_result result = parse(spec, argc, argv, config, args);

	*status = result == OPTIONS_BAD ? EXIT_USAGE : EXIT_OK;
	return result == OPTIONS_RUN;
}
