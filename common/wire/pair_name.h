/* SPDX-License-Identifier: MIT */
/* How the `bridge` of a vif says that it is joined to another one: by a name that both have, "pair:left-right". */
#ifndef COMMON_WIRE_PAIR_NAME_H
#define COMMON_WIRE_PAIR_NAME_H

#define NET_PAIR_SCHEME	  "pair:"
#define NET_PAIR_MAX_NAME 64 /* with its NUL */

#endif
