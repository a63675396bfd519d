/* SPDX-License-Identifier: MIT */
/*
 * The steps of a device's life, for device.c (what next), device_open.c and device_connect.c alone. A step that takes
 * time leaves the device in a busy phase; its end is device_settle().
 *
 * Thread: the main thread. Logs.
 */
#ifndef BACKEND_CORE_DEVICE_STEPS_H
#define BACKEND_CORE_DEVICE_STEPS_H

#include "backend/core/device.h"

/* How often a claim or a lock that is held by somebody else is tried again. */
#define DEVICE_RETRY_NS 50000000ULL

/* Every step ends here: looks what is next, or goes on with stopping. */
void device_settle(struct device *dev, enum device_phase phase);
/*
 * Logs a line that begins with the device's label. The first of each kind is said in any case, as an operator looks for
 * it when he attaches a device; more of them are bounded for all devices of the guest together.
 */
void device_say(struct device *dev, enum device_says what, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* run() on a helper thread, then done() on this one, which begins with device_job_done(). */
void device_post_job(struct device *dev, void (*run)(struct helper_job *), void (*done)(struct helper_job *));
struct device *device_job_done(struct helper_job *job);

/* device_open.c */
void device_start_open(struct device *dev);
void device_offer(struct device *dev);
/* Whose device it is, into its rings' identities; their rest is cleared. Fails only if the store does not answer. */
int device_read_domain(struct device *dev, struct errbuf *err);
/* What the hotplug script has said: it is run once, and would not say so again. "": nothing, or rubbish. */
int device_read_hotplug_status(struct device *dev, char *status, size_t size, struct errbuf *err);

/* device_connect.c */
void device_start_connect(struct device *dev);
void device_start_disconnect(struct device *dev, enum queue_stop how);
/* Closes, and says why in the log and in xenstore. false: the store did not answer, so it is still to be done. */
bool device_refuse(struct device *dev, const char *step, int rc, const char *reason);

/* Because the store did not answer (rc): everything is looked at again, by itself and soon. */
static inline bool device_asks_again(struct device *dev, int rc)
{
	dev->host->must_look_again |= xb_is_unknown(rc);
	return xb_is_unknown(rc);
}

static inline bool device_has_fault(const struct device *dev)
{
	return dev->fault.text[0] != '\0';
}

/* The toolstack removed the directory and made a new one of the same name before we looked. */
static inline bool device_is_another(const struct device *dev, enum xb_state ours)
{
	return ours == XB_INITIALISING && dev->was_offered;
}

#endif
