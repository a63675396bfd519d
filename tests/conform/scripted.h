/* SPDX-License-Identifier: MIT */
/*
 * pvring-conform scripted: the suite's own backend. It serves the disks of one guest, one after the other, and keeps
 * every clause but the one that it is told to break: so it is what a backend should be, and what the suite must find.
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_SCRIPTED_H
#define TESTS_CONFORM_SCRIPTED_H

/* "scripted [OPTION...]". Ends with a signal, or with an error of the environment. */
int scripted_main(int argc, char **argv);

#endif
