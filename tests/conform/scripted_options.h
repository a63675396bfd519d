/* SPDX-License-Identifier: MIT */
/*
 * The options of the scripted peers (scripted.h): each has those to break a clause and to list what it can break, and
 * takes of the others what it has rows for.
 *
 * Thread: the main thread. Says what is wrong on standard error.
 */
#ifndef TESTS_CONFORM_SCRIPTED_OPTIONS_H
#define TESTS_CONFORM_SCRIPTED_OPTIONS_H

#include <stdint.h>

#include "common/base/options.h"
#include "tests/conform/violate.h"

#define SCRIPTED_EXIT_USAGE 2
#define SCRIPTED_RUN        (-1)

struct scripted_options {
	enum violate_side side;
	uint32_t domid;        /* the guest's */
	uint32_t sector_bytes; /* of its disks */
	bool resides, asks;    /* a frontend of disks: is one that stays, or has that do it */
	bool only_lists;
};

/* For the rows of an options_spec, whose config is a struct scripted_options. */
int scripted_set_domid(void *config, const char *value, struct errbuf *err);
int scripted_set_violate(void *config, const char *value, struct errbuf *err);
int scripted_set_list_violations(void *config, const char *value, struct errbuf *err);

#define SCRIPTED_ROW_DOMID   { "domid", "N", "the guest's domain (default 1)", scripted_set_domid }
#define SCRIPTED_ROW_VIOLATE { "violate", "CLAUSE", "break this clause, and no other", scripted_set_violate }
#define SCRIPTED_ROW_LIST                                                                                              \
	{ "list-violations", NULL, "names the clauses that it can break, and how it does",                             \
	  scripted_set_list_violations }

/* SCRIPTED_RUN, or the exit status: all that was asked for is done, or it cannot be understood. */
int scripted_parse(const struct options_spec *spec, int argc, char **argv, struct scripted_options *options);

#endif
