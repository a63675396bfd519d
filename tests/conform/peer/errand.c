// SPDX-License-Identifier: MIT
/* The toolstack's part of peer/toolstack.h, in the backend's domain. */
#include "tests/conform/peer/toolstack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "ctl/hotplug.h"
#include "ctl/vbd.h"
#include "tests/conform/peer/storage.h"

struct errand {
	struct toolstack *toolstack;
	char verb[16], name[XB_DIR_MAX], value[XB_DIR_MAX];
	char *answer; /* MAILBOX_TEXT */
};

static int write_node(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return xb_write(store, errand->toolstack->dev->backend, errand->name, err, "%s", errand->value);
}

static int read_node(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return xb_read_string_or(store, errand->name, NULL, "", errand->answer + 1, MAILBOX_TEXT - 1, err);
}

static int close_device(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return ts_device_ask_to_close(errand->toolstack->dev, store, err);
}

static int remove_device(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return xb_remove(store, errand->toolstack->dev->backend, err);
}

static int look(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	if (xb_exists(store, errand->toolstack->dev->backend, NULL))
		strcpy(errand->answer, "=there");
	return 0;
}

static int make_dir(struct xb_store *store, const char *dir, uint32_t owner, uint32_t reader, struct errbuf *err)
{
	int rc = xb_mkdir(store, dir, err);

	return rc ?: xb_set_perms(store, dir, owner, reader, err);
}

static int create_frontend(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	const struct ts_device *dev = errand->toolstack->dev;
	int rc;

	if (xb_exists(store, dev->frontend, "backend"))
		return 0;
	rc = make_dir(store, dev->frontend, dev->domid, dev->backend_domid, err);
	if (rc == 0)
		rc = xb_write(store, dev->frontend, "backend", err, "%s", dev->backend);
	if (rc == 0)
		rc = xb_write(store, dev->frontend, "backend-id", err, "%u", dev->backend_domid);
	return rc ?: xb_write(store, dev->frontend, "state", err, "%d", XB_INITIALISING);
}

static int copy_node(struct xb_store *store, struct errand *errand, const char *name, struct errbuf *err);

/* Ports of a controller have a folder of their own. */
static int copy_below(struct xb_store *store, struct errand *errand, const char *name, struct errbuf *err)
{
	char path[XB_PATH_MAX], **names;
	unsigned int nr;
	int rc = xb_path(path, sizeof(path), err, "%s/%s", errand->toolstack->dev->libxl, name);

	if (rc == 0)
		rc = xb_list(store, path, &names, &nr, err);
	if (rc)
		return rc;
	for (unsigned int i = 0; rc == 0 && i < nr; i++) {
		rc = xb_path(path, sizeof(path), err, "%s/%s", name, names[i]);
		if (rc == 0)
			rc = copy_node(store, errand, path, err);
	}
	free(names);
	return rc;
}

/* From the toolstack's own copy of its nodes. */
static int copy_node(struct xb_store *store, struct errand *errand, const char *name, struct errbuf *err)
{
	const struct ts_device *dev = errand->toolstack->dev;
	char value[1100];
	int rc;

	if (strcmp(name, "backend") == 0 || strcmp(name, errand->name) == 0)
		return 0;
	rc = xb_read_string(store, dev->libxl, name, value, sizeof(value), err);
	if (rc == 0)
		rc = xb_write(store, dev->backend, name, err, "%s", value);
	return rc ?: copy_below(store, errand, name, err);
}

static int create_device(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	const struct ts_device *dev = errand->toolstack->dev;
	unsigned int nr;
	char **names;
	int rc = xb_list(store, dev->libxl, &names, &nr, err);

	if (rc)
		return rc;
	rc = create_frontend(store, errand, err);
	if (rc == 0)
		rc = make_dir(store, dev->backend, dev->backend_domid, dev->domid, err);
	for (unsigned int i = 0; rc == 0 && i < nr; i++)
		rc = copy_node(store, errand, names[i], err);
	free(names);
	return rc == 0 && *errand->value ? write_node(store, errand, err) : rc;
}

/* A second frontend's directory, elsewhere, with what stands in the first now; until toolstack_end(). */
static int mirror(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	const char *from = errand->toolstack->dev->frontend;
	unsigned int nr;
	char **names, value[600];
	int rc = xb_list(store, from, &names, &nr, err);

	snprintf(errand->toolstack->mirror, sizeof(errand->toolstack->mirror), "%s", errand->name);
	for (unsigned int i = 0; rc == 0 && i < nr; i++) {
		rc = xb_read_string(store, from, names[i], value, sizeof(value), err);
		if (rc == 0)
			rc = xb_write(store, errand->name, names[i], err, "%s", value);
	}
	free(names);
	return rc;
}

/* What QEMU serves has kinds of its own, for which libxl runs no script. */
static bool has_script(const struct ts_device *dev)
{
	return strcmp(dev->kind, dev->class->kind) == 0;
}

/* Once there is an offer: the kernel's interface, say, is not there before. */
static int hotplug(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	const struct ts_device *dev = errand->toolstack->dev;
	int rc = has_script(dev) ? ts_device_wait_for_backend(dev, store, err) : 0;

	return rc ?: toolstack_hotplug_step(dev, store, err);
}

static int run_backend(struct errand *errand, bool runs)
{
	if (!errand->toolstack->run_backend(errand->toolstack->arg, runs))
		strcpy(errand->answer, TOOLSTACK_CANNOT);
	return 0;
}

static int stop_backend(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return run_backend(errand, false);
}

static int start_backend(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return run_backend(errand, true);
}

static int read_cpu_time(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	pid_t pid = errand->toolstack->backend_pid(errand->toolstack->arg);
	struct timespec used;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		strcpy(errand->answer, TOOLSTACK_CANNOT);
	else
		sprintf(errand->answer, "=%ld", (long)(used.tv_sec * 1000 + used.tv_nsec / 1000000));
	return 0;
}

/* The second number is that of pages in memory. */
static int read_rss(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	pid_t pid = errand->toolstack->backend_pid(errand->toolstack->arg);
	unsigned long nr_pages = 0;
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file || fscanf(file, "%*u %lu", &nr_pages) != 1)
		strcpy(errand->answer, TOOLSTACK_CANNOT);
	else
		sprintf(errand->answer, "=%lu", nr_pages * sysconf(_SC_PAGESIZE) / 1024);
	if (file)
		fclose(file);
	return 0;
}

static int write_digits(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	unsigned int nr = strtoul(errand->value, NULL, 10);
	char digits[XENSTORE_PAYLOAD_MAX + 1];

	memset(digits, '1', sizeof(digits));
	digits[nr < XENSTORE_PAYLOAD_MAX ? nr : XENSTORE_PAYLOAD_MAX] = '\0';
	return xb_write(store, errand->toolstack->dev->frontend, errand->name, err, "%s", digits);
}

static int read_params(struct xb_store *store, const struct errand *errand, char params[1100], struct errbuf *err)
{
	return xb_read_string(store, errand->toolstack->dev->libxl, "params", params, 1100, err);
}

static int measure_image(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	char params[1100];
	uint64_t size_bytes;
	int rc = read_params(store, errand, params, err) ?: storage_measure(params, &size_bytes, err);

	if (rc == 0)
		sprintf(errand->answer, "=%llu", (unsigned long long)size_bytes);
	return rc;
}

static int resize_image(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	char params[1100];

	return read_params(store, errand, params, err) ?: storage_resize(params, strtoull(errand->name, NULL, 10), err);
}

static int make_storage(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	const char *prefix = vbd_is_qdisk(errand->toolstack->dev) ? "aio:" : "";
	size_t len = sprintf(errand->answer, "=%s", prefix);

	return storage_make(errand->answer + len, MAILBOX_TEXT - len, err);
}

static int fail_storage(struct xb_store *store, struct errand *errand, struct errbuf *err)
{
	return storage_fail(err);
}

typedef int errand_fn(struct xb_store *store, struct errand *errand, struct errbuf *err);
static const struct {
	const char *verb;
	errand_fn *run;
	bool takes_transaction;
} errands[] = {
	{ "write", write_node, false },
	{ "read", read_node, false },
	{ "close", close_device, false },
	{ "remove", remove_device, false },
	{ "look", look, false },
	{ "create-frontend", create_frontend, true },
	{ "create", create_device, true },
	{ "mirror", mirror, true },
	{ "hotplug", hotplug, false },
	{ "stop", stop_backend, false },
	{ "start", start_backend, false },
	{ "cpu", read_cpu_time, false },
	{ "rss", read_rss, false },
	{ "write-digits", write_digits, false },
	{ "measure", measure_image, false },
	{ "resize", resize_image, false },
	{ "make-storage", make_storage, false },
	{ "fail-storage", fail_storage, false },
};

static int run_errand(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct errand *errand = arg;

	strcpy(errand->answer, "=");
	for (unsigned int i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
		if (strcmp(errand->verb, errands[i].verb) != 0)
			continue;
		if (errands[i].takes_transaction && store->txn == XBT_NULL)
			return xb_transaction(store, run_errand, errand, err);
		return errands[i].run(store, errand, err);
	}
	return errbuf_set(err, -EINVAL, "this errand is not known");
}

void toolstack_run(struct toolstack *toolstack, const char *question, char answer[MAILBOX_TEXT])
{
	struct errand errand = { .toolstack = toolstack, .answer = answer };
	struct errbuf err;

	sscanf(question, "%15s %255s %255[^\n]", errand.verb, errand.name, errand.value);
	if (run_errand(toolstack->store, &errand, &err))
		snprintf(answer, MAILBOX_TEXT, "%.500s", err.text);
}

void toolstack_end(struct toolstack *toolstack)
{
	struct errbuf ignored;

	if (*toolstack->mirror)
		xb_remove(toolstack->store, toolstack->mirror, &ignored);
	toolstack->mirror[0] = '\0';
}

int toolstack_hotplug_step(const struct ts_device *dev, struct xb_store *store, struct errbuf *err)
{
	return has_script(dev) ? hotplug_device_came(dev, store, err) : 0;
}
