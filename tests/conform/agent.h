/* SPDX-License-Identifier: MIT */
/*
 * In the backend's domain, for a suite that runs in the guest: does what that asks for by its mailbox, until it is told
 * to end (SIGTERM, SIGINT) or the guest is gone.
 *
 * agent_ask() is the suite's side of it.
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_AGENT_H
#define TESTS_CONFORM_AGENT_H

#include "tests/conform/options.h"
#include "tests/conform/peer/mailbox.h"

/* The exit status. */
int agent_run(const struct conform_options *options);
/* As host_do(). One that does not answer has answered "- REASON". */
void agent_ask(struct xb_store *store, const char *question, char answer[MAILBOX_TEXT]);

#endif
