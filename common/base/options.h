/* SPDX-License-Identifier: MIT */
/*
 * Command-line options as rows: parsing, --help and the check against the man page and the completion all walk the
 * same table. Every program also understands --help, --version and --long-options (prints the names, for tests).
 *
 * Thread: the main thread before any other starts. Prints its own messages: to stdout what was asked for, to stderr
 * what is wrong.
 */
#ifndef COMMON_BASE_OPTIONS_H
#define COMMON_BASE_OPTIONS_H

#include <stdint.h>

struct errbuf;

struct option_row {
	const char *name;     /* without the dashes */
	const char *argument; /* what --help calls its value; NULL: takes none */
	const char *help;
	/* Stores the value (NULL for an option without one). 0, or -errno with the reason in err. */
	int (*set)(void *config, const char *value, struct errbuf *err);
};

struct options_spec {
	const char *program;
	const char *synopsis; /* "[OPTION...]", or with the arguments it takes */
	const char *summary;  /* a sentence or two for --help */
	const struct option_row *rows;
	unsigned int nr_rows;
	const char *letters; /* "wc": the first row is -w for short, its value the next argument, the second -c */
};

enum options_result {
	OPTIONS_RUN,  /* go on; *next is the index of the first argument that is not an option */
	OPTIONS_DONE, /* --help or the like was printed: exit 0 */
	OPTIONS_BAD,  /* said so on stderr: exit 2 */
};

/* Stops at the first argument that is not an option, so that a subcommand's own options are left alone. */
enum options_result options_parse(const struct options_spec *spec, int argc, char **argv, void *config, int *next);
/* For who takes nothing but options: any other argument is a mistake. */
enum options_result options_parse_all(const struct options_spec *spec, int argc, char **argv, void *config);

/* For set(): a number from min to max, or a message that says so. */
int option_u32(const char *name, const char *value, uint32_t min, uint32_t max, uint32_t *out, struct errbuf *err);

#endif
