// SPDX-License-Identifier: MIT
/* pvring upgrade: a daemon's devices go over to a new process of its program, as it is installed now. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"

#define LOOK_AGAIN_US 20000
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

static json_t *ask(const struct client_socket *socket, const char *command, struct errbuf *err)
{
	json_t *request = json_pack("{s:s}", "cmd", command), *reply;

	client_ask(socket->path, request, &reply, err);
	json_decref(request);
	return reply;
}

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

enum progress { UNDER_WAY, DONE, FAILED };

static enum progress look(const json_t *status, json_int_t heir_pid, struct errbuf *why)
{
	const char *upgrade = json_string_value(json_object_get(status, "upgrade")) ?: "";

	if (json_integer_value(json_object_get(status, "pid")) == heir_pid) {
		errbuf_set(why, 0, "%u device(s) are not handed over yet", nr_still_with_another(status));
		return nr_still_with_another(status) ? UNDER_WAY : DONE;
	}
	errbuf_set(why, 0, "%s", upgrade);
	return strcmp(upgrade, "under way") == 0 ? UNDER_WAY : FAILED;
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
	uint64_t until_ns = clock_now_ns() + DONE_WITHIN_S * NSEC_PER_SEC;
	enum progress progress = UNDER_WAY;

	while (progress == UNDER_WAY && clock_now_ns() < until_ns) {
		json_t *status = ask(socket, "status", why);

		progress = status ? look(status, heir_pid, why) : FAILED;
		if (progress == DONE)
			print_done(status);
		json_decref(status);
		if (progress == UNDER_WAY)
			usleep(LOOK_AGAIN_US);
	}
	return progress == DONE ? EXIT_OK : EXIT_FAILED;
}

static int upgrade(const struct client_socket *socket, struct errbuf *why)
{
	json_t *reply = ask(socket, "upgrade", why);
	json_int_t heir_pid = json_integer_value(json_object_get(reply, "pid"));
	int status = reply ? wait_for(socket, heir_pid, why) : EXIT_FAILED;

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
