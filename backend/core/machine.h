/* SPDX-License-Identifier: MIT */
/*
 * What a daemon has to know of the machine it runs on, and tells whoever started it.
 *
 * Thread: any, but for machine_notify() and machine_raise_nofile() (the main thread).
 */
#ifndef BACKEND_CORE_MACHINE_H
#define BACKEND_CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* Is this a PV domain (a stock dom0)? There no granted page may be pinned: see ARCHITECTURE.md. Never logs. */
bool machine_is_pv_domain(void);
/* How many pages xen-gntalloc lets this domain grant to others or itself; UINT32_MAX: it does not say. Never logs. */
uint32_t machine_gntalloc_limit(void);
/* Does a kernel driver ("vbd", as it calls itself below xen-backend) own that kind of backend here? Never logs. */
bool machine_has_backend_driver(const char *driver);
/* sd_notify(3): nothing happens where nobody listens. Logs. */
void machine_notify(const char *text);
/* As many descriptors as the hard limit allows: a guest has several per disk. */
void machine_raise_nofile(void);

#endif
