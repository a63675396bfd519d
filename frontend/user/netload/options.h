/* SPDX-License-Identifier: MIT */
/* pvring-netload's command line, in one table. */
#ifndef NETLOAD_OPTIONS_H
#define NETLOAD_OPTIONS_H

#include "common/base/options.h"
#include "frontend/user/netload/netload.h"

/* OPTIONS_RUN: config is complete and makes sense. */
enum options_result netload_parse(int argc, char **argv, struct netload_config *config);
/* Takes the first one off config->groups. -EINVAL: it is none, so not of a config that makes sense. */
int netload_next_group(const char **list, bool *is_added, uint8_t address[6]);

#endif
