/* SPDX-License-Identifier: MIT */
/*
 * What pvring attach does with a device of any class. Each class has a command line of its own, attach_CLASS.c, which
 * is given the arguments from the class's name on.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_ATTACH_H
#define CTL_ATTACH_H

#include <stdbool.h>

#include "ctl/toolstack_device.h"

int attach_vbd(int argc, char **argv);
int attach_vif(int argc, char **argv);
int attach_usb(int argc, char **argv);
/* Of pvring detach, which takes a device of a controller away, not the controller. */
int detach_usb(int argc, char **argv);

/* The first member of what a class's options are stored in. */
struct attach_domains {
	uint32_t domid;
	uint32_t backend_domid;
	bool has_backend; /* else the backend is to be in our own domain */
};

int attach_set_backend(void *config, const char *value, struct errbuf *err);
int attach_parse_domid(struct attach_domains *domains, const char *value, struct errbuf *err);
int attach_init(struct ts_device *dev, const struct ts_class *class, const struct attach_domains *domains,
		uint32_t devid, const struct xb_store *store, struct errbuf *err);

/* After its nodes have been written: until the guest may connect. On failure all is as if it had not been asked for. */
int attach_bring_up(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);

#endif
