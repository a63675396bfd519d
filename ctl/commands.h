/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of pvring. Each gets its own arguments (argv[0] is its name), prints what was asked for to stdout and
 * what is wrong to stderr, and returns the program's exit status.
 */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#define EXIT_OK     0
#define EXIT_FAILED 1 /* what was asked for did not happen; the reason was printed */
#define EXIT_USAGE  2 /* what was asked for cannot be understood */

int command_attach(int argc, char **argv);
int command_detach(int argc, char **argv);
int command_hotplug(int argc, char **argv);
int command_status(int argc, char **argv);
int command_metrics(int argc, char **argv);
int command_drain(int argc, char **argv);
int command_resize(int argc, char **argv);
int command_upgrade(int argc, char **argv);
int command_recover(int argc, char **argv);
int command_journal(int argc, char **argv);
int command_net(int argc, char **argv);
int command_usb(int argc, char **argv);

#endif
