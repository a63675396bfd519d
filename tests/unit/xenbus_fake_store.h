/* SPDX-License-Identifier: MIT */
/* A store in memory, open for the time of one test. */
#include "tests/unit/xenbus_fake.h"
#include "xenbus/store.h"

static struct xb_store store;
static struct errbuf err;

static int setup(void **state)
{
	fake_reset();
	xb_store_init(&store);
	err.text[0] = '\0';
	return xb_store_open(&store, &err);
}

static int teardown(void **state)
{
	xb_store_fini(&store);
	fake_reset();
	return 0;
}
