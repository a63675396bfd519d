// SPDX-License-Identifier: MIT
/* pvring status, metrics and drain: what is asked of running daemons. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/status_table.h"

struct query {
	struct client_socket socket; /* none named: all of CLIENT_DIR */
	bool is_json;
	bool is_closing;
};

static int set_json(void *config, const char *value, struct errbuf *err)
{
	((struct query *)config)->is_json = true;
	return 0;
}

static int set_close(void *config, const char *value, struct errbuf *err)
{
	((struct query *)config)->is_closing = true;
	return 0;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

typedef void print_fn(const struct query *query, const json_t *reply);

static void print_status(const struct query *query, const json_t *reply)
{
	if (!query->is_json) {
		status_table_print(reply);
		return;
	}
	json_dumpf(reply, stdout, JSON_COMPACT);
	printf("\n");
}

static void print_metrics(const struct query *query, const json_t *reply)
{
	fputs(json_string_value(json_object_get(reply, "text")) ?: "", stdout);
}

static int ask_one(const char *path, const struct query *query, const char *command, print_fn *print)
{
	json_t *request = json_pack("{s:s, s:b}", "cmd", command, "close", query->is_closing), *reply;
	struct errbuf err;
	int rc = client_ask(path, request, &reply, &err);

	json_decref(request);
	if (rc) {
		fprintf(stderr, "pvring %s: %s\n", command, err.text);
		return EXIT_FAILED;
	}
	print(query, reply);
	json_decref(reply);
	return EXIT_OK;
}

static int ask_all(const struct query *query, const char *command, print_fn *print)
{
	int status = EXIT_OK;
	glob_t found;

	if (glob(CLIENT_DIR "/*.sock", 0, NULL, &found)) {
		fprintf(stderr,
			"pvring %s: no daemon runs: there is no socket in %s (without one, xl gives only its own "
			"time-out when a guest asks for a device)\n",
			command, CLIENT_DIR);
		return EXIT_FAILED;
	}
	/* One text after the other would declare each metric twice, which Prometheus refuses. */
	if (print == print_metrics && found.gl_pathc > 1) {
		fprintf(stderr, "pvring %s: %zu daemons run: choose one with --name\n", command, found.gl_pathc);
		globfree(&found);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (ask_one(found.gl_pathv[i], query, command, print))
			status = EXIT_FAILED;
	}
	globfree(&found);
	return status;
}

static int run(const struct options_spec *spec, int argc, char **argv, const char *command, print_fn *print)
{
	struct args args = { .min = 0, .max = 0 };
	struct query query = { .is_json = false };
	int status;

	if (!args_parse(spec, argc, argv, &query, &args, &status))
		return status;
	return query.socket.path[0] ? ask_one(query.socket.path, &query, command, print)
				    : ask_all(&query, command, print);
}

static const struct option_row status_rows[] = {
	CLIENT_ROWS("whichever run"),
	{ "json", NULL, "print what the daemon answered, a line each", set_json },
};

static const struct option_row metrics_rows[] = { CLIENT_ROWS("whichever run") };

int command_status(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring status",
		.synopsis = "[--json] [--name NAME | --control PATH]",
		.summary = "Shows the devices that the daemons serve.",
		.rows = status_rows,
		.nr_rows = sizeof(status_rows) / sizeof(status_rows[0]),
	};

	return run(&spec, argc, argv, "status", print_status);
}

int command_metrics(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring metrics",
		.synopsis = "[--name NAME | --control PATH]",
		.summary = "Prints the daemons' counters in Prometheus' text format.",
		.rows = metrics_rows,
		.nr_rows = sizeof(metrics_rows) / sizeof(metrics_rows[0]),
	};

	return run(&spec, argc, argv, "metrics", print_metrics);
}

/* ---- drain ----------------------------------------------------------------------------------------------------- */

static const struct option_row drain_rows[] = {
	{ "control", "PATH", "the daemon with this control socket, instead of NAME", client_set_control },
	{ "close", NULL, "ask the guests to let go of their devices instead of handing them over", set_close },
};

static void print_drain(const struct query *query, const json_t *reply)
{
	json_int_t nr = json_integer_value(json_object_get(reply, "connected"));

	if (query->is_closing)
		printf("%lld guest(s) asked to let go: 'pvring status' shows who still has a device\n", (long long)nr);
	else
		printf("handing over %lld connected device(s)\n", (long long)nr);
}

int command_drain(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring drain",
		.synopsis = "NAME | --control PATH [--close]",
		.summary = "Makes a daemon finish what is in flight and exit, its devices left for the next one.",
		.rows = drain_rows,
		.nr_rows = sizeof(drain_rows) / sizeof(drain_rows[0]),
	};
	struct args args = { .min = 0, .max = 1 };
	struct query query = { .is_json = false };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &query, &args, &status))
		return status;
	if (args.nr == 1 && client_set_name(&query, args.positional[0], &err)) {
		fprintf(stderr, "pvring drain: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!query.socket.path[0]) {
		fprintf(stderr, "pvring drain: which daemon? Expected NAME or --control PATH\n");
		return EXIT_USAGE;
	}
	return ask_one(query.socket.path, &query, "drain", print_drain);
}
