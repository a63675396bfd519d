/* SPDX-License-Identifier: MIT */
/*
 * What a toolstack writes to xenstore around a domain's life, with libxl's names and permissions.
 *
 * Thread: the command's only one. Errors: -errno with the reason in err.
 */
#ifndef LOOPXEN_STORE_H
#define LOOPXEN_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;
struct host_dom;

bool store_answers(void);
int store_add_dom0(const struct host_dom *dom, struct errbuf *err);
/* Writes the nodes and introduces the domain, whose bus proxy must be listening. */
int store_add_domain(const struct host_dom *dom, const char *name, struct errbuf *err);
int store_remove_domain(uint32_t domid, const uint8_t uuid[16], struct errbuf *err);

#endif
