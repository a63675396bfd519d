/* SPDX-License-Identifier: MIT */
/*
 * What an operator may say of a network device, in xl's words, and how it stands in xenstore. Pure; stricter than xl,
 * which takes "2-16" for the start of a MAC address and a name that no interface can have.
 *
 * Thread: any. Errors: -EINVAL with the value and what was expected in err; never logs.
 */
#ifndef CTL_VIF_VALUES_H
#define CTL_VIF_VALUES_H

#include "common/base/errbuf.h"

#define VIF_MAC_SIZE  18 /* "00:16:3e:12:34:56" and a NUL */
#define VIF_RATE_SIZE 48

/* Of one station. Any case is taken, lower case given. */
int vif_parse_mac(const char *text, char mac[VIF_MAC_SIZE], struct errbuf *err);
/* "10Mb/s", "1MB/s@20ms" (by default @50ms): gives "BYTES,MICROSECONDS", what may pass in each such interval. */
int vif_parse_rate(const char *text, char rate[VIF_RATE_SIZE], struct errbuf *err);
/* A name that Linux gives to an interface; what: "bridge", for the message. */
int vif_check_name(const char *what, const char *name, struct errbuf *err);
/* That of a bridge, or "pair:" and what two vifs have in common, or "null:" and maybe a frame's bytes. */
int vif_check_bridge(const char *text, struct errbuf *err);
/* Addresses with blanks between them, IPv4 or IPv6, each alone or with the length of a prefix. */
int vif_check_ip(const char *list, struct errbuf *err);

#endif
