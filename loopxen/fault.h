/* SPDX-License-Identifier: MIT */
/*
 * LOOPXEN_FAIL: which of the things that a process asks for do not work.
 *
 * Thread: any. Allocates nothing: what fails may be memory. What comes true is said on stderr, once per kind, so that
 * whoever plans a failure knows whether it has happened.
 */
#ifndef LOOPXEN_FAULT_H
#define LOOPXEN_FAULT_H

#include <stdbool.h>

enum fault { FAULT_MAP, FAULT_COPY, FAULT_BIND, FAULT_ALLOC, FAULT_UNMAP, FAULT_MEMORY, FAULT_NR };

#define FAULT_SYNTAX \
	"WHAT:K or WHAT:K:persist, comma-separated, with WHAT one of map, copy, bind, alloc, unmap, memory and K from 1"
/* May $LOOPXEN_FAIL be this? NULL and "" are no failures. */
bool fault_is_valid(const char *text);
/* Does any of this kind fail? If not there is nothing to count. Says so if $LOOPXEN_FAIL is not valid. */
bool fault_is_planned(enum fault fault);
/* Does the nth of this kind fail (an unmap: is it late)? */
bool fault_hits(enum fault fault, unsigned long n);

#endif
