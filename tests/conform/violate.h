/* SPDX-License-Identifier: MIT */
/*
 * The one clause that a scripted peer is told to break. The question stands where the clause is obeyed, so that the
 * peer reads as the clause does:
 *
 *	if (!violates("BUS-35"))
 *		back_release(back);
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_VIOLATE_H
#define TESTS_CONFORM_VIOLATE_H

#include <stdbool.h>

struct errbuf;

enum violate_side {
	VIOLATE_BACKEND,
	VIOLATE_NET_BACKEND,
	VIOLATE_USB_BACKEND,
	VIOLATE_FRONTEND,
	VIOLATE_NET_FRONTEND,
	VIOLATE_USB_FRONTEND,
	VIOLATE_NR_SIDES,
};

/* A clause that is not in the tables of violate.c is a mistake of ours. */
bool violates(const char *clause);
/* What --violate says. -EINVAL, with a reason: the clause is not in the side's table. */
int violate_choose(enum violate_side side, const char *clause, struct errbuf *err);
/* A line for each: "CLAUSE[.WAY]<tab>what is done wrong". */
void violate_list(enum violate_side side);

#endif
