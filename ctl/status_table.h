/* SPDX-License-Identifier: MIT */
/*
 * What a daemon answers to "status", as a table for a person: a line for each device, and below it what is wrong.
 *
 * Thread: the main thread. Prints to stdout. Trust: what a daemon leaves out, or says in another type, is an
 * empty cell.
 */
#ifndef CTL_STATUS_TABLE_H
#define CTL_STATUS_TABLE_H

#include <jansson.h>

void status_table_print(const json_t *reply);

#endif
