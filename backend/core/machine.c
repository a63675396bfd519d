// SPDX-License-Identifier: MIT
#include "backend/core/machine.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/log.h"

bool machine_is_pv_domain(void)
{
	char type[8] = "";
	FILE *file = fopen("/sys/hypervisor/guest_type", "re");

	if (!file)
		return false;
	if (!fgets(type, sizeof(type), file))
		type[0] = '\0';
	fclose(file);
	return strncmp(type, "PV", 2) == 0 && type[2] == '\n';
}

uint32_t machine_gntalloc_limit(void)
{
	FILE *file = fopen("/sys/module/xen_gntalloc/parameters/limit", "re");
	int limit = INT_MAX;

	if (!file)
		return UINT32_MAX;
	if (fscanf(file, "%d", &limit) != 1 || limit < 0)
		limit = 0;
	fclose(file);
	return limit;
}

bool machine_has_backend_driver(const char *driver)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", driver);
	return access(path, F_OK) == 0;
}

void machine_notify(const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&addr,
		   offsetof(struct sockaddr_un, sun_path) + len) < 0)
		log_warn("NOTIFY_SOCKET %s: %s", path, strerror(errno));
	close(fd);
}

void machine_raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
