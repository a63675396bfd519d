/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Access to memory that a peer can write at any moment. Nothing else in the tree dereferences such memory: indexes go
 * through the loads, stores and the fence below, everything longer through peer_copy() and peer_write().
 *
 * The peer runs on another CPU, even when this machine has only one, and may be hostile: a value is loaded exactly
 * once, and what is judged afterwards is the private copy.
 *
 * Also compiled into Linux kernel modules, hence the two sets of primitives. A file that defines RING_TEST supplies
 * all of them itself, before it includes this one (tests/ring/search.c: it makes every access a scheduling point).
 *
 * Thread: any. Never fails, never logs.
 */
#ifndef COMMON_RING_ORDER_H
#define COMMON_RING_ORDER_H

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#endif

/* A free-running index: it wraps, and only differences mean anything. 8 bits let a test walk the whole circle. */
#ifndef RING_IDX_BITS
#define RING_IDX_BITS 32
#endif
#if RING_IDX_BITS == 32
typedef uint32_t ring_idx;
#else
typedef uint8_t ring_idx;
#endif

/* For our own invariants only, never for what a peer wrote. */
#ifdef __KERNEL__
#define ring_assert(cond) WARN_ON_ONCE(!(cond))
#else
#define ring_assert(cond) assert(cond)
#endif

#ifndef RING_TEST

/* Everything after this load happens after whatever the peer did before the store that it sees. */
static inline ring_idx peer_load_acquire(const ring_idx *p)
{
#ifdef __KERNEL__
	return virt_load_acquire(p);
#else
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
#endif
}

/* Everything before this store, loads included, is over for a peer that sees it. */
static inline void peer_store_release(ring_idx *p, ring_idx value)
{
#ifdef __KERNEL__
	virt_store_release(p, value);
#else
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
#endif
}

/* One load, one store, in no order with anything else. */
static inline ring_idx peer_load(const ring_idx *p)
{
#ifdef __KERNEL__
	return READ_ONCE(*p);
#else
	return __atomic_load_n(p, __ATOMIC_RELAXED);
#endif
}

static inline void peer_store(ring_idx *p, ring_idx value)
{
#ifdef __KERNEL__
	WRITE_ONCE(*p, value);
#else
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
#endif
}

/* No load below happens before every store above is visible: what neither acquire nor release gives. */
static inline void peer_fence(void)
{
#ifdef __KERNEL__
	virt_mb(); /* not smp_mb(): that is nothing in a kernel built for one CPU */
#else
#ifdef __SANITIZE_THREAD__ /* TSan does not model fences; none of its verdicts about a ring hangs on this one */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic pop
#endif
#endif
}

/* Words at any address and of any type; volatile, so that each is read or written once and never again. */
struct peer_word {
	unsigned long value;
} __attribute__((packed, may_alias));

/*
 * A private copy of what the peer shares. Each byte is loaded exactly once: a plain memcpy() leaves the compiler free
 * to look at the peer's bytes again where the copy is used (XSA-155). The bytes may still be a mixture of what the
 * peer wrote at several times.
 */
static inline void peer_copy(void *dst, const void *peer_src, size_t len)
{
	const volatile struct peer_word *from = peer_src;
	struct peer_word *to = dst;
	const volatile unsigned char *from_byte;
	unsigned char *to_byte;

	for (; len >= sizeof(*to); len -= sizeof(*to))
		*to++ = (struct peer_word){ (from++)->value };
	from_byte = (const volatile unsigned char *)from;
	to_byte = (unsigned char *)to;
	while (len--)
		*to_byte++ = *from_byte++;
}

/* The same for what is long, such as a page: after it the compiler has forgotten where the copy came from. */
static inline void peer_copy_long(void *dst, const void *peer_src, size_t len)
{
	memcpy(dst, peer_src, len);
#ifdef __KERNEL__
	barrier();
#else
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

/* The other way: each byte is stored exactly once, so nothing that only passed through the slot is ever visible. */
static inline void peer_write(void *peer_dst, const void *src, size_t len)
{
	volatile struct peer_word *to = peer_dst;
	const struct peer_word *from = src;
	volatile unsigned char *to_byte;
	const unsigned char *from_byte;

	for (; len >= sizeof(*from); len -= sizeof(*from))
		(to++)->value = (from++)->value;
	to_byte = (volatile unsigned char *)to;
	from_byte = (const unsigned char *)from;
	while (len--)
		*to_byte++ = *from_byte++;
}

#endif /* RING_TEST */

#endif
