// SPDX-License-Identifier: MIT
/* Static grants: pages that a frontend registers, what a backend does with them, and when it lets go of them. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array)     (sizeof(array) / sizeof((array)[0]))
#define NR_LOANS      16
#define LIST_ENTRIES  (GRANT_PAGE_BYTES / sizeof(struct xen_netif_gref))
#define NO_GREF       1000000
#define STATUS_BEFORE 99 /* that no backend gives */
#define SUCCESS       XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID       XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER

/* What a case registers by, and what it has registered: some pages of its own. */
struct statics {
	struct vif *vif;
	struct loan list; /* the page that messages refer to */
	struct xen_netif_gref *entries;
	uint32_t most; /* pages that the backend keeps */
	struct loan loans[NR_LOANS];
};

/* A backend that says it has none of it is not judged. */
static struct statics begin(struct front *front)
{
	struct statics s = { .vif = vif_of(front) };
	struct xen_netif_ctrl_response size;

	s.vif->has_control_ring = true;
	vif_connect(s.vif, "BUS-21");
	size = vif_ask(s.vif, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0, 0);
	if (size.status != SUCCESS || size.data == 0)
		skip("the backend has no static grants");
	s.most = size.data;
	s.list = loan_page(front, true);
	s.entries = (struct xen_netif_gref *)s.list.page;
	for (unsigned int i = 0; i < NR_LOANS; i++)
		s.loans[i] = loan_page(front, true);
	return s;
}

static void put(struct statics *s, unsigned int i, uint32_t gref, uint16_t flags)
{
	s->entries[i] = (struct xen_netif_gref){ .ref = gref, .flags = flags, .status = STATUS_BEFORE };
}

static void put_loans(struct statics *s, unsigned int first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		put(s, i, s->loans[first + i].gref, 0);
}

static struct xen_netif_ctrl_response ask(struct statics *s, uint16_t type, uint32_t nr)
{
	return vif_ask(s->vif, type, 0, s->list.gref, nr);
}

/* Of as many entries as there are in the list. */
static void must_add(struct statics *s, const char *clause, uint32_t nr)
{
	uint32_t status = ask(s, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, nr).status;

	MUST(clause, status == SUCCESS, "it answers %u to ADD_GREF_MAPPING of %u pages, and keeps %u", status, nr,
	     s->most);
}

static void must_not_add(struct statics *s, uint32_t nr, const char *what)
{
	uint32_t status = ask(s, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, nr).status;

	MUST("NET-81", status == INVALID, "it answers %u to ADD_GREF_MAPPING of %s", status, what);
}

static uint32_t must_remove(struct statics *s, const char *clause, uint32_t nr)
{
	struct xen_netif_ctrl_response response = ask(s, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, nr);

	MUST(clause, response.status == SUCCESS, "it answers %u to DEL_GREF_MAPPING of %u pages", response.status, nr);
	return response.data;
}

/* ---- which queue ----------------------------------------------------------------------------------------------- */

static void queues_that_are_none(struct front *front)
{
	static const uint16_t types[] = { XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE,
					  XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING };
	static const uint32_t queues[] = { 1, 8, 0x80000000, UINT32_MAX };
	struct statics s = begin(front);

	put_loans(&s, 0, 1);
	for (unsigned int i = 0; i < NR(types) * NR(queues); i++) {
		uint32_t queue = queues[i % NR(queues)];
		uint32_t status = vif_ask(s.vif, types[i / NR(queues)], queue, s.list.gref, 1).status;

		MUST("NET-80", status == INVALID, "it answers %u to a message of type %u for queue %u", status,
		     types[i / NR(queues)], queue);
	}
	must_go_on(front, "NET-80");
}

/* ---- all or none ----------------------------------------------------------------------------------------------- */

/* Would one of them still be there, it could not be added. */
static void must_have_none(struct statics *s)
{
	put_loans(s, 0, NR_LOANS);
	must_add(s, "NET-81", NR_LOANS);
	must_remove(s, "NET-81", NR_LOANS);
	must_go_on(&s->vif->front, "NET-81");
}

static void all_or_none(struct front *front)
{
	struct statics s = begin(front);

	if (s.most < NR_LOANS)
		skip("the backend keeps %u pages", s.most);
	put_loans(&s, 0, NR_LOANS - 1);
	put(&s, NR_LOANS - 1, NO_GREF, 0);
	must_not_add(&s, NR_LOANS, "a list whose last entry names no grant");
	must_have_none(&s);
	put_loans(&s, 0, NR_LOANS - 1);
	put(&s, NR_LOANS - 1, loan_page(front, false).gref, 0);
	must_not_add(&s, NR_LOANS, "a list whose last entry names a grant that is read-only, without that flag");
	must_have_none(&s);
	put_loans(&s, 0, NR_LOANS);
	put(&s, NR_LOANS - 1, s.loans[0].gref, 0);
	must_not_add(&s, NR_LOANS, "a list with one page twice");
	must_have_none(&s);
	put_loans(&s, 0, NR_LOANS);
	s.entries[NR_LOANS - 1].flags = 0x8000;
	must_not_add(&s, NR_LOANS, "a list with a flag that there is none of");
	must_have_none(&s);
}

static void more_than_there_is_room_for(struct front *front)
{
	static const uint32_t numbers[] = { LIST_ENTRIES + 1, 8192, 8193, 1U << 29, UINT32_MAX };
	struct statics s = begin(front);

	put_loans(&s, 0, NR_LOANS);
	for (unsigned int i = 0; i < NR(numbers); i++)
		must_not_add(&s, numbers[i], "more entries than a page has");
	MUST("NET-81", vif_ask(s.vif, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, NO_GREF, 1).status == INVALID,
	     "it takes a list that is in no page");
	must_have_none(&s);
}

static void the_same_again(struct front *front)
{
	struct statics s = begin(front);

	put_loans(&s, 0, 2);
	must_add(&s, "NET-81", 2);
	put_loans(&s, 1, 2);
	must_not_add(&s, 2, "a list with a page that was added before");
	put_loans(&s, 2, 1);
	must_add(&s, "NET-81", 1); /* so it was not added then */
	must_go_on(front, "NET-81");
}

/* ---- until they are taken back --------------------------------------------------------------------------------- */

static void must_have_unmapped(struct statics *s, const char *clause, unsigned int nr, const char *when)
{
	for (unsigned int i = 0; i < nr; i++)
		MUST(clause, !loan_end_in_use(&s->vif->front, &s->loans[i]), "%s page %u of %u is still mapped", when,
		     i, nr);
}

static void unmapped_when_removed(struct front *front)
{
	struct statics s = begin(front);

	loan_check(front);
	put_loans(&s, 0, NR_LOANS);
	must_add(&s, "NET-81", NR_LOANS);
	must_remove(&s, "NET-82", NR_LOANS);
	must_have_unmapped(&s, "NET-82", NR_LOANS, "after DEL_GREF_MAPPING");
	must_go_on(front, "NET-82");
}

static void unmapped_at_the_end(struct front *front)
{
	struct statics s = begin(front);

	loan_check(front);
	put_loans(&s, 0, NR_LOANS);
	must_add(&s, "NET-81", NR_LOANS);
	front_close(front);
	must_have_unmapped(&s, "NET-82", NR_LOANS, "after Closed");
}

/* Of those in the middle some were never added, some removed before. */
static void says_which_were_removed(struct front *front)
{
	struct statics s = begin(front);
	uint32_t nr;

	put_loans(&s, 0, 6);
	must_add(&s, "NET-81", 6);
	put_loans(&s, 2, 2);
	must_remove(&s, "NET-83", 2);
	put_loans(&s, 0, 8);
	put(&s, 8, NO_GREF, 0);
	nr = must_remove(&s, "NET-83", 9);
	for (unsigned int i = 0; i < 9; i++) {
		uint16_t expected = i < 2 || (i >= 4 && i < 6) ? SUCCESS : INVALID;

		MUST("NET-83", s.entries[i].status == expected, "entry %u has status %u, not %u", i,
		     s.entries[i].status, expected);
	}
	MUST("NET-83", nr == 4, "it says that it has removed %u pages, not 4", nr);
	must_go_on(front, "NET-83");
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

/* From the next one on of all pages that frames are sent from, and those that they are received into. */
static void put_pages_of_frames(struct statics *s, unsigned int first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		put(s, 2 * i, front_gref(&s->vif->front, first + i), XEN_NETIF_CTRLF_GREF_readonly);
		put(s, 2 * i + 1, front_gref(&s->vif->rx, first + i), 0);
	}
}

static void must_pass_all(struct statics *s)
{
	static const uint32_t sizes[] = { 60, 1514, 4096, 4097, 20000, 65535 };

	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < NR(sizes); i++) {
			must_pass(s->vif, "NET-84", wire_frame(s->vif, sizes[i]), NULL, 0);
			must_pass(s->vif->far, "NET-84", wire_frame(s->vif->far, sizes[i]), NULL, 0);
		}
	}
}

static void frames_pass(struct front *front)
{
	struct statics s = begin(front);

	if (s.most < 2 * VIF_PAGES)
		skip("the backend keeps %u pages", s.most);
	put_pages_of_frames(&s, 0, VIF_PAGES / 2);
	must_add(&s, "NET-81", VIF_PAGES);
	must_pass_all(&s); /* of some all slots are registered, of some none, of some a part */
	put_pages_of_frames(&s, VIF_PAGES / 2, VIF_PAGES / 2);
	must_add(&s, "NET-81", VIF_PAGES);
	must_pass_all(&s);
	put_pages_of_frames(&s, 0, VIF_PAGES / 2);
	must_remove(&s, "NET-82", VIF_PAGES);
	must_pass_all(&s);
}

/* ---- pages that may only be read ------------------------------------------------------------------------------- */

/* Behind all that are posted already. */
static void post(struct vif *vif, uint32_t gref)
{
	netif_rx_request_t request = { .gref = gref };
	ring_idx slot = vif->rx.req_prod % VIF_SLOTS;

	vif->posted[slot].page = vif->posted[slot].id = 0;
	front_put_raw(&vif->rx, &request);
	front_push(&vif->rx);
}

static void buffer_that_is_read_only(struct front *front)
{
	struct statics s = begin(front);
	struct loan loan = loan_page(front, false);
	static struct frame got;

	put(&s, 0, loan.gref, XEN_NETIF_CTRLF_GREF_readonly);
	must_add(&s, "NET-81", 1);
	post(s.vif, loan.gref);
	got.has_failed = false;
	for (unsigned int i = 0; i <= s.vif->nr_buffers && !got.has_failed; i++) {
		const struct frame *frame = wire_frame(s.vif->far, 60);

		vif_send(s.vif->far, frame);
		must_answer_slots(s.vif->far, "NET-85");
		MUST("NET-85", vif_receive(s.vif, &got, FRONT_PATIENCE_MS), "it is %s, and frame %u does not arrive",
		     front_backend_state_name(front), i);
		MUST("NET-85", got.has_failed || frame_is(&got, frame), "frame %u arrives as another one, of %u octets",
		     i, got.len);
	}
	MUST("NET-85", got.has_failed, "it has filled a read-only buffer");
	must_go_on(front, "NET-85");
}

const struct backend_case net_static_cases[] = {
	CASE("static-queue", "NET-80 BUS-21", "static grants of queues that there are none of", queues_that_are_none,
	     .needs = "feature-ctrl-ring"),
	CASE("static-all-or-none", "NET-81 BUS-21", "lists of which one entry cannot be added", all_or_none,
	     .needs = "feature-ctrl-ring"),
	CASE("static-bounds", "NET-81 BUS-21", "lists of more entries than there is room for",
	     more_than_there_is_room_for, .needs = "feature-ctrl-ring"),
	CASE("static-twice", "NET-81 BUS-21", "pages that are registered already", the_same_again,
	     .needs = "feature-ctrl-ring"),
	CASE("static-unmapped", "NET-82 NET-81 BUS-21", "a page that was removed is mapped no more",
	     unmapped_when_removed, .needs = "feature-ctrl-ring"),
	CASE("static-unmapped-closed", "NET-82 NET-81 BUS-21", "nor one that was not, when the connection is over",
	     unmapped_at_the_end, .needs = "feature-ctrl-ring"),
	CASE("static-status", "NET-83 NET-81 BUS-21", "which pages of a list were removed", says_which_were_removed,
	     .needs = "feature-ctrl-ring"),
	CASE("static-frames", "NET-84 NET-81 NET-82 BUS-21", "frames from and to registered pages, and others",
	     frames_pass, .needs = "feature-ctrl-ring"),
	CASE("static-read-only", "NET-85 NET-81 BUS-21", "a buffer that was registered for reading alone",
	     buffer_that_is_read_only, .needs = "feature-ctrl-ring"),
	{ .head.name = NULL },
};
