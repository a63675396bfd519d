/* SPDX-License-Identifier: MIT */
/*
 * pvring-conform scripted: the suite's own peers. The backend serves the disks of one guest, one after the other, that
 * of USB controllers does the same, and that of vifs serves all that the guest has at once; a frontend does with one
 * disk, vif or controller what the suite's environment asks for. Each keeps every clause but the one that it is told to
 * break: so it is what a peer should be, and what the suite must find.
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_SCRIPTED_H
#define TESTS_CONFORM_SCRIPTED_H

/* "backend [OPTION...]". Ends with a signal, or with an error of the environment. */
int scripted_backend_main(int argc, char **argv);
/* "net-backend [OPTION...]", "usb-backend [OPTION...]". The same of vifs, and of USB controllers. */
int scripted_net_backend_main(int argc, char **argv);
int scripted_usb_backend_main(int argc, char **argv);
/* "frontend [OPTION...]", and of a vif or a controller: the exit status is the workload's. */
int scripted_frontend_main(int argc, char **argv);
int scripted_net_frontend_main(int argc, char **argv);
int scripted_usb_frontend_main(int argc, char **argv);

#endif
