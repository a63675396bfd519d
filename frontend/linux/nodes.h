/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes of xenstore, as drivers read and write them: a backend's numbers within bounds, its state, a device's own nodes
 * in one transaction.
 *
 * Thread: xenbus', may sleep. Errors: -errno; nodes_read_terms() says which node is wrong, in the kernel's log and in
 * the error node, the others say nothing.
 */
#ifndef FRONTEND_LINUX_NODES_H
#define FRONTEND_LINUX_NODES_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <xen/xenbus.h>

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* Decimal digits and nothing else. One that is too long for a u64 is the largest. */
static inline int nodes_parse_number(const char *text, unsigned int length, u64 *value)
{
	unsigned int i;

	if (length == 0)
		return -EINVAL;
	for (i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	if (kstrtoull(text, 10, value))
		*value = U64_MAX;
	return 0;
}

/* -ENOENT: there is no such node; -EINVAL: it is no number. */
static inline int nodes_read_number(const char *dir, const char *node, u64 *value)
{
	unsigned int length;
	char *text;
	int rc;

	text = xenbus_read(XBT_NIL, dir, node, &length);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rc = nodes_parse_number(text, length, value);
	kfree(text);
	return rc;
}

/* ---- a table of the backend's ------------------------------------------------------------------------------------ */

/*
 * A node that is no number ends the connection, as the two sides might not mean the same; so does one that is
 * needed and is not in its range. Another is brought into its range.
 */
struct term {
	const char *name;
	u64 min, max, absent;
	size_t offset; /* of a u64 */
	bool is_needed;
};

static inline int nodes_read_term(struct xenbus_device *dev, void *terms, const struct term *term)
{
	u64 *value = terms + term->offset;
	int rc;

	rc = nodes_read_number(dev->otherend, term->name, value);
	if (rc == -ENOENT && (!term->is_needed || term->absent)) {
		*value = term->absent;
		return 0;
	}
	if (rc == 0 && term->is_needed && (*value < term->min || *value > term->max))
		rc = -ERANGE;
	if (rc) {
		xenbus_dev_error(dev, rc, "the backend's %s is no number from %llu to %llu", term->name, term->min,
				 term->max);
		return rc;
	}
	*value = clamp(*value, term->min, term->max);
	return 0;
}

static inline int nodes_read_terms(struct xenbus_device *dev, void *terms, const struct term *row, size_t nr_rows)
{
	int rc = 0;

	for (; rc == 0 && nr_rows > 0; row++, nr_rows--)
		rc = nodes_read_term(dev, terms, row);
	return rc;
}

/* ---- how it is with the two sides -------------------------------------------------------------------------------- */

/* The toolstack lets a guest write its own directory: where that leads is checked. */
static inline bool nodes_backend_may_be_there(const struct xenbus_device *dev)
{
	char prefix[sizeof("/local/domain/65535/backend/")];

	snprintf(prefix, sizeof(prefix), "/local/domain/%u/backend/", (u16)dev->otherend_id);
	return str_has_prefix(dev->otherend, prefix);
}

/* The backend's state, and not what sscanf() makes of it: Unknown if there is none, -EINVAL for what is none. */
static inline int nodes_backend_state(struct xenbus_device *dev)
{
	u64 state;
	int rc;

	rc = nodes_read_number(dev->otherend, "state", &state);
	if (rc == -ENOENT)
		return XenbusStateUnknown;
	if (rc)
		return rc;
	return state <= XenbusStateReconfigured ? state : -EINVAL;
}

/* Is our own directory there still? */
static inline bool nodes_is_wanted(struct xenbus_device *dev)
{
	return xenbus_exists(XBT_NIL, dev->nodename, "state");
}

/* Is the backend done with what was before? */
static inline bool nodes_is_let_go(struct xenbus_device *dev)
{
	switch (nodes_backend_state(dev)) {
	case XenbusStateUnknown:
	case XenbusStateInitialising:
	case XenbusStateInitWait:
	case XenbusStateClosed:
		return true;
	default:
		return !nodes_is_wanted(dev);
	}
}

/* ---- ours -------------------------------------------------------------------------------------------------------- */

/* In a transaction, which is begun again when somebody else was there. */
static inline int nodes_change(int (*change)(struct xenbus_transaction xbt, const void *arg), const void *arg)
{
	struct xenbus_transaction xbt;
	int rc, end;

	do {
		rc = xenbus_transaction_start(&xbt);
		if (rc)
			return rc;
		rc = change(xbt, arg);
		end = xenbus_transaction_end(xbt, rc != 0);
	} while (rc == 0 && end == -EAGAIN);
	return rc ?: end;
}

#endif
