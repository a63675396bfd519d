/* SPDX-License-Identifier: MIT */
/*
 * Where things are: the stand-in libraries, the Xen programs, and the environment that leads a program to both.
 *
 * Thread: the command's only one. Errors: -errno with the reason in err.
 */
#ifndef LOOPXEN_PLACE_H
#define LOOPXEN_PLACE_H

#include <stddef.h>
#include <stdint.h>

struct errbuf;

/* Makes the instance's directory absolute and keeps it in $LOOPXEN_DIR. */
int place_init(struct errbuf *err);
/* Debian's xenstored: $LOOPXEN_XEN_ROOT, the system, then what is unpacked beside or under the build. */
int place_find_xenstored(char *path, size_t size, struct errbuf *err);
/* Sets what a program of DOMID needs: libraries, xenstore, PATH. DOMID 0 talks to xenstored itself. */
int place_set_env(uint32_t domid, struct errbuf *err);
/* The stand-in library directory. */
int place_find_libs(char *path, size_t size, struct errbuf *err);
/* The unix socket through which DOMID talks to xenstore. */
void place_store_socket(char *path, size_t size, uint32_t domid);

#endif
