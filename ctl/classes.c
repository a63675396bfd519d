// SPDX-License-Identifier: MIT
#include "ctl/classes.h"

#include <errno.h>
#include <string.h>

#include "ctl/vbd.h"
#include "ctl/vif.h"
#include "ctl/vusb.h"

static const struct ts_class *const classes[] = { &vbd_class, &vif_class, &vusb_class };

int ts_class_find(const char *kind, const struct ts_class **class, struct errbuf *err)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		*class = classes[i];
		if (strcmp(kind, classes[i]->kind) == 0)
			return 0;
	}
	return errbuf_set(err, -EINVAL, "'%.40s' is not a kind of device: expected vbd, vif or vusb", kind);
}
