// SPDX-License-Identifier: MIT
/* pvring upgrade: a daemon's devices go over to a new process of its program, as it is installed now. */
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"

#define DONE_WITHIN_S 30 /* to get ready, and to hand over what has to be waited for */

static const struct option_row rows[] = {
	{ "control", "PATH", "the daemon with this control socket, instead of NAME", client_set_control },
};

static const struct options_spec spec = {
	.program = "pvring upgrade",
	.synopsis = "NAME | --control PATH",
	.summary = "Starts a daemon's program anew, as it is installed now, and has it take over the devices once it\n"
		   "is ready. If it does not start, the daemon goes on.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static unsigned int nr_still_with_another(const json_t *status)
{
	const json_t *device;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(json_object_get(status, "devices"), i, device) {
		const char *phase = json_string_value(json_object_get(device, "phase")) ?: "";

		nr += strcmp(phase, "claimed by another daemon") == 0;
	}
	return nr;
}

struct progress {
	json_int_t heir_pid;
	bool is_done;
	struct errbuf *why; /* it is not, or has not been so far */
};

static bool is_over(const json_t *status, void *arg)
{
	struct progress *progress = arg;
	const char *upgrade = json_string_value(json_object_get(status, "upgrade")) ?: "";

	if (json_integer_value(json_object_get(status, "pid")) == progress->heir_pid) {
		errbuf_set(progress->why, 0, "%u device(s) are not handed over yet", nr_still_with_another(status));
		progress->is_done = nr_still_with_another(status) == 0;
		return progress->is_done;
	}
	errbuf_set(progress->why, 0, "%s", upgrade);
	return strcmp(upgrade, "under way") != 0;
}

static void print_done(const json_t *status)
{
	printf("%s: version %s (pid %lld) serves, with %zu device(s)\n",
	       json_string_value(json_object_get(status, "name")),
	       json_string_value(json_object_get(status, "version")),
	       json_integer_value(json_object_get(status, "pid")),
	       json_array_size(json_object_get(status, "devices")));
}

static int wait_for(const struct client_socket *socket, json_int_t heir_pid, struct errbuf *why)
{
	struct progress progress = { .heir_pid = heir_pid, .why = why };
	json_t *status = client_wait(socket->path, DONE_WITHIN_S, is_over, &progress, why);

	if (progress.is_done)
		print_done(status);
	json_decref(status);
	return progress.is_done ? EXIT_OK : EXIT_FAILED;
}

static int upgrade(const struct client_socket *socket, struct errbuf *why)
{
	json_t *request = json_pack("{s:s}", "cmd", "upgrade"), *reply;
	int status = EXIT_FAILED;

	if (client_ask(socket->path, request, &reply, why) == 0)
		status = wait_for(socket, json_integer_value(json_object_get(reply, "pid")), why);
	json_decref(request);
	json_decref(reply);
	return status;
}

int command_upgrade(int argc, char **argv)
{
	struct args args = { .min = 0, .max = 1 };
	struct client_socket socket = { .path = "" };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &socket, &args, &status))
		return status;
	if (args.nr == 1 && client_set_name(&socket, args.positional[0], &err)) {
		fprintf(stderr, "pvring upgrade: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!socket.path[0]) {
		fprintf(stderr, "pvring upgrade: which daemon? Expected NAME or --control PATH\n");
		return EXIT_USAGE;
	}
	status = upgrade(&socket, &err);
	if (status)
		fprintf(stderr, "pvring upgrade: %s\n", err.text);
	return status;
}
