// SPDX-License-Identifier: MIT
#include "common/base/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "common/base/parse.h"
#include "common/base/version.h"

static bool has_letter(const struct options_spec *spec, unsigned int row)
{
	return spec->letters && row < strlen(spec->letters);
}

static void print_help(const struct options_spec *spec)
{
	char left[64], letter[8];

	printf("Usage: %s %s\n%s\n\nOptions:\n", spec->program, spec->synopsis, spec->summary);
	for (unsigned int i = 0; i < spec->nr_rows; i++) {
		const struct option_row *row = &spec->rows[i];

		letter[0] = '\0';
		if (has_letter(spec, i))
			snprintf(letter, sizeof(letter), "-%c, ", spec->letters[i]);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		printf("  %-24s %s\n", left, row->help);
	}
	printf("  %-24s %s\n", "--version", "print the version and exit");
	printf("  %-24s %s\n", "--help", "print this and exit");
}

static void print_names(const struct options_spec *spec)
{
	for (unsigned int i = 0; i < spec->nr_rows; i++)
		printf("--%s\n", spec->rows[i].name);
	printf("--version\n--help\n");
}

static enum options_result complain(const struct options_spec *spec, const char *message)
{
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", spec->program, message, spec->program);
	return OPTIONS_BAD;
}

static const struct option_row *find_letter(const struct options_spec *spec, const char *arg)
{
	for (unsigned int i = 0; i < spec->nr_rows; i++) {
		if (has_letter(spec, i) && arg[0] == '-' && arg[1] == spec->letters[i] && !arg[2])
			return &spec->rows[i];
	}
	return NULL;
}

/* "-n", "--name" or "--name=value" against the rows; *value is what follows the '=', else NULL. */
static const struct option_row *find_row(const struct options_spec *spec, const char *arg, const char **value)
{
	size_t len;

	*value = NULL;
	if (strncmp(arg, "--", 2) != 0)
		return find_letter(spec, arg);
	arg += 2;
	len = strcspn(arg, "=");
	*value = arg[len] ? arg + len + 1 : NULL;
	for (unsigned int i = 0; i < spec->nr_rows; i++) {
		if (strlen(spec->rows[i].name) == len && strncmp(spec->rows[i].name, arg, len) == 0)
			return &spec->rows[i];
	}
	return NULL;
}

static enum options_result parse_one(const struct options_spec *spec, int argc, char **argv, void *config, int *at)
{
	const char *value;
	const struct option_row *row = find_row(spec, argv[*at], &value);
	struct errbuf err = { "" };
	char message[640];

	if (!row) {
		snprintf(message, sizeof(message), "unknown option '%.100s'", argv[*at]);
		return complain(spec, message);
	}
	if (!row->argument && value) {
		snprintf(message, sizeof(message), "option '--%s' takes no value", row->name);
		return complain(spec, message);
	}
	if (row->argument && !value) {
		if (*at + 1 >= argc) {
			snprintf(message, sizeof(message), "option '--%s' needs a value: %s", row->name, row->argument);
			return complain(spec, message);
		}
		value = argv[++*at];
	}
	if (row->set(config, value, &err)) {
		snprintf(message, sizeof(message), "--%s: %s", row->name, err.text);
		return complain(spec, message);
	}
	return OPTIONS_RUN;
}

/* Nothing else that begins with one dash: it may be a number, or stand for standard input. */
static bool is_option(const struct options_spec *spec, const char *arg)
{
	return strncmp(arg, "--", 2) == 0 || find_letter(spec, arg);
}

enum options_result options_parse(const struct options_spec *spec, int argc, char **argv, void *config, int *next)
{
	enum options_result result;
	int at;

	for (at = 1; at < argc && is_option(spec, argv[at]); at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (strcmp(argv[at], "--help") == 0) {
			print_help(spec);
			return OPTIONS_DONE;
		}
		if (strcmp(argv[at], "--version") == 0) {
			printf("%s %s\n", spec->program, pvring_version);
			return OPTIONS_DONE;
		}
		if (strcmp(argv[at], "--long-options") == 0) {
			print_names(spec);
			return OPTIONS_DONE;
		}
		result = parse_one(spec, argc, argv, config, &at);
		if (result != OPTIONS_RUN)
			return result;
	}
	*next = at;
	return OPTIONS_RUN;
}

enum options_result options_parse_all(const struct options_spec *spec, int argc, char **argv, void *config)
{
	char message[640];
	int next;
	enum options_result result = options_parse(spec, argc, argv, config, &next);

	if (result != OPTIONS_RUN || next == argc)
		return result;
	snprintf(message, sizeof(message), "unexpected argument '%.100s': expected options only", argv[next]);
	return complain(spec, message);
}

int option_u32(const char *name, const char *value, uint32_t min, uint32_t max, uint32_t *out, struct errbuf *err)
{
	int rc = parse_u32(value, min, max, out);

	if (rc)
		return errbuf_set(err, rc, "'%s' is not a %s: expected a number from %u to %u", value, name, min, max);
	return 0;
}
