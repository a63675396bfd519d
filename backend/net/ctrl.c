// SPDX-License-Identifier: MIT
#include "backend/net/ctrl.h"

#include <stdlib.h>
#include <string.h>

#define LATER UINT32_MAX /* no status: see net_ctrl_answer() */

#define ALL_HASH_TYPES                                                                                                 \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | XEN_NETIF_CTRL_HASH_TYPE_IPV6 |           \
	 XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* Each returns XEN_NETIF_CTRL_STATUS_...; *result is the answer's data. */
typedef uint32_t handler(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result);

static uint32_t set_algorithm(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	if (data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE && data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	net_state_edit(ctrl->state)->hash_algorithm = data[0];
	net_state_commit(ctrl->state);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Only this ring's worker sets it. */
static bool has_algorithm(const struct net_ctrl *ctrl)
{
	struct net_state_view view = { .generation = 0 };

	net_state_look(ctrl->state, &view);
	return view.settings.hash_algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

static uint32_t get_types(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	if (!has_algorithm(ctrl))
		return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	*result = ALL_HASH_TYPES;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_types(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	if (data[0] & ~(uint32_t)ALL_HASH_TYPES || !has_algorithm(ctrl))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	net_state_edit(ctrl->state)->hash_types = data[0];
	net_state_commit(ctrl->state);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_key(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	uint32_t gref = data[0], len_bytes = data[1];
	uint8_t key[NET_HASH_KEY_BYTES] = { 0 };

	if (len_bytes > sizeof(key))
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	if (len_bytes > 0 && !ctrl->fetch(ctrl->context, gref, key, len_bytes))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	memcpy(net_state_edit(ctrl->state)->hash_key, key, sizeof(key));
	net_state_commit(ctrl->state);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t get_mapping_size(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	*result = NET_HASH_MAX_MAPPING;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_mapping_size(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	struct net_settings *settings;

	if (data[0] > NET_HASH_MAX_MAPPING)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	settings = net_state_edit(ctrl->state);
	settings->nr_mapping = data[0];
	memset(settings->mapping, 0, sizeof(settings->mapping));
	net_state_commit(ctrl->state);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* All of it or nothing. */
static bool put_mapping(struct net_state *state, uint32_t offset, const uint32_t *entries, uint32_t nr)
{
	struct net_settings *settings = net_state_edit(state);
	bool has_room = offset + nr <= settings->nr_mapping;

	if (has_room)
		memcpy(&settings->mapping[offset], entries, nr * sizeof(*entries));
	net_state_commit(state);
	return has_room;
}

static uint32_t set_mapping(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	uint32_t gref = data[0], nr = data[1], offset = data[2];
	uint32_t entries[NET_HASH_MAX_MAPPING];

	/* Each alone first: their sum may wrap (XSA-270). */
	if (nr > NET_HASH_MAX_MAPPING || offset > NET_HASH_MAX_MAPPING || nr + offset > NET_HASH_MAX_MAPPING)
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	if (nr > 0 && !ctrl->fetch(ctrl->context, gref, entries, nr * sizeof(*entries)))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < nr; i++) {
		if (entries[i] >= ctrl->nr_queues)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	if (!put_mapping(ctrl->state, offset, entries, nr))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* ---- static grants --------------------------------------------------------------------------------------------- */

static uint32_t get_gref_mapping_size(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	if (data[0] >= ctrl->nr_queues)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	*result = NET_STATIC_MAX_PAGES;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Of flags that are not known nobody can say what they ask for. What is removed is known by its reference alone. */
static bool are_known_flags(const struct net_static_job *job)
{
	for (uint32_t i = 0; i < job->nr; i++) {
		if (job->list[i].flags & ~XEN_NETIF_CTRLF_GREF_readonly)
			return false;
	}
	return true;
}

static uint32_t change_mapping(const struct net_ctrl *ctrl, const uint32_t data[3], bool is_removal)
{
	uint32_t queue = data[0], gref = data[1], nr = data[2];
	struct net_static_job *job;

	if (queue >= ctrl->nr_queues || nr > NET_STATIC_MAX_PAGES)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (nr == 0)
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	job = calloc(1, sizeof(*job));
	if (!job)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	job->is_removal = is_removal;
	job->nr = nr;
	if (!ctrl->fetch(ctrl->context, gref, job->list, nr * sizeof(job->list[0])) ||
	    (!is_removal && !are_known_flags(job))) {
		free(job);
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	ctrl->change(ctrl->context, queue, job);
	return LATER;
}

static uint32_t add_gref_mapping(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	return change_mapping(ctrl, data, false);
}

static uint32_t del_gref_mapping(const struct net_ctrl *ctrl, const uint32_t data[3], uint32_t *result)
{
	return change_mapping(ctrl, data, true);
}

/* What is unmapped is so even if the guest cannot be told which; how many it is told. */
static uint32_t finish_removal(const struct net_ctrl *ctrl, const struct net_static_job *job, uint32_t gref,
			       uint32_t *result)
{
	for (uint32_t i = 0; i < job->nr; i++)
		*result += job->list[i].status == XEN_NETIF_CTRL_STATUS_SUCCESS;
	if (!ctrl->store(ctrl->context, gref, job->list, job->nr * sizeof(job->list[0])))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t finish(const struct net_ctrl *ctrl, const struct net_static_job *job, uint32_t gref, uint32_t *result)
{
	if (job->has_failed)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (job->is_removal)
		return finish_removal(ctrl, job, gref, result);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* ---- any message ----------------------------------------------------------------------------------------------- */

static handler *const handlers[] = {
	[XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM] = set_algorithm,
	[XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS] = get_types,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS] = set_types,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_KEY] = set_key,
	[XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE] = get_mapping_size,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE] = set_mapping_size,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING] = set_mapping,
	[XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE] = get_gref_mapping_size,
	[XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING] = add_gref_mapping,
	[XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING] = del_gref_mapping,
};

static void begin_answer(const struct xen_netif_ctrl_request *request, struct xen_netif_ctrl_response *response)
{
	memset(response, 0, sizeof(*response));
	response->id = request->id;
	response->type = request->type;
}

bool net_ctrl_answer(const struct net_ctrl *ctrl, const struct xen_netif_ctrl_request *request,
		     struct xen_netif_ctrl_response *response)
{
	handler *handle = request->type < sizeof(handlers) / sizeof(handlers[0]) ? handlers[request->type] : NULL;

	begin_answer(request, response);
	response->status = handle ? handle(ctrl, request->data, &response->data) : XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	return response->status != LATER;
}

void net_ctrl_finish(const struct net_ctrl *ctrl, const struct xen_netif_ctrl_request *request,
		     struct net_static_job *job, struct xen_netif_ctrl_response *response)
{
	begin_answer(request, response);
	response->status = finish(ctrl, job, request->data[1], &response->data);
	free(job);
}
