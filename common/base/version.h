/* SPDX-License-Identifier: MIT */
/* The version this was built from, as every program's --version prints it. */
#ifndef COMMON_BASE_VERSION_H
#define COMMON_BASE_VERSION_H

extern const char pvring_version[];

#endif
