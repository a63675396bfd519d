// SPDX-License-Identifier: MIT
/* pvring-usbload: uses a PV USB controller of this domain from userspace, for tests, measurements and programs. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "frontend/user/usbload/options.h"
#include "frontend/user/usbload/usbload.h"

volatile int usbload_stop;

static void stop(int number)
{
	usbload_stop = 1;
}

void usbload_error(const char *fmt, ...)
{
	va_list args;

	fputs("pvring-usbload: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop }; /* no SA_RESTART: a wait must end */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	const struct usbload_command *command;
	struct usbfront_config front_config = { 0 };
	struct usbload_config config;
	struct usbload ul = { .config = &config };
	struct errbuf err;
	int exit_code;

	switch (usbload_parse(argc, argv, &config, &command)) {
	case OPTIONS_DONE:
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	catch_signals();
	front_config.devid = config.devid;
	front_config.timeout_ms = config.timeout_s * 1000;
	ul.front = usbfront_new(&front_config);
	if (!ul.front) {
		usbload_error("out of memory");
		return EXIT_CONNECT;
	}
	if (usbfront_connect(ul.front, &err)) {
		usbload_error("cannot connect: %s", err.text);
		usbfront_free(ul.front);
		return EXIT_CONNECT;
	}
	exit_code = command->run(&ul);
	if (usbfront_disconnect(ul.front, &err)) {
		usbload_error("closing: %s", err.text);
		if (exit_code == EXIT_OK)
			exit_code = EXIT_IO;
	}
	usbfront_free(ul.front);
	return exit_code;
}
