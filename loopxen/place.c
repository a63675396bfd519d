// SPDX-License-Identifier: MIT
#include "loopxen/place.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "loopxen/host.h"

#define LONGEST_NAME 24 /* of a socket in the directory */

int place_init(struct errbuf *err)
{
	const char *dir = host_dir();
	char path[PATH_MAX], cwd[PATH_MAX / 2] = "";

	if (*dir != '/' && !getcwd(cwd, sizeof(cwd)))
		return errbuf_set(err, -errno, "the current directory can not be read: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s%s%.2000s", cwd, *cwd ? "/" : "", dir);
	if (strlen(path) + LONGEST_NAME >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return errbuf_set(err, -ENAMETOOLONG,
				  "the directory '%.100s' is too long: unix sockets in it need a path below %zu bytes",
				  path, sizeof(((struct sockaddr_un *)0)->sun_path) - LONGEST_NAME);
	setenv("LOOPXEN_DIR", path, 1);
	return 0;
}

static int exe_dir(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return 0;
}

int place_find_libs(char *path, size_t size, struct errbuf *err)
{
	static const char *const places[] = { "%s/loopxen-lib", "%s/../lib/pvring/loopxen" };
	char exe[PATH_MAX / 2], file[PATH_MAX];
	int rc = exe_dir(exe, sizeof(exe));

	for (unsigned int i = 0; !rc && i < 2; i++) {
		snprintf(path, size, i ? places[1] : places[0], exe);
		snprintf(file, sizeof(file), "%.3000s/libxencall.so.1", path);
		if (access(file, R_OK) == 0)
			return 0;
	}
	return errbuf_set(
		err, -ENOENT,
		"no stand-in libraries in %.150s/loopxen-lib or %.150s/../lib/pvring/loopxen: build them with 'make'",
		exe, exe);
}

/* ROOT/usr/lib/xen-VERSION/bin; "" is the system's own. */
static int find_in_root(const char *root, char *bin, size_t size)
{
	char pattern[PATH_MAX];
	glob_t found;
	int rc = -ENOENT;

	snprintf(pattern, sizeof(pattern), "%.3000s/usr/lib/xen-*/bin/xenstored", root);
	if (glob(pattern, 0, NULL, &found) == 0) {
		const char *last = found.gl_pathv[found.gl_pathc - 1];

		if (access(last, X_OK) == 0 && strlen(last) < size) {
			strcpy(bin, last);
			*strrchr(bin, '/') = '\0';
			rc = 0;
		}
	}
	globfree(&found);
	return rc;
}

/* Finds the directory of Xen's programs and the root it is under. */
static int find_xen(char *bin, size_t bin_size, char *root, size_t root_size)
{
	const char *env = getenv("LOOPXEN_XEN_ROOT");
	static const char *const beside[] = { "xen/root", "../xen/root", "../build/xen/root" };
	char exe[PATH_MAX / 2];

	if (env && *env) {
		snprintf(root, root_size, "%s", env);
		return find_in_root(root, bin, bin_size);
	}
	*root = '\0';
	if (find_in_root(root, bin, bin_size) == 0)
		return 0;
	if (exe_dir(exe, sizeof(exe)))
		return -ENOENT;
	for (unsigned int i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(root, root_size, "%s/%s", exe, beside[i]);
		if (find_in_root(root, bin, bin_size) == 0)
			return 0;
	}
	return -ENOENT;
}

int place_find_xenstored(char *path, size_t size, struct errbuf *err)
{
	char root[PATH_MAX], bin[PATH_MAX];

	if (find_xen(bin, sizeof(bin), root, sizeof(root)))
		return errbuf_set(
			err, -ENOENT,
			"no xenstored: looked for usr/lib/xen-*/bin/xenstored under $LOOPXEN_XEN_ROOT (%.100s), or "
			"in the system and in xen/root beside loopxen. Unpack Debian's xen-utils-4.17 there, or set "
			"LOOPXEN_XEN_ROOT",
			getenv("LOOPXEN_XEN_ROOT") ? getenv("LOOPXEN_XEN_ROOT") : "not set");
	snprintf(path, size, "%.4000s/xenstored", bin);
	return 0;
}

void place_store_socket(char *path, size_t size, uint32_t domid)
{
	if (domid)
		host_path(path, size, "store.%u", domid);
	else
		host_path(path, size, "store/socket");
}

/* Appends DIR to the colon-separated list NAME, or puts it first. */
static void extend(const char *name, const char *dir, int is_first)
{
	const char *old = getenv(name);
	size_t size = strlen(dir) + (old ? strlen(old) : 0) + 2;
	char *list = malloc(size);

	if (!list)
		return;
	if (!old || !*old)
		snprintf(list, size, "%s", dir);
	else
		snprintf(list, size, "%s:%s", is_first ? dir : old, is_first ? old : dir);
	setenv(name, list, 1);
	free(list);
}

static void add_xen_root(void)
{
	char root[PATH_MAX], bin[PATH_MAX], dir[PATH_MAX + 64];

	if (find_xen(bin, sizeof(bin), root, sizeof(root)))
		return;
	extend("PATH", bin, 0);
	if (!*root)
		return;
	snprintf(dir, sizeof(dir), "%s/usr/bin", root);
	extend("PATH", dir, 0);
	snprintf(dir, sizeof(dir), "%s/usr/lib/x86_64-linux-gnu", root);
	extend("LD_LIBRARY_PATH", dir, 0);
}

int place_set_env(uint32_t domid, struct errbuf *err)
{
	char path[PATH_MAX], preload[PATH_MAX], number[16];
	int rc = place_find_libs(path, sizeof(path), err);

	if (rc)
		return rc;
	extend("LD_LIBRARY_PATH", path, 1);
	if (fault_is_planned(FAULT_MEMORY)) {
		snprintf(preload, sizeof(preload), "%.4000s/memory-preload.so", path);
		extend("LD_PRELOAD", preload, 1);
	}
	add_xen_root();
	snprintf(number, sizeof(number), "%u", domid);
	setenv("LOOPXEN_DOMID", number, 1);
	unsetenv("LOOPXEN_INFRA");
	/* Set, it also keeps libxenstore from falling back to /dev/xen/xenbus of a real Xen. */
	place_store_socket(path, sizeof(path), domid);
	setenv("XENSTORED_PATH", path, 1);
	host_path(path, sizeof(path), domid ? "none" : "store");
	setenv("XENSTORED_RUNDIR", path, 1);
	return 0;
}
