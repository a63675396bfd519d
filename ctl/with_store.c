// SPDX-License-Identifier: MIT
#include "ctl/with_store.h"

#include <stdio.h>

#include "ctl/commands.h"

int with_store(const char *program, int (*body)(struct xb_store *store, void *arg, struct errbuf *err), void *arg)
{
	struct xb_store store;
	struct errbuf err;
	int rc;

	xb_store_init(&store);
	rc = xb_store_open(&store, &err);
	if (rc == 0)
		rc = body(&store, arg, &err);
	xb_store_fini(&store);
	if (rc)
		fprintf(stderr, "%s: %s\n", program, err.text);
	return rc ? EXIT_FAILED : EXIT_OK;
}
