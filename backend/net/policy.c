// SPDX-License-Identifier: MIT
#include "backend/net/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "xenbus/node.h"

#define MAX_IP_BYTES 2048

struct net_policy_config net_policy_config;

/* ---- from xenstore --------------------------------------------------------------------------------------------- */

static int read_rate(const struct xb_device *xb, struct net_rate_terms *terms, struct errbuf *err)
{
	char text[64];
	int rc = xb_read_string_or(xb->store, xb->dir, "rate", "0,0", text, sizeof(text), err);

	if (rc == 0 && net_rate_parse(text, terms))
		return errbuf_set(err, -EINVAL,
				  "%s/rate: '%s': expected BYTES,MICROSECONDS, as 62500,50000 for 10 Mb/s", xb->dir,
				  text);
	return rc;
}

static void set_rate(struct net_policy *policy, const struct net_rate_terms *terms)
{
	*policy->said.text = '\0';
	if (memcmp(terms, &policy->rate.terms, sizeof(*terms)) != 0)
		net_rate_set(&policy->rate, terms, clock_now_ns());
}

/* A guest's network is not taken away for a word that somebody has written since: there is no rate to go back to. */
static int parse_rate(struct net_policy *policy, const struct device *dev, struct errbuf *err)
{
	struct net_rate_terms terms = { 0 };
	int rc = read_rate(&dev->xb, &terms, err);

	if (rc && (xb_is_unknown(rc) || !dev->is_resuming))
		return rc;
	set_rate(policy, &terms);
	if (rc) {
		policy->said = *err;
		log_error("%s: %s: it goes on without a limit", dev->label, err->text);
	}
	return 0;
}

static int parse_ip(struct net_policy *policy, const struct xb_device *xb, struct errbuf *err)
{
	char text[MAX_IP_BYTES];
	struct errbuf why;
	int rc = xb_read_string_or(xb->store, xb->dir, "ip", "", text, sizeof(text), err);

	if (rc == 0 && ip_prefixes_parse(text, &policy->own.ip, &why))
		return errbuf_set(err, -EINVAL, "%s/ip: %.300s", xb->dir, why.text);
	return rc;
}

int net_policy_parse(struct net_policy *policy, const struct device *dev, const uint8_t mac[6], struct errbuf *err)
{
	int rc = parse_rate(policy, dev, err);

	policy->has_antispoof = net_policy_config.has_antispoof;
	memcpy(policy->own.mac, mac, sizeof(policy->own.mac));
	return rc || !policy->has_antispoof ? rc : parse_ip(policy, &dev->xb, err);
}

void net_policy_filter_multicast(struct net_policy *policy, bool filters)
{
	__atomic_store_n(&policy->filters_multicast, filters, __ATOMIC_RELAXED);
}

void net_policy_look_at_rate(struct net_policy *policy, const struct device *dev)
{
	struct net_rate_terms terms;
	struct errbuf err;
	int rc = read_rate(&dev->xb, &terms, &err);

	if (rc == 0) {
		set_rate(policy, &terms);
	} else if (!xb_is_unknown(rc) && strcmp(err.text, policy->said.text) != 0) {
		policy->said = err;
		log_warn("%s: %s: the rate stays as it was", dev->label, err.text);
	}
}

static void look_at_multicast(struct net_policy *policy, const struct device *dev)
{
	uint32_t filters;
	struct errbuf err;
	int rc = xb_read_u32_or(dev->xb.store, dev->xb.otherend, NET_MULTICAST_NODE, 0, 0, 1, &filters, &err);

	if (rc == 0)
		net_policy_filter_multicast(policy, filters);
	else if (!xb_is_unknown(rc))
		log_limited(&dev->guest->limits.trouble, LOG_WARN, "%s: %s", dev->label, err.text);
}

void net_policy_look(struct net_policy *policy, const struct device *dev)
{
	net_policy_look_at_rate(policy, dev);
	look_at_multicast(policy, dev);
}

/* ---------------------------------------------------------------------------------------------------------------- */

void net_policy_status(const struct net_policy *policy, json_t *object)
{
	const struct net_rate_terms *terms = &policy->rate.terms;
	char text[48] = "";

	if (terms->window_bytes)
		snprintf(text, sizeof(text), "%ju,%ju", (uintmax_t)terms->window_bytes,
			 (uintmax_t)(terms->window_ns / NSEC_PER_USEC));
	json_object_set_new(object, "rate", json_string(text));
	json_object_set_new(object, "multicast_control", json_boolean(policy->filters_multicast));
}

const char *net_policy_check_from_guest(const struct net_policy *policy, const void *frame, size_t len_bytes)
{
	return policy->has_antispoof ? net_antispoof_check(&policy->own, frame, len_bytes) : NULL;
}
