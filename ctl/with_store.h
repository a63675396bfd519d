/* SPDX-License-Identifier: MIT */
/* What every subcommand that works on xenstore does around its work. */
#ifndef CTL_WITH_STORE_H
#define CTL_WITH_STORE_H

#include "xenbus/store.h"

/* Runs body on a connection of its own and says on stderr, as PROGRAM, why it failed. Returns the exit status. */
int with_store(const char *program, int (*body)(struct xb_store *store, void *arg, struct errbuf *err), void *arg);

#endif
