// SPDX-License-Identifier: MIT
/* pvring resize: a disk's image is measured now, and its guest told if there is more of it. */
#include <stdio.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"

static const struct option_row rows[] = { CLIENT_ROWS("pvring-blkd") };

static const struct options_spec spec = {
	.program = "pvring resize",
	.synopsis = "DOMID/DEVID | IMAGE [--name NAME | --control PATH]",
	.summary = "Measures a disk's image, tells the guest if it has grown, and prints what its size was and is.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static json_int_t number(const json_t *device, const char *name)
{
	return json_integer_value(json_object_get(device, name));
}

static int print_sizes(const char *label, const json_t *before, const json_t *now)
{
	json_int_t was = number(before, "size_bytes"), is = number(now, "size_bytes");
	json_int_t image = number(now, "image_bytes");

	if (image == 0) {
		fprintf(stderr, "pvring resize: %s: its image cannot be measured\n", label);
		return EXIT_FAILED;
	}
	if (image < is) {
		fprintf(stderr, "pvring resize: %s: its image has %lld bytes, and the guest knows a disk of %lld, "
			"which cannot shrink while it is used\n", label, image, is);
		return EXIT_FAILED;
	}
	if (is == was)
		printf("%s: %lld bytes, as before\n", label, is);
	else
		printf("%s: %lld bytes before, %lld now\n", label, was, is);
	return EXIT_OK;
}

static const char *label_of(const json_t *device)
{
	return json_string_value(json_object_get(device, "device"));
}

/* arg: the device as it was before. */
static bool is_over(const json_t *status, void *arg)
{
	const json_t *before = arg, *now = client_find(status, label_of(before));

	return !now || number(now, "nr_measured") != number(before, "nr_measured");
}

static int print_outcome(const json_t *before, const json_t *now)
{
	if (now && number(now, "nr_measured") != number(before, "nr_measured"))
		return print_sizes(label_of(before), before, now);
	if (now)
		fprintf(stderr, "pvring resize: %s: not measured in %d s (does its storage answer?)\n",
			label_of(before), CLIENT_SECONDS);
	else
		fprintf(stderr, "pvring resize: the device is gone\n");
	return EXIT_FAILED;
}

static int wait_and_print(const char *path, json_t *before)
{
	struct errbuf err;
	json_t *status = client_wait(path, CLIENT_SECONDS, is_over, before, &err);
	int rc = status ? print_outcome(before, client_find(status, label_of(before))) : EXIT_FAILED;

	if (!status)
		fprintf(stderr, "pvring resize: %s\n", err.text);
	json_decref(status);
	return rc;
}

int command_resize(int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	struct client_socket socket = { .path = CLIENT_DIR "/pvring-blkd.sock" };
	json_t *request, *reply;
	struct errbuf err;
	int status;

	if (!args_parse(&spec, argc, argv, &socket, &args, &status))
		return status;
	request = json_pack("{s:s, s:s}", "cmd", "resize", "device", args.positional[0]);
	if (client_ask(socket.path, request, &reply, &err)) {
		fprintf(stderr, "pvring resize: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = wait_and_print(socket.path, json_object_get(reply, "before"));
	}
	json_decref(request);
	json_decref(reply);
	return status;
}
