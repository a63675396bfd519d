/* SPDX-License-Identifier: MIT */
/*
 * Runs cases against a backend: for each a new device, a process of its own in the guest's place, a deadline. A backend
 * that dies, or does not let go of the device afterwards, has failed that case; where we started it, it is started
 * anew.
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_SUITE_H
#define TESTS_CONFORM_SUITE_H

#include "tests/conform/session.h"

/* The exit status. */
int suite_run_backend(const struct conform_options *options);
/* In the guest's place: one case. Does not return unless it has passed. */
void suite_run_case(const char *class_name, const char *name, const char *devices, uint32_t seed);

#endif
