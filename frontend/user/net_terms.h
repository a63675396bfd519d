/* SPDX-License-Identifier: MIT */
/*
 * What the two ends of a vif agree on: what each says in xenstore that it takes, read and checked. The rows of
 * net_terms.c are everything we look at.
 *
 * Thread: the one that owns the store. Trust: the backend's values are its own; the toolstack wrote those of our
 * directory. Errors: -errno with the node, what it held and what was expected; never logs.
 */
#ifndef FRONTEND_USER_NET_TERMS_H
#define FRONTEND_USER_NET_TERMS_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;
struct xb_store;

/* What one end takes from the other. */
struct net_features {
	bool sg;	/* frames of more than one slot */
	bool gso_tcpv4; /* TCP packets larger than the network's, to be cut later */
	bool gso_tcpv6;
	bool csum_ipv4; /* frames whose TCP or UDP checksum is blank */
	bool csum_ipv6;
};

/* Published with InitWait. */
struct net_offer {
	uint32_t can_rx_copy;
	uint32_t can_split_event_channels;
	uint32_t has_ctrl_ring;
	uint32_t takes_sg, takes_gso_tcpv4, takes_gso_tcpv6;
	uint32_t refuses_csum_ipv4, takes_csum_ipv6;
	uint32_t filters_multicast;
	uint32_t max_queues;
};

/* What the interface is to be, if anybody said so. */
struct net_identity {
	bool has_mac;
	uint8_t mac[6];
	uint32_t mtu;
};

/* -EOPNOTSUPP: the backend does not copy to our pages, so that there is no way to receive. */
int net_offer_read(struct xb_store *store, const char *backend, struct net_offer *offer, struct errbuf *err);
/* From our own directory, the MAC else from the backend's. */
int net_identity_read(struct xb_store *store, const char *dir, const char *backend, struct net_identity *identity,
		      struct errbuf *err);

/* Pure: drops what does not go without another: a large packet needs several slots and a blank checksum. */
struct net_features net_features_settle(struct net_features features);
/* Pure: of what we would use, what the backend takes. */
struct net_features net_features_common(struct net_features wanted, const struct net_offer *offer);

#endif
