// SPDX-License-Identifier: MIT
/* pvring: attaches and detaches devices and asks the daemons what they do. */
#include <stdio.h>
#include <string.h>

#include "common/base/version.h"
#include "ctl/commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "attach", command_attach, "give a guest a disk, a network device or a USB device" },
	{ "detach", command_detach, "take one away from a guest" },
	{ "status", command_status, "show what the daemons serve" },
	{ "metrics", command_metrics, "print a daemon's counters for Prometheus" },
	{ "drain", command_drain, "make a daemon finish what is in flight and exit" },
	{ "resize", command_resize, "tell a guest now of what its disk's image has grown by" },
	{ "upgrade", command_upgrade, "have a daemon's program, as it is installed now, take over from it" },
	{ "recover", command_recover, "decide what becomes of a device that is parked" },
	{ "journal", command_journal, "list what a daemon that died had not answered" },
	{ "net", command_net, "capture what passes a network device's rings" },
	{ "usb", command_usb, "list this domain's USB devices, capture what passes a controller's rings" },
	{ "hotplug", command_hotplug, "what Xen's toolstack runs when a device comes or goes" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fprintf(to, "Usage: pvring COMMAND [ARGUMENT...]\nServes Xen guests' devices from userspace.\n\nCommands:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-24s %s\n", commands[i].name, commands[i].help);
	fprintf(to, "\n'pvring COMMAND --help' says more. Options:\n");
	fprintf(to, "  %-24s %s\n  %-24s %s\n", "--version", "print the version and exit", "--help",
		"print this and exit");
}

/* What stands before any command. -1: it is none of ours. */
static int run_option(const char *option)
{
	if (strcmp(option, "--help") == 0)
		print_help(stdout);
	else if (strcmp(option, "--version") == 0)
		printf("pvring %s\n", pvring_version);
	else if (strcmp(option, "--long-options") == 0)
		printf("--version\n--help\n");
	else if (strcmp(option, "--commands") == 0)
		for (size_t i = 0; i < NR_COMMANDS; i++)
			printf("%s\n", commands[i].name);
	else
		return -1;
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	status = run_option(argv[1]);
	if (status < 0) {
		fprintf(stderr, "pvring: there is no command '%s'.\nTry 'pvring --help'.\n", argv[1]);
		status = EXIT_USAGE;
	}
	return status;
}
