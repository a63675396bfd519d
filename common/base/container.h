/* SPDX-License-Identifier: MIT */
/* From an embedded member to the structure that holds it. */
#ifndef COMMON_BASE_CONTAINER_H
#define COMMON_BASE_CONTAINER_H

#include <stddef.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#endif
