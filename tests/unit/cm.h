/* SPDX-License-Identifier: MIT */
/* cmocka, after the headers that it needs first. */
#ifndef TESTS_UNIT_CM_H
#define TESTS_UNIT_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
