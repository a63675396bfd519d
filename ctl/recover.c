// SPDX-License-Identifier: MIT
/* pvring recover: what becomes of a device whose ring the daemon could not take up, and has parked. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"

struct recovery {
	struct client_socket socket; /* none named: the class's own daemon */
	const char *how;
	char device[64]; /* as the daemon names it: "vbd 5/51712" */
};

static int set_how(struct recovery *recovery, const char *how, struct errbuf *err)
{
	if (strcmp(recovery->how, "retry") != 0)
		return errbuf_set(err, -EINVAL, "expected one of --replay-nothing and --close");
	recovery->how = how;
	return 0;
}

static int set_replay_nothing(void *config, const char *value, struct errbuf *err)
{
	return set_how(config, "replay-nothing", err);
}

static int set_close(void *config, const char *value, struct errbuf *err)
{
	return set_how(config, "close", err);
}

static const struct option_row rows[] = {
	{ "replay-nothing", NULL, "go on from the ring alone: what is unanswered is not done again, and may stay so",
	  set_replay_nothing },
	{ "close", NULL, "ask the guest to let go: it loses what it has not been answered, and the device", set_close },
	CLIENT_ROWS("that of the device's kind"),
};

static const struct options_spec spec = {
	.program = "pvring recover",
	.synopsis = "vbd|vif|vusb DOMID/DEVID [--replay-nothing | --close] [--name NAME | --control PATH]",
	.summary = "Takes up a device that is parked: once more as after any restart, now that what was wrong is\n"
		   "mended; or, with an option, another way. 'pvring status' shows which are parked, and why.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int take_arguments(struct recovery *recovery, const struct args *args, struct errbuf *err)
{
	static const struct {
		const char *kind, *daemon;
	} kinds[] = { { "vbd", "pvring-blkd" }, { "vif", "pvring-netd" }, { "vusb", "pvring-usbd" },
		      { "qusb", "pvring-usbd" } };
	unsigned int domid, devid;
	char end;

	if (sscanf(args->positional[1], "%u/%u%c", &domid, &devid, &end) != 2)
		return errbuf_set(err, -EINVAL,
				  "'%.40s' is not a device: expected DOMID/DEVID, as 'pvring status' shows it",
				  args->positional[1]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(args->positional[0], kinds[i].kind) != 0)
			continue;
		snprintf(recovery->device, sizeof(recovery->device), "%s %u/%u", kinds[i].kind, domid, devid);
		return recovery->socket.path[0] ? 0 : client_set_name(recovery, kinds[i].daemon, err);
	}
	return errbuf_set(err, -EINVAL, "'%.40s' is not a kind of device: expected vbd, vif or vusb",
			  args->positional[0]);
}

static int ask(const struct recovery *recovery, struct errbuf *err)
{
	json_t *request = json_pack("{s:s, s:s, s:s}", "cmd", "recover", "device", recovery->device, "how",
				    recovery->how), *reply;
	int rc = client_ask(recovery->socket.path, request, &reply, err);

	json_decref(request);
	json_decref(reply);
	return rc;
}

static bool is_under_way(const json_t *device)
{
	const char *phase = json_string_value(json_object_get(device, "phase")) ?: "";

	return device && strcmp(phase, "connected") != 0 && strcmp(phase, "parked") != 0 &&
	       strcmp(phase, "waiting") != 0;
}

static int print_outcome(const struct recovery *recovery, const json_t *device)
{
	const char *phase = json_string_value(json_object_get(device, "phase")) ?: "gone";
	json_int_t nr_abandoned = json_integer_value(json_object_get(device, "abandoned"));

	if (strcmp(phase, "parked") == 0 || is_under_way(device)) {
		fprintf(stderr, "pvring recover: %s is still %s\n", recovery->device,
			json_string_value(json_object_get(device, "reason")) ?: phase);
		return EXIT_FAILED;
	}
	printf("%s: %s\n", recovery->device, phase);
	if (nr_abandoned)
		printf("%lld request(s) of its guest are never answered: what waits for them hangs until it restarts\n",
		       (long long)nr_abandoned);
	return EXIT_OK;
}

static bool is_over(const json_t *status, void *arg)
{
	const struct recovery *recovery = arg;

	return !is_under_way(client_find(status, recovery->device));
}

static int wait_and_print(struct recovery *recovery)
{
	struct errbuf err = { "" };
	/* For longer than a daemon tries. */
	json_t *status = client_wait(recovery->socket.path, 2 * CLIENT_SECONDS, is_over, recovery, &err);
	int rc = status ? print_outcome(recovery, client_find(status, recovery->device)) : EXIT_FAILED;

	if (!status)
		fprintf(stderr, "pvring recover: %s\n", err.text);
	json_decref(status);
	return rc;
}

int command_recover(int argc, char **argv)
{
	struct args args = { .min = 2, .max = 2 };
	struct recovery recovery = { .how = "retry" };
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &recovery, &args, &status))
		return status;
	if (take_arguments(&recovery, &args, &err)) {
		fprintf(stderr, "pvring recover: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (ask(&recovery, &err)) {
		fprintf(stderr, "pvring recover: %s\n", err.text);
		return EXIT_FAILED;
	}
	if (strcmp(recovery.how, "close") == 0) {
		printf("%s: its guest is asked to let go of it: 'pvring status' shows whether it has\n",
		       recovery.device);
		return EXIT_OK;
	}
	return wait_and_print(&recovery);
}
