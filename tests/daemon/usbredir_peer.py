#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Has a USB device, and gives it by the usbredir protocol: what usbredirserver is where there are devices.

	usbredir_peer.py unix:PATH|PORT [device=loopback|iso] [caps=NUMBER] [bad=FAULT]

The devices are those of pvring-usbd's own loopback and iso (backend/usb/fake_*.c), as pvring-usbload expects them. A
fault is what this peer does wrong: one of FAULTS. Written from the protocol's description alone, without its library.
It says "listening", and each packet that it gets by name; a connection after the other, until it is ended.
"""
import select
import socket
import struct
import sys
import time

TYPES = {0: "hello", 1: "device_connect", 2: "device_disconnect", 3: "reset", 4: "interface_info", 5: "ep_info",
         6: "set_configuration", 7: "get_configuration", 8: "configuration_status", 9: "set_alt_setting",
         11: "alt_setting_status", 12: "start_iso_stream", 13: "stop_iso_stream", 14: "iso_stream_status",
         15: "start_interrupt_receiving", 16: "stop_interrupt_receiving", 17: "interrupt_receiving_status",
         21: "cancel_data_packet", 24: "device_disconnect_ack", 100: "control_packet", 101: "bulk_packet",
         102: "iso_packet", 103: "interrupt_packet", 104: "buffered_bulk_packet"}
NUMBERS = {name: number for number, name in TYPES.items()}
SUCCESS, CANCELLED, INVAL, IOERROR, STALL = range(5)
CAP_VERSION, CAP_MAX_PACKET, CAP_64BIT_IDS, CAP_32BIT_BULK = 1, 4, 5, 6
ALL_CAPS = 1 << CAP_VERSION | 1 << 3 | 1 << CAP_MAX_PACKET | 1 << CAP_64BIT_IDS | 1 << CAP_32BIT_BULK
ISO_SECONDS, ISO_BYTES = 0.01, 1000
ENDPOINTS = {"loopback": {0x01: (2, 0, 512), 0x81: (2, 0, 512), 0x02: (3, 4, 64), 0x82: (3, 4, 64)},
             "iso": {0x81: (1, 4, 1024), 0x02: (1, 4, 1024)}}
PRODUCTS = {"loopback": 1, "iso": 4}
FAULTS = ("silent", "no-device", "garbage", "huge", "unknown-type", "interfaces", "two-devices", "super-speed", "hub",
          "more-data", "other-endpoint", "other-id", "no-answer", "no-configuration", "other-configuration", "filter",
          "big-interrupt", "goes", "unplugs", "floods", "half", "stalls", "iso-fails")


def descriptor_of(device):
    octets = bytes([18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, PRODUCTS[device], 0, 0, 1, 0, 0, 0, 1])
    endpoints = b"".join(bytes([7, 5, address, kind, length & 0xff, length >> 8, interval])
                         for address, (kind, interval, length) in ENDPOINTS[device].items())
    interface = bytes([9, 4, 0, 0, len(ENDPOINTS[device]), 0xff, 0, 0, 0]) + endpoints
    return octets, bytes([9, 2]) + struct.pack("<H", 9 + len(interface)) + bytes([1, 1, 0, 0x80, 50]) + interface


class Peer:
    def __init__(self, connection, options):
        self.connection, self.options = connection, options
        self.bad, self.device = options.get("bad", ""), options.get("device", "loopback")
        self.caps, self.both = int(options.get("caps", ALL_CAPS)), 0
        self.received, self.is_open = b"", True
        self.configuration = 1
        self.waiting, self.packets = [], {1: [], 2: []}  # of IN transfers; of the loopback, by endpoint
        self.is_receiving, self.next_iso, self.given = False, 0, 0
        self.seen, self.expected, self.wrong = [0, 0], 0, 0
        self.nr_bulk = 0

    # ---- packets ---------------------------------------------------------------------------------------------------

    def send(self, name, number=0, body=b""):
        head = struct.pack("<II", NUMBERS.get(name, name), len(body))
        self.write(head + struct.pack("<Q" if self.both >> CAP_64BIT_IDS & 1 else "<I", number) + body)

    def write(self, octets):
        try:
            self.connection.sendall(octets)
        except OSError:
            self.is_open = False

    def take(self):
        head = 16 if self.both >> CAP_64BIT_IDS & 1 else 12
        if len(self.received) < head:
            return False
        kind, length = struct.unpack("<II", self.received[:8])
        if len(self.received) < head + length:
            return False
        number = struct.unpack("<Q" if head == 16 else "<I", self.received[8:head])[0]
        body, self.received = self.received[head:head + length], self.received[head + length:]
        say(TYPES.get(kind, kind))
        getattr(self, "on_" + TYPES.get(kind, "other"), self.on_other)(number, body)
        return self.is_open

    def run(self):
        if self.bad != "silent":
            self.send("hello", 0, struct.pack("<64sI", b"usbredir_peer", self.caps))
        while self.is_open:
            ready = select.select([self.connection], [], [], self.iso())[0]
            if not ready:
                continue
            try:
                octets = self.connection.recv(1 << 20)
            except OSError:
                return
            if not octets:
                return
            self.received += octets
            while self.take():
                pass

    def on_other(self, number, body):
        say("not expected")

    def on_hello(self, number, body):
        if self.bad == "silent":
            return
        self.both = self.caps & (struct.unpack("<I", body[64:68])[0] if len(body) >= 68 else 0)
        if self.bad == "garbage":
            self.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
        elif self.bad == "half":
            self.write(struct.pack("<II", 1, 10))
            self.is_open = False
        elif self.bad != "no-device":
            self.describe()
            self.connect()
        if self.bad == "two-devices":
            self.connect()

    def describe(self):
        endpoints = [(255, 0, 0)] * 32
        for address, value in ENDPOINTS[self.device].items():
            endpoints[address & 15 | (16 if address & 0x80 else 0)] = value
        endpoints[0] = endpoints[16] = (0, 0, 64)
        if not self.configuration:
            endpoints = [(255, 0, 0)] * 32
        count = 33 if self.bad == "interfaces" else 1
        self.send("interface_info", 0, struct.pack("<I", count) + b"".join(bytes([v]) + bytes(31) for v in (0, 0xff, 0, 0)))
        body = bytes(e[0] for e in endpoints) + bytes(e[1] for e in endpoints) + bytes(32)
        if self.both >> CAP_MAX_PACKET & 1:
            body += struct.pack("<32H", *(e[2] for e in endpoints))
        self.send("ep_info", 0, body)

    def connect(self):
        speed = 3 if self.bad == "super-speed" else 2
        body = struct.pack("<4B2H", speed, 9 if self.bad == "hub" else 0, 0, 0, 0x1209, PRODUCTS[self.device])
        self.send("device_connect", 0, body + (struct.pack("<H", 0x100) if self.both >> CAP_VERSION & 1 else b""))

    # ---- what the host does itself ---------------------------------------------------------------------------------

    def on_get_configuration(self, number, body):
        if self.bad != "no-configuration":
            self.send("configuration_status", number + (1 if self.bad == "other-configuration" else 0),
                      bytes([SUCCESS, self.configuration]))

    def on_set_configuration(self, number, body):
        is_there = body[0] <= 1
        self.waiting, self.packets = [], {1: [], 2: []}
        self.configuration = body[0] if is_there else self.configuration
        self.describe()
        self.send("configuration_status", number, bytes([SUCCESS if is_there else INVAL, self.configuration]))

    def on_set_alt_setting(self, number, body):
        self.given = self.expected = self.wrong = 0
        self.seen = [0, 0]
        self.send("alt_setting_status", number, bytes([SUCCESS, body[0], body[1]]))

    def on_reset(self, number, body):
        self.waiting, self.packets = [], {1: [], 2: []}

    def on_device_disconnect_ack(self, number, body):
        pass

    # ---- control ---------------------------------------------------------------------------------------------------

    def answer_control(self, request_type, request, value, length):
        device, configuration = descriptor_of(self.device)
        answers = {(0x80, 6, 1): device, (0x80, 6, 2): configuration, (0x80, 8, 0): bytes([self.configuration]),
                   (0x80, 0, 0): bytes(2), (0x02, 1, 0): b"",
                   (0xc0, 1, 0): struct.pack("<III", self.seen[0], self.seen[1], self.wrong)}
        answer = answers.get((request_type, request, value >> 8))
        return answer if answer is None else answer[:length]

    def on_control_packet(self, number, body):
        endpoint, request, request_type, _, value, index, length = struct.unpack("<4B3H", body[:10])
        answer = self.answer_control(request_type, request, value, length)
        status = STALL if answer is None else SUCCESS
        answer = answer or b""
        if self.bad == "more-data" and request == 6:
            answer, length = answer + bytes(length), 2 * length
        if self.bad == "other-id":
            number += 1000
        done = len(answer) if endpoint & 0x80 else length
        self.send("control_packet", number, struct.pack("<4B3H", endpoint ^ (1 if self.bad == "other-endpoint" else 0),
                                                        request, request_type, status, value, index, done) + answer)

    # ---- bulk and interrupt ----------------------------------------------------------------------------------------

    def split(self, data, length):
        return [data[at:at + length] for at in range(0, len(data), length)] or [b""]

    def bulk_body(self, endpoint, status, length):
        body = struct.pack("<BBHI", endpoint, status, length & 0xffff, 0)
        return body + (struct.pack("<H", length >> 16) if self.both >> CAP_32BIT_BULK & 1 else b"")

    def on_bulk_packet(self, number, body):
        head = 10 if self.both >> CAP_32BIT_BULK & 1 else 8
        endpoint, _, length = struct.unpack("<BBH", body[:4])
        length |= struct.unpack("<H", body[8:10])[0] << 16 if head == 10 else 0
        self.nr_bulk += 1
        if self.bad == "goes" and self.nr_bulk > 100:
            self.is_open = False
        elif self.bad == "unplugs" and self.nr_bulk > 100:
            self.send("device_disconnect")
        elif self.bad == "huge":
            self.write(struct.pack("<II", 101, 0x7000000) + struct.pack("<Q", number) + bytes(1 << 20))
        elif self.bad == "unknown-type":
            self.send(77, 0, bytes(8))
        elif self.bad == "filter":
            self.send(23, 0, b"-1,-1,-1,-1,1\0")
        elif self.bad == "floods":
            self.write((struct.pack("<IIQ", 101, 10, 1) + self.bulk_body(1, 0, 0)) * 1000000)
            self.is_open = False
        elif self.bad == "stalls":
            self.send("bulk_packet", number, self.bulk_body(endpoint, STALL, 0))
        elif endpoint & 0x80:
            self.waiting.append((number, length))
        else:
            self.packets[1] += self.split(body[head:], 512)
            self.send("bulk_packet", number, self.bulk_body(endpoint, SUCCESS, length))
        self.give_bulk()

    def give_bulk(self):
        while self.waiting and self.packets[1]:
            number, length = self.waiting[0]
            data, is_over = b"", False
            while self.packets[1] and not is_over:
                data += self.packets[1].pop(0)
                is_over = len(data) % 512 != 0 or not data or len(data) >= length
            if not is_over:  # the rest is still on its way
                self.packets[1] = self.split(data, 512)
                return
            self.waiting.pop(0)
            self.send("bulk_packet", number, self.bulk_body(0x81, SUCCESS, len(data)) + data)

    def on_cancel_data_packet(self, number, body):
        if self.bad == "no-answer":
            return
        if any(number == one[0] for one in self.waiting):
            self.waiting = [one for one in self.waiting if one[0] != number]
            self.send("bulk_packet", number, self.bulk_body(0x81, CANCELLED, 0))

    def on_interrupt_packet(self, number, body):
        endpoint, _, length = struct.unpack("<BBH", body[:4])
        self.packets[2] += self.split(body[4:], 64)
        self.send("interrupt_packet", number, struct.pack("<BBH", endpoint, SUCCESS, length))
        self.give_interrupt()

    def on_start_interrupt_receiving(self, number, body):
        self.is_receiving = True
        self.send("interrupt_receiving_status", number, bytes([SUCCESS, body[0]]))
        self.give_interrupt()

    def on_stop_interrupt_receiving(self, number, body):
        self.is_receiving = False
        self.send("interrupt_receiving_status", number, bytes([SUCCESS, body[0]]))

    def give_interrupt(self):
        if self.bad == "big-interrupt":
            self.packets[2] = [bytes(5000)]
        while self.is_receiving and self.packets[2]:
            data = self.packets[2].pop(0)
            self.send("interrupt_packet", 0, struct.pack("<BBH", 0x82, SUCCESS, len(data)) + data)

    # ---- isochronous -----------------------------------------------------------------------------------------------

    def on_start_iso_stream(self, number, body):
        is_bad = self.bad == "iso-fails"
        self.send("iso_stream_status", number, bytes([STALL if is_bad else SUCCESS, body[0]]))
        if body[0] & 0x80 and not is_bad:
            self.next_iso = time.monotonic()

    def on_stop_iso_stream(self, number, body):
        if body[0] & 0x80:
            self.next_iso = 0
        self.send("iso_stream_status", number, bytes([SUCCESS, body[0]]))

    def iso(self):
        """Gives what is due; how long there is nothing to do, None: for ever."""
        if not self.next_iso:
            return None
        while self.is_open and time.monotonic() >= self.next_iso:
            data = bytes((self.given + i) & 0xff for i in range(ISO_BYTES))
            self.given += ISO_BYTES
            self.next_iso += ISO_SECONDS
            self.send("iso_packet", 0, struct.pack("<BBH", 0x81, SUCCESS, ISO_BYTES) + data)
        return max(0, self.next_iso - time.monotonic())

    def on_iso_packet(self, number, body):
        self.seen = [self.seen[0] + 1, self.seen[1] + len(body) - 4]
        for octet in body[4:]:
            self.wrong += octet != self.expected
            self.expected = octet + 1 & 0xff


def say(what):
    print(what, flush=True)


def listen(where):
    if where.startswith("unix:"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(where[len("unix:"):])
    else:
        listener = socket.create_server(("127.0.0.1", int(where)))
        say("port %u" % listener.getsockname()[1])
    listener.listen()
    say("listening")
    return listener


def main():
    options = dict(option.split("=", 1) for option in sys.argv[2:])
    if options.get("bad", FAULTS[0]) not in FAULTS:
        sys.exit("usbredir_peer.py: no such fault: " + options["bad"])
    listener = listen(sys.argv[1])
    while True:
        connection = listener.accept()[0]
        say("connected")
        Peer(connection, options).run()
        connection.close()
        say("disconnected")


main()
