/* SPDX-License-Identifier: MIT */
/*
 * Runs cases against a frontend: for each a new device, a process of its own in the backend's place, a deadline. What
 * makes the guest use the device is started by the case, and ends with it.
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_SUITE_FRONTEND_H
#define TESTS_CONFORM_SUITE_FRONTEND_H

#include "tests/conform/case.h"
#include "tests/conform/session.h"

/* The exit status. */
int suite_run_frontend(const struct conform_options *options);
/* In the backend's place: one case. Does not return unless it has passed. */
void suite_run_frontend_case(const char *class_name, const char *name, uint32_t domid, uint32_t devid);

#endif
