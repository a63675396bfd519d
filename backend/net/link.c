// SPDX-License-Identifier: MIT
#include "backend/net/link.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"

static int errno_of(int nl_error)
{
	switch (-nl_error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_RANGE:
	case NLE_INVAL:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static struct nl_sock *connect_to_kernel(struct errbuf *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	if (rc == 0)
		return sock;
	errbuf_set(err, errno_of(rc), "netlink: %s", nl_geterror(rc));
	nl_socket_free(sock);
	return NULL;
}

static int get_link(struct nl_sock *sock, const char *name, struct rtnl_link **link, struct errbuf *err)
{
	int rc = rtnl_link_get_kernel(sock, 0, name, link);

	return rc ? errbuf_set(err, errno_of(rc), "interface %s: %s", name, nl_geterror(rc)) : 0;
}

static int check_owner(struct nl_sock *sock, const char *name, const char *owner, char other[LINK_MAX_OWNER],
		       struct errbuf *err)
{
	struct rtnl_link *link;
	int rc = get_link(sock, name, &link, err);

	*other = '\0';
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	snprintf(other, LINK_MAX_OWNER, "%s", rtnl_link_get_ifalias(link) ?: "");
	rc = 1;
	if (strcmp(other, owner) != 0)
		rc = errbuf_set(err, -EEXIST, "interface %s: there is one already, of %s", name,
				*other ? other : "somebody else");
	rtnl_link_put(link);
	return rc;
}

int link_is_there(const char *name, const char *owner, char other[LINK_MAX_OWNER], struct errbuf *err)
{
	struct nl_sock *sock = connect_to_kernel(err);
	int rc;

	if (!sock)
		return -EIO;
	rc = check_owner(sock, name, owner, other, err);
	nl_socket_free(sock);
	return rc;
}

int link_list_taps(void (*found)(void *context, const char *name, const char *owner), void *context, struct errbuf *err)
{
	struct nl_sock *sock = connect_to_kernel(err);
	struct nl_cache *links = NULL;
	int rc;

	if (!sock)
		return -EIO;
	rc = rtnl_link_alloc_cache(sock, AF_UNSPEC, &links);
	nl_socket_free(sock);
	if (rc)
		return errbuf_set(err, errno_of(rc), "interfaces cannot be listed: %s", nl_geterror(rc));
	for (struct nl_object *object = nl_cache_get_first(links); object; object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;
		const char *type = rtnl_link_get_type(link), *owner = rtnl_link_get_ifalias(link);

		if (type && owner && strcmp(type, "tun") == 0)
			found(context, rtnl_link_get_name(link), owner);
	}
	nl_cache_free(links);
	return 0;
}

static int delete(struct nl_sock *sock, const char *name, struct errbuf *err)
{
	struct rtnl_link *link;
	int rc = get_link(sock, name, &link, err);

	if (rc)
		return rc;
	rc = rtnl_link_delete(sock, link);
	rtnl_link_put(link);
	return rc ? errbuf_set(err, errno_of(rc), "interface %s: cannot be removed: %s", name, nl_geterror(rc)) : 0;
}

int link_remove(const char *name, const char *owner, struct errbuf *err)
{
	struct nl_sock *sock = connect_to_kernel(err);
	char other[LINK_MAX_OWNER];
	int rc;

	if (!sock)
		return -EIO;
	rc = check_owner(sock, name, owner, other, err);
	if (rc == 1)
		rc = delete(sock, name, err);
	nl_socket_free(sock);
	return rc;
}

struct bridge {
	int ifindex; /* 0: none */
	uint32_t mtu_bytes;
};

static int find_bridge(struct nl_sock *sock, const char *name, struct bridge *bridge, struct errbuf *err)
{
	struct rtnl_link *link;
	const char *type;
	int rc;

	*bridge = (struct bridge){ 0 };
	if (!*name)
		return 0;
	rc = get_link(sock, name, &link, err);
	if (rc)
		return errbuf_set(err, rc, "bridge %s: there is no such interface", name);
	type = rtnl_link_get_type(link);
	if (type && strcmp(type, "bridge") == 0)
		*bridge = (struct bridge){ rtnl_link_get_ifindex(link), rtnl_link_get_mtu(link) };
	else
		rc = errbuf_set(err, -EINVAL, "bridge %s: the interface is %s, not a bridge", name,
				type ? type : "of hardware");
	rtnl_link_put(link);
	return rc;
}

/*
 * A tap queues by itself, and drops what it has no room for. The kernel's default would be a queue of three times a
 * thousand places before each of the 256 that a tap may have; it is made when the interface goes up.
 */
static int leave_out_qdiscs(struct nl_sock *sock, struct rtnl_link *link)
{
	struct rtnl_qdisc *qdisc = rtnl_qdisc_alloc();
	int rc;

	if (!qdisc)
		return -NLE_NOMEM;
	rtnl_tc_set_ifindex(TC_CAST(qdisc), rtnl_link_get_ifindex(link));
	rtnl_tc_set_parent(TC_CAST(qdisc), TC_H_ROOT);
	rc = rtnl_tc_set_kind(TC_CAST(qdisc), "noqueue");
	if (rc == 0)
		rc = rtnl_qdisc_add(sock, qdisc, NLM_F_CREATE | NLM_F_REPLACE);
	rtnl_qdisc_put(qdisc);
	return rc;
}

static int apply(struct nl_sock *sock, const char *name, struct rtnl_link *change, struct errbuf *err)
{
	struct rtnl_link *link;
	int rc = get_link(sock, name, &link, err);

	if (rc)
		return rc;
	rc = leave_out_qdiscs(sock, link);
	if (rc == 0)
		rc = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(link);
	return rc ? errbuf_set(err, errno_of(rc), "interface %s: cannot be set up: %s", name, nl_geterror(rc)) : 0;
}

/* A bridge takes the smallest MTU of its ports, so one that joins with less would break the others'. */
static void describe(struct rtnl_link *change, const struct link_config *config, struct nl_addr *mac,
		     const struct bridge *bridge)
{
	uint32_t mtu_bytes = config->mtu_bytes ? config->mtu_bytes : bridge->mtu_bytes;

	rtnl_link_set_addr(change, mac);
	rtnl_link_set_ifalias(change, config->owner);
	if (mtu_bytes)
		rtnl_link_set_mtu(change, mtu_bytes);
	if (bridge->ifindex)
		rtnl_link_set_master(change, bridge->ifindex);
	rtnl_link_set_flags(change, IFF_UP | IFF_NOARP);
	rtnl_link_unset_flags(change, IFF_MULTICAST);
}

static int configure(struct nl_sock *sock, const char *name, const struct link_config *config, struct errbuf *err)
{
	struct rtnl_link *change = rtnl_link_alloc();
	struct nl_addr *mac = nl_addr_build(AF_LLC, config->mac, sizeof(config->mac));
	struct bridge bridge;
	int rc = find_bridge(sock, config->bridge, &bridge, err);

	if (rc == 0 && (!change || !mac))
		rc = errbuf_set(err, -ENOMEM, "interface %s: no memory", name);
	if (rc == 0) {
		describe(change, config, mac, &bridge);
		rc = apply(sock, name, change, err);
	}
	nl_addr_put(mac);
	rtnl_link_put(change);
	return rc;
}

int link_configure(const char *name, const struct link_config *config, struct errbuf *err)
{
	struct nl_sock *sock = connect_to_kernel(err);
	int rc;

	if (!sock)
		return -EIO;
	rc = configure(sock, name, config, err);
	nl_socket_free(sock);
	return rc;
}
