/* SPDX-License-Identifier: MIT */
/*
 * Processes that the suite starts: peers that stay, cases that end.
 *
 * Thread: the main thread. A process that cannot be started ends as one that says why and has status 127.
 */
#ifndef TESTS_CONFORM_PROCESS_H
#define TESTS_CONFORM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_end {
	bool is_overdue; /* it was killed */
	int status;      /* of exit; 128 + the signal that killed it */
	char output[512]; /* the first line of its stdout */
};

/* Its stdout goes to our stderr. */
pid_t process_start_shell(const char *command);
bool process_has_ended(pid_t pid);
/* SIGTERM, and SIGKILL if that does not do. */
void process_end(pid_t pid);

/*
 * Every few milliseconds meanwhile(arg) is called; NULL: there is nothing to do. What the command has started ends with
 * it.
 */
void process_run_shell(const char *command, unsigned int timeout_s, void (*meanwhile)(void *arg), void *arg,
		       struct process_end *end);

#endif
