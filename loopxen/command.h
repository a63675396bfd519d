/* SPDX-License-Identifier: MIT */
/* The subcommands. Each gets its own arguments, prints what it has to say, and returns the exit status. */
#ifndef LOOPXEN_COMMAND_H
#define LOOPXEN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;
struct options_spec;

int cmd_up(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_domain(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_check(int argc, char **argv);

/* For those above. */
/* Takes the options, up to argv[*next]. false: that was all, *status is the exit status. */
bool command_options(const struct options_spec *spec, int argc, char **argv, void *config, int *next, int *status);
int command_fail(const struct errbuf *err); /* prints it, returns 1 */
/* Maps the instance's state; -errno with a message for somebody who forgot `loopxen up`. */
int command_open(struct errbuf *err);
/* true: a reaper lives in this instance (it holds a lock as long as it does). */
bool command_is_up(void);
/* The lock file, locked for as long as any copy of the descriptor is open; -EBUSY if a reaper or an `up` holds it. */
int command_lock(void);
/* First thing in a command that starts daemons: they would hold the caller's pipes and locks as long as they live. */
void command_close_inherited(void);
/*
 * Forks a process that outlives the command: a session of its own, default signals, output to loopxen.log. Returns its
 * pid, 0 in it; *out is the end of a pipe: read by the parent, written by the child when it is ready.
 */
int command_fork_daemon(int *out);
/* One byte from the child: 0, or -ETIMEDOUT or -ECHILD. Closes it. */
int command_wait_ready(int in, int timeout_ms);

#endif
