// SPDX-License-Identifier: MIT
#include "backend/core/device_requests.h"

#include <errno.h>
#include <string.h>

/* As status shows it: what it stands for, "vusb 5/0", or the latter without its kind. */
static bool has_name(const struct device *dev, const char *name)
{
	return strcmp(dev->host->class->target(dev), name) == 0 || strcmp(dev->label, name) == 0 ||
	       strcmp(strchr(dev->label, ' ') + 1, name) == 0;
}

/*
 * That the request names. NULL: there is none. The device of a connected guest goes before one that was refused because
 * its name is taken.
 */
static struct device *find(struct device_host *host, const json_t *request, struct errbuf *err)
{
	const char *name = json_string_value(json_object_get(request, "device")) ?: "";
	struct device *dev, *found = NULL;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		if (has_name(dev, name) && (!found || dev->phase == DEVICE_CONNECTED))
			found = dev;
	}
	if (!found)
		errbuf_set(err, -ENOENT, "there is no device '%.40s' here: see 'pvring status'", name);
	return found;
}

/* Both descriptors are the capture's from here on. */
static int start_capture(struct device *dev, struct control_fds *fds, struct errbuf *err)
{
	struct capture *capture = capture_new(fds->fd[0], fds->fd[1]);
	int rc = capture ? dev->host->class->capture(dev, capture) : -ENOMEM;

	fds->nr = 0;
	capture_put(&dev->capture);
	dev->capture = capture;
	if (rc)
		capture_put(&dev->capture);
	return rc ? errbuf_set(err, rc, "no memory") : 0;
}

static int check_capture(const struct device *dev, const json_t *request, struct errbuf *err)
{
	const char *name = json_string_value(json_object_get(request, "device"));
	json_int_t format = json_integer_value(json_object_get(request, "format"));

	if (dev->phase != DEVICE_CONNECTED)
		return errbuf_set(err, -ENOTCONN, "%.40s: its guest is not connected", name);
	if (format != dev->host->class->capture_format)
		return errbuf_set(err, -EINVAL,
				  "captures are of format %lld, not %lld (is pvring of the daemon's version?)",
				  (long long)dev->host->class->capture_format, (long long)format);
	if (dev->capture && capture_has_reader(dev->capture))
		return errbuf_set(err, -EBUSY, "%.40s: somebody captures it already", name);
	return 0;
}

json_t *device_request_capture(struct device_host *host, const json_t *request, struct control_fds *fds,
			       struct errbuf *err)
{
	struct device *dev;

	if (fds->nr != 2) {
		errbuf_set(err, -EINVAL, "capture: expected two descriptors, of a socket and an eventfd");
		return NULL;
	}
	dev = find(host, request, err);
	return !dev || check_capture(dev, request, err) || start_capture(dev, fds, err) ? NULL : json_object();
}

json_t *device_request_recover(struct device_host *host, const json_t *request, struct errbuf *err)
{
	const char *how = json_string_value(json_object_get(request, "how")) ?: "";
	struct device *dev = find(host, request, err);

	return !dev || device_recover(dev, how, err) ? NULL : json_object();
}

json_t *device_request_resize(struct device_host *host, const json_t *request, struct errbuf *err)
{
	struct device *dev = find(host, request, err);
	json_t *before;

	if (!dev)
		return NULL;
	before = device_status(dev);
	if (dev->host->class->measure(dev, err)) {
		json_decref(before);
		return NULL;
	}
	return json_pack("{s:o}", "before", before);
}
