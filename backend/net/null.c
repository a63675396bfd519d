// SPDX-License-Identifier: MIT
#include "backend/net/null.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errbuf.h"

#define PATH "/dev/zero"

int net_null_open(struct net_null *null, struct errbuf *err)
{
	if (null->is_open)
		return 0;
	null->fd = open(PATH, O_RDWR | O_CLOEXEC);
	if (null->fd < 0)
		return errbuf_set(err, -errno, PATH ": %s", strerror(errno));
	null->is_open = true;
	return 0;
}

void net_null_close(struct net_null *null)
{
	if (null->is_open)
		close(null->fd);
	null->is_open = false;
}
