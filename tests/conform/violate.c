// SPDX-License-Identifier: MIT
#include "tests/conform/violate.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"

/* A clause that can be broken in several ways names one behind a dot. */
struct violation {
	const char *clause, *what;
};

static const struct violation of_backend[] = {
	{ "BUS-1", "reads where the frontend's directory is again and again" },
	{ "BUS-3", "writes into the frontend's directory" },
	{ "BUS-4", "writes its state into a directory that was removed" },
	{ "BUS-5", "writes sectors in hexadecimal digits" },
	{ "BUS-6", "waits for a better ring-ref or event-channel when it is missing or malformed" },
	{ "BUS-8", "refuses a frontend that does not write feature-persistent" },
	{ "BUS-9", "refuses a frontend that writes a node that it does not know" },
	{ "BUS-11", "writes features and info half a second after Connected" },
	{ "BUS-13", "reads the frontend's nodes anew while it is connected" },
	{ "BUS-16", "works 20 ms for each event of a watch" },
	{ "BUS-18", "does not go to InitWait if the image does not open" },
	{ "BUS-19", "goes to Connected before the frontend has announced its ring" },
	{ "BUS-21", "does not connect to a frontend that skips Initialised" },
	{ "BUS-25", "writes Connected and connects half a second later" },
	{ "BUS-27", "does nothing when it cannot connect to what is published" },
	{ "BUS-28", "ignores states that a frontend may not have" },
	{ "BUS-30", "waits for Closed after Closing, whatever the frontend does meanwhile" },
	{ "BUS-34", "ignores a frontend that goes to Closed without Closing" },
	{ "BUS-35", "writes Closed and keeps ring and port" },
	{ "BUS-36", "does the last write of a connection again in the next one" },
	{ "BUS-40", "offers again in Closed, though online is 0" },
	{ "BUS-41", "ignores that the frontend's directory is gone" },
	{ "BUS-42", "keeps ring and port when its own directory is gone" },
	{ "BUS-43", "does not offer again in Closed" },
	{ "BUS-47", "writes other features when it takes over" },
	{ "BUS-50", "ends, with all its disks, when the ring of one is broken" },
	{ "RING-1", "uses half of the slots" },
	{ "RING-3", "skips the first request of a new ring" },
	{ "RING-4", "writes rsp_event and the padding of the header" },
	{ "RING-5", "keeps its indexes in 16 bits" },
	{ "RING-6", "takes its rsp_prod from the page" },
	{ "RING-7", "does not judge req_prod" },
	{ "RING-10", "answers every request twice" },
	{ "RING-11", "stores rsp_prod a while before the response" },
	{ "RING-12", "copies a request before it is published" },
	{ "RING-13", "copies a request anew when it has checked it" },
	{ "RING-14", "goes on with a ring after a fatal index" },
	{ "RING-17", "leaves what is more than 8 requests in the ring until the next event" },
	{ "RING-19", "never notifies" },
	{ "RING-20", "sleeps without having asked for an event" },
	{ "RING-22", "takes an rsp_event that is far away for fatal" },
	{ "RING-23", "takes a ring over whose rsp_prod is not what it has left there" },
	{ "RING-24", "skips a request when it takes a ring over" },
	{ "RING-25", "does not look into a ring that it takes over before an event comes" },
	{ "GNT-2", "maps the pages of a WRITE for writing" },
	{ "GNT-5", "answers ERROR to all that follows in a batch after a grant that cannot be used" },
	{ "GNT-6", "goes to Connected with a ring that it cannot map" },
	{ "GNT-8", "fills the pages of a READ that it rejects with something else" },
	{ "GNT-9", "writes whole pages for a READ" },
	{ "GNT-10", "keeps a page mapped after the response without persistent grants" },
	{ "GNT-11", "writes the pages of a READ again after the response" },
	{ "GNT-12", "keeps pages mapped if the frontend alone has feature-persistent" },
	{ "GNT-14", "keeps persistent grants mapped in Closed" },
	{ "EVT-2", "does not look into a new ring before an event comes" },
	{ "EVT-3", "takes one request for each event, and goes to Closing when several in a row find nothing" },
	{ "EVT-5", "unmasks the port at once after any number of events for nothing" },
	{ "EVT-7", "goes to Closing when the frontend has closed its port" },
	{ "BLK-2", "reads every ring as that of a 64-bit guest" },
	{ "BLK-4", "looks for ring-ref only, if ring-page-order is 0" },
	{ "BLK-5", "takes a ring-page-order that is too great for the greatest that it offered" },
	{ "BLK-7", "neither writes multi-queue-max-queues nor reads multi-queue-num-queues" },
	{ "BLK-7.queues", "offers two queues, and serves the first" },
	{ "BLK-10", "answers ERROR to operations that it does not know" },
	{ "BLK-13", "answers with half of the id, and with operation 0" },
	{ "BLK-14", "leaves something in the padding of a response" },
	{ "BLK-15", "answers ERROR to a request with the id of the one before" },
	{ "BLK-19", "answers ERROR to a request with a handle" },
	{ "BLK-20", "answers OKAY to READ and WRITE without segments" },
	{ "BLK-21", "serves the first 11 of more segments" },
	{ "BLK-22", "takes a segment that ends before it begins for one of one sector" },
	{ "BLK-23", "cuts a segment that leaves its page" },
	{ "BLK-24", "writes what comes before a bad segment" },
	{ "BLK-25", "answers OKAY beyond the end of the disk" },
	{ "BLK-26", "writes to a read-only disk" },
	{ "BLK-27", "takes what begins within a sector for what begins with it, where sectors have 4096 octets" },
	{ "BLK-29", "answers OKAY whatever has become of the grants" },
	{ "BLK-30", "answers ERROR to a request that names a grant twice" },
	{ "BLK-31", "answers OKAY when the storage fails" },
	{ "BLK-33", "counts sectors of 4096 octets, on a disk that has them" },
	{ "BLK-34", "writes a sector-size of 520" },
	{ "BLK-37", "does not say that the storage has grown" },
	{ "BLK-39", "gives zeros for what the storage has lost" },
	{ "BLK-40", "does not say that a disk is read-only" },
	{ "BLK-41", "does not say that a disk is a CD-ROM" },
	{ "BLK-44", "puts each write off until the next" },
	{ "BLK-48", "leaves out the data of a FLUSH" },
	{ "BLK-51", "does a BARRIER before the WRITE in front of it" },
	{ "BLK-52", "does a BARRIER after the WRITE that follows it" },
	{ "BLK-55", "does not judge the range of a DISCARD" },
	{ "BLK-56", "answers ERROR to a DISCARD that is not aligned" },
	{ "BLK-57", "forgets a sector more than a DISCARD says" },
	{ "BLK-60", "offers discard though discard-enable is 0" },
	{ "BLK-61", "offers 8192 indirect segments, and serves less" },
	{ "BLK-61.page", "takes all segments of an INDIRECT request from the first of their pages" },
	{ "BLK-62", "serves an INDIRECT request of any number of segments as far as it can" },
	{ "BLK-63", "serves every indirect_op" },
	{ "BLK-64", "takes a bad segment of an INDIRECT request for one of one sector" },
	{ "BLK-64.twice", "copies the segments of an INDIRECT request anew when it has checked them" },
};

static const struct violation of_net_backend[] = {
	{ "NET-1", "connects to a frontend that does not write request-rx-copy" },
	{ "NET-2", "writes 0 for feature-rx-copy" },
	{ "NET-3", "refuses a frontend that does not write feature-rx-notify" },
	{ "NET-9", "turns the octets of a frame's slots around" },
	{ "NET-10", "answers ERROR to a frame with a slot of no octets" },
	{ "NET-12", "sends the first 18 slots of more" },
	{ "NET-14", "waits for what is missing of a frame" },
	{ "NET-15", "cuts a slot that leaves its page" },
	{ "NET-16", "answers OKAY to frames without a header" },
	{ "NET-17", "goes to Closing when a frame's slots have more than its size" },
	{ "NET-18", "answers with half of the id" },
	{ "NET-19", "answers OKAY to extras" },
	{ "NET-20", "answers OKAY to a grant that cannot be used" },
	{ "NET-21", "answers the slots of a frame from its last on" },
	{ "NET-22", "leaves something behind a response in its slot" },
	{ "NET-23", "answers ERROR to extras of types that there are none of" },
	{ "NET-24", "goes to Closing for an extra that it has not offered" },
	{ "NET-25", "answers ERROR to flags that it does not know" },
	{ "NET-27", "answers with another id than the buffer's" },
	{ "NET-28", "leaves out more_data in the first slot of a frame" },
	{ "NET-29", "writes all of each buffer" },
	{ "NET-29.offset", "says that a frame begins at the end of its buffer" },
	{ "NET-30", "publishes a frame slot by slot" },
	{ "NET-31", "gives frames of several slots to who has not feature-sg" },
	{ "NET-32", "says of a buffer that cannot be written that it is filled" },
	{ "NET-33", "begins a frame for which there are not enough buffers" },
	{ "NET-34", "keeps all that there are no buffers for" },
	{ "NET-35", "gives frames however long they have waited" },
	{ "NET-38", "takes a blank checksum for a right one" },
	{ "NET-39", "leaves a checksum blank for who does not take that" },
	{ "NET-40", "goes to Closing for a blank checksum in a frame that has none" },
	{ "NET-41", "cuts a large packet into parts of twice the size" },
	{ "NET-42", "answers ERROR to a packet that is to be cut into nothing" },
	{ "NET-43", "answers ERROR to a packet that is to be cut in a way that there is none of" },
	{ "NET-44", "goes to Closing for a large packet that is none" },
	{ "NET-45", "gives large packets to who does not take them" },
	{ "NET-47", "does not know event-channel-tx and event-channel-rx" },
	{ "NET-48", "notifies of all by the port of the TX ring" },
	{ "NET-50", "goes on with the RX ring when the other is broken" },
	{ "NET-51", "takes a number of queues that it does not have for 1" },
	{ "NET-53", "serves the first queue alone" },
	{ "NET-55", "gives the frames of a flow to one queue after the other" },
	{ "NET-56", "gives frames to all groups, whatever is asked for" },
	{ "NET-57", "has room for 32 addresses" },
	{ "NET-58", "takes a list for the wish to have nothing else" },
	{ "NET-59", "reads request-multicast-control when it connects, and never again" },
	{ "NET-60", "answers messages with id 0" },
	{ "NET-61", "answers INVALID_PARAMETER to messages that it does not know" },
	{ "NET-62", "takes the nearest that there is for what there is not" },
	{ "NET-63", "answers SUCCESS to a key that is too long" },
	{ "NET-64", "chooses queues as if there were no mapping" },
	{ "NET-66", "goes to Reconfigured, and leaves no room" },
	{ "NET-67", "takes an xdp-headroom of more than a page for none" },
	{ "NET-68", "takes all that is sent, whatever rate says" },
	{ "NET-80", "answers SUCCESS to messages about static grants of queues that it does not have" },
	{ "NET-81", "keeps what it has added of a list before the entry that it cannot add" },
	{ "NET-82", "unmaps no page that was registered" },
	{ "NET-83", "says of every page of a list that it has removed it" },
	{ "NET-84", "takes zeros for what is in a registered page" },
	{ "NET-85", "answers as if it had written into a page that is registered for reading alone" },
};

static const struct violation of_usb_backend[] = {
	{ "USB-1", "connects to a frontend of any protocol" },
	{ "USB-2", "does not look what is at its ports while a guest is connected" },
	{ "USB-3", "plugs a high-speed device into a controller of USB 1.1" },
	{ "USB-4", "answers NODEV where there is no such port" },
	{ "USB-5", "answers SHUTDOWN to segments that leave their page, or are not buffer_length" },
	{ "USB-7", "asks the device, whatever the setup packet says of the data" },
	{ "USB-8", "answers SHUTDOWN to packets that lie beyond the data, or are not described" },
	{ "USB-9", "answers STALL where there is no such endpoint" },
	{ "USB-10", "takes an URB with the id of another one" },
	{ "USB-11", "answers OK to SET_ADDRESS with any address" },
	{ "USB-12", "has a device answer to every address" },
	{ "USB-13", "answers OK to a grant that cannot be used" },
	{ "USB-14", "answers the URBs of an endpoint from the last on" },
	{ "USB-15", "writes all of the pages of a transfer that was short" },
	{ "USB-16", "gives SET_ADDRESS to the device" },
	{ "USB-17", "answers CLEAR_FEATURE, and leaves the endpoint halted" },
	{ "USB-18", "answers OK to a transfer that is shorter than it may be" },
	{ "USB-19", "leaves an URB to a halted endpoint with the device" },
	{ "USB-20", "leaves what describes isochronous packets as it was" },
	{ "USB-20.count", "counts no errors of isochronous packets" },
	{ "USB-21", "answers an unlink before what has not gone to the device" },
	{ "USB-22", "answers an unlink before what the device has" },
	{ "USB-23", "answers INVAL to an unlink of what is not out" },
	{ "USB-24", "answers OK to an unlink where there is no device" },
	{ "USB-27", "tells of each device twice" },
	{ "USB-28", "tells of a device in another's place by one event" },
	{ "USB-29", "forgets an event for which there is no request" },
	{ "USB-30", "forgets the URBs to a device that goes" },
};

static const struct violation of_frontend[] = {
	{ "BUS-2", "uses a disk whose backend is where no backend may be" },
	{ "BUS-3", "writes into the backend's directory" },
	{ "BUS-4", "writes its state into a directory that was removed" },
	{ "BUS-5", "writes event-channel in hexadecimal digits" },
	{ "BUS-6", "takes sectors that are missing or malformed for 8" },
	{ "BUS-8", "refuses a backend that does not write multi-queue-max-queues" },
	{ "BUS-9", "refuses a backend that writes a node that it does not know" },
	{ "BUS-10", "writes Initialised a while before its nodes" },
	{ "BUS-14", "reads the features anew when the backend's state is written" },
	{ "BUS-15", "leaves nodes of an earlier connection that it does not use" },
	{ "BUS-17", "does not say why it refuses a disk" },
	{ "BUS-23", "announces a ring of four pages before it has seen an offer" },
	{ "BUS-26", "asks for something before the backend is Connected" },
	{ "BUS-29", "ignores states that a backend may not have" },
	{ "BUS-31", "ignores a backend that is Closing" },
	{ "BUS-37", "publishes a request after it has written Closed" },
	{ "BUS-38", "uses its pages for something else as soon as it is Closed" },
	{ "BUS-44", "goes back to Initialising while the backend is Closing" },
	{ "BUS-49", "takes any max-ring-page-order for an offer, and announces 64 pages" },
	{ "RING-1", "uses half of the slots" },
	{ "RING-2", "leaves something in the pages of a new ring" },
	{ "RING-4", "writes req_event and the padding of the header" },
	{ "RING-6", "takes rsp_cons from the page after each sleep" },
	{ "RING-8", "moves req_prod on by more than the ring has slots" },
	{ "RING-9", "does not judge rsp_prod" },
	{ "RING-11", "stores req_prod a while before the requests" },
	{ "RING-12", "copies a response before it is published" },
	{ "RING-13", "copies a response anew when it has checked it" },
	{ "RING-14", "goes on with a ring after a fatal index" },
	{ "RING-15", "needs responses in the order of the requests" },
	{ "RING-18", "never notifies" },
	{ "RING-21", "sleeps without having asked for an event" },
	{ "RING-22", "takes a req_event that is far away for fatal" },
	{ "GNT-1", "grants its pages of data for reading only" },
	{ "GNT-3", "grants pages that hold something else" },
	{ "GNT-4", "names grant 1 in its requests" },
	{ "GNT-13", "takes persistent grants back after each batch of requests" },
	{ "GNT-16", "uses pages for something else that the backend still has mapped after its Closed" },
	{ "GNT-19", "grants pages that hold something else, whatever `trusted` says" },
	{ "GNT-17", "changes its pages before the response" },
	{ "EVT-1", "opens its port to its own domain only" },
	{ "EVT-3", "takes one response for each event" },
	{ "EVT-8", "closes its port when it is connected" },
	{ "BLK-1", "does not write protocol" },
	{ "BLK-3", "writes ring-page-order and ring-ref0 for a ring of one page, too" },
	{ "BLK-6", "writes the nodes of its only queue into queue-0" },
	{ "BLK-9", "flushes though that is not offered" },
	{ "BLK-12", "repeats a FLUSH after EOPNOTSUPP" },
	{ "BLK-16", "takes a response with any id for that to its oldest request" },
	{ "BLK-17", "takes a status that it does not know for success" },
	{ "BLK-28", "asks for single sectors of a disk that has larger ones" },
	{ "BLK-33", "counts sectors of 4096 octets, on a disk that has them" },
	{ "BLK-36", "uses a disk of any sector-size" },
	{ "BLK-42", "writes to a read-only disk" },
	{ "BLK-67", "begins a segment after its end" },
};

static const struct violation of_net_frontend[] = {
	{ "NET-4", "does not write request-rx-copy" },
	{ "NET-5", "does not write feature-rx-notify" },
	{ "NET-5.quiet", "never notifies of buffers" },
	{ "NET-6", "announces its rings by Initialised" },
	{ "NET-7", "has two ports though that is not offered" },
	{ "NET-7.slots", "sends frames of several slots though that is not offered" },
	{ "NET-7.blank", "leaves checksums blank though that is not offered" },
	{ "NET-7.gso", "sends large packets though that is not offered" },
	{ "NET-8", "sends from an address of its own" },
	{ "NET-11", "sends frames of 19 slots" },
	{ "NET-13", "publishes a frame without its last slot, and then that" },
	{ "NET-26", "splits a frame's headers" },
	{ "NET-36", "takes the second slot of a frame for a frame" },
	{ "NET-37", "believes where a part ends, and stays within the page" },
	{ "NET-46", "sends large packets with a checksum" },
	{ "NET-49", "writes a port for both rings beside those of each" },
	{ "NET-52", "writes the nodes of its only queue into queue-0" },
	{ "NET-69", "sends parts that leave their page" },
	{ "NET-70", "takes any answer for that to some slot" },
	{ "NET-87", "registers a page, and ends its grant" },
};

static const struct violation of_usb_frontend[] = {
	{ "USB-25", "uses a page of what it unlinks for the next transfer" },
	{ "USB-26", "puts no request in the place of one that was used" },
	{ "USB-26.none", "has no request on the ring of events" },
	{ "USB-31", "takes an answer with any id for that to its oldest URB" },
	{ "USB-31.octets", "believes any number of octets" },
	{ "USB-31.event", "goes on after an event of a port or a speed that there is none of" },
	{ "USB-32", "sends segments that leave their page" },
};

static const struct {
	const struct violation *table;
	unsigned int nr;
} sides[] = {
	[VIOLATE_BACKEND] = { of_backend, sizeof(of_backend) / sizeof(of_backend[0]) },
	[VIOLATE_NET_BACKEND] = { of_net_backend, sizeof(of_net_backend) / sizeof(of_net_backend[0]) },
	[VIOLATE_USB_BACKEND] = { of_usb_backend, sizeof(of_usb_backend) / sizeof(of_usb_backend[0]) },
	[VIOLATE_FRONTEND] = { of_frontend, sizeof(of_frontend) / sizeof(of_frontend[0]) },
	[VIOLATE_NET_FRONTEND] = { of_net_frontend, sizeof(of_net_frontend) / sizeof(of_net_frontend[0]) },
	[VIOLATE_USB_FRONTEND] = { of_usb_frontend, sizeof(of_usb_frontend) / sizeof(of_usb_frontend[0]) },
};

static const struct violation *chosen;

static const struct violation *find(enum violate_side side, const char *clause)
{
	for (unsigned int i = 0; i < sides[side].nr; i++) {
		if (strcmp(sides[side].table[i].clause, clause) == 0)
			return &sides[side].table[i];
	}
	return NULL;
}

static bool is_known(const char *clause)
{
	enum violate_side side = 0;

	while (side < VIOLATE_NR_SIDES && !find(side, clause))
		side++;
	return side < VIOLATE_NR_SIDES;
}

bool violates(const char *clause)
{
	assert(is_known(clause));
	return chosen && strcmp(chosen->clause, clause) == 0;
}

int violate_choose(enum violate_side side, const char *clause, struct errbuf *err)
{
	chosen = find(side, clause);
	if (chosen)
		return 0;
	return errbuf_set(err, -EINVAL, "'%.40s' is none of those that --list-violations names", clause);
}

void violate_list(enum violate_side side)
{
	for (unsigned int i = 0; i < sides[side].nr; i++)
		printf("%s\t%s\n", sides[side].table[i].clause, sides[side].table[i].what);
}
