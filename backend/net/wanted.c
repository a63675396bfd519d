// SPDX-License-Identifier: MIT
/* What the toolstack wants a vif to be: its nodes, read and checked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/net/net.h"
#include "backend/net/stray.h"
#include "common/base/parse.h"
#include "common/wire/null_frames.h"
#include "xenbus/node.h"

#define MIN_MTU_BYTES 68
#define MAX_MTU_BYTES 65521 /* as a tap has it: with its header a frame is of 65535 bytes */

static int read_mac(struct net_device *net, uint8_t mac[6], struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	int rc = xb_read_string(xb->store, xb->dir, "mac", net->mac, sizeof(net->mac), err);

	if (rc == 0 && parse_mac(net->mac, mac))
		return errbuf_set(err, -EINVAL, "%s/mac: '%s': expected six bytes as in 00:16:3e:01:02:03", xb->dir,
				  net->mac);
	return rc;
}

/* The kernel's own rule, said before it says only that something is invalid; a name with % it takes for a pattern. */
static bool is_interface_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strpbrk(name, "/:% \t\n");
}

static int parse_name(struct net_device *net, const char *node, const char *or_else, char name[IFNAMSIZ],
		      struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	char text[256];
	int rc = xb_read_string_or(xb->store, xb->dir, node, or_else, text, sizeof(text), err);

	if (rc)
		return rc;
	if (strlen(text) >= IFNAMSIZ || (!is_interface_name(text) && *text))
		return errbuf_set(err, -EINVAL, "%s/%s: '%.100s': expected the name of an interface, at most %d bytes",
				  xb->dir, node, text, IFNAMSIZ - 1);
	strcpy(name, text);
	return 0;
}

void net_leave_pair(struct net_device *net)
{
	if (net->pair)
		net_pair_put(net->pair, net);
	net->pair = NULL;
}

static int join_pair(struct net_device *net, const char *name, struct errbuf *err)
{
	if (net->pair && strcmp(net->pair->name, name) == 0)
		return 0;
	net_leave_pair(net);
	return net_pair_get(&net->pair, name, net, err);
}

static int want_null(struct net_device *net, const char *bridge, struct errbuf *err)
{
	struct errbuf why;

	net->null.is_wanted = true;
	if (net_null_parse(bridge, &net->null.frame_bytes, &why))
		return errbuf_set(err, -EINVAL, "%s/bridge: %s", net->dev.xb.dir, why.text);
	strcpy(net->bridge, NET_NULL_SCHEME);
	if (net->null.frame_bytes)
		snprintf(net->bridge, sizeof(net->bridge), NET_NULL_SCHEME "%u", net->null.frame_bytes);
	return 0;
}

/* Other scripts have other uses for `bridge`: a router has none, a switch in userspace is no bridge. */
static int script_is_ours(struct net_device *net, bool *is_ours, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	const char *base;
	char script[256];
	int rc = xb_read_string_or(xb->store, xb->dir, "script", "", script, sizeof(script), err);

	if (rc)
		return rc;
	base = strrchr(script, '/');
	base = base ? base + 1 : script;
	*is_ours = !*base || strcmp(base, "vif-pvring") == 0;
	return 0;
}

static int parse_bridge(struct net_device *net, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	char text[128];
	bool is_ours;
	int rc = script_is_ours(net, &is_ours, err);

	*net->bridge = '\0';
	net->null.is_wanted = false;
	if (rc == 0 && !is_ours)
		net_leave_pair(net);
	if (rc == 0 && is_ours)
		rc = xb_read_string_or(xb->store, xb->dir, "bridge", "", text, sizeof(text), err);
	if (rc || !is_ours)
		return rc;
	if (strncmp(text, NET_PAIR_SCHEME, strlen(NET_PAIR_SCHEME)) == 0)
		return join_pair(net, text + strlen(NET_PAIR_SCHEME), err);
	net_leave_pair(net);
	return net_null_is(text) ? want_null(net, text, err) : parse_name(net, "bridge", "", net->bridge, err);
}

/* Between two nobody sees what passes. */
static int check_pair(struct net_device *net, struct errbuf *err)
{
	if (!net->pair || !net->policy.has_antispoof)
		return 0;
	return errbuf_set(err, -EOPNOTSUPP, "%s/bridge: '" NET_PAIR_SCHEME "%s': who is joined to another guest cannot "
			  "be held to its own addresses (--antispoof)", net->dev.xb.dir, net->pair->name);
}

int net_parse(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	struct xb_device *xb = &dev->xb;
	char default_name[IFNAMSIZ];
	uint8_t mac[6];
	int rc;

	snprintf(default_name, sizeof(default_name), "vif%u.%u", xb->domid, xb->devid);
	rc = read_mac(net, mac, err);
	if (rc == 0)
		rc = parse_name(net, "vifname", default_name, net->name, err);
	if (rc == 0)
		rc = parse_bridge(net, err);
	if (rc == 0)
		rc = xb_read_u32_or(xb->store, xb->dir, "mtu", 0, MIN_MTU_BYTES, MAX_MTU_BYTES, &net->mtu_bytes, err);
	if (rc == 0)
		rc = net_policy_parse(&net->policy, dev, mac, err);
	if (rc == 0)
		rc = check_pair(net, err);
	if (rc == 0 && !*net->name)
		strcpy(net->name, default_name);
	net->is_rival_stray = stray_is(dev->host, net->rival);
	return rc;
}
