#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Flows with and without a hash, sent to a guest of net_guest.c, and what that should have said of each.

    net_hash.py INTERFACE GUEST-OUTPUT SEED TYPES KEY MAPPING

TYPES: XEN_NETIF_CTRL_HASH_TYPE_..., or-ed; -1: the guest wants no hashing. KEY in hex; MAPPING "0,1,1" or "" (by
modulo), behind it "/NR_QUEUES". The hash is computed here bit by bit, as the text of io/netif.h has it. Prints "all N
frames as expected", or what was not.
"""
import ipaddress
import random
import socket
import struct
import sys
import time

IPV4, IPV4_TCP, IPV6, IPV6_TCP = range(4)
TCP, UDP, GRE = 6, 17, 47
OURS = bytes.fromhex("020000000099")  # frames of anybody else are none of ours
BATCH = 32  # fewer than may be under way between two rings
SHOWN = 80


def toeplitz(key, data):
    key += bytes(len(data) + 4 - len(key)) if len(key) < len(data) + 4 else b""
    bits = int.from_bytes(key, "big")
    length = len(key) * 8
    value = 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            value ^= bits >> (length - 32 - i) & 0xFFFFFFFF
    return value


def make_l4(protocol, ports):
    if protocol == TCP:
        return struct.pack("!HHIIBBHHH", *ports, 1, 0, 0x50, 0x10, 100, 0, 0)
    if protocol == UDP:
        return struct.pack("!HHHH", *ports, 8, 0)
    return bytes(8)


def make_flow(rng, to_mac):
    """A frame, what its hash is over by type, the most of what it has first."""
    version = rng.choice([4, 6])
    protocol = rng.choice([TCP, TCP, UDP, GRE])
    is_fragment = version == 4 and rng.random() < 0.2
    size = 4 if version == 4 else 16
    addresses = rng.randbytes(2 * size)
    ports = (rng.randrange(65536), rng.randrange(65536))
    l4 = make_l4(protocol, ports)
    if version == 4:
        fragment = 0x2000 if is_fragment else 0
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), 0, fragment, 64, protocol, 0) + addresses
    else:
        ip = struct.pack("!IHBB", 6 << 28, len(l4), protocol, 64) + addresses
    frame = to_mac + OURS + struct.pack("!H", 0x0800 if version == 4 else 0x86DD) + ip + l4
    inputs = [(IPV4 if version == 4 else IPV6, addresses)]
    if protocol == TCP and not is_fragment:
        inputs.insert(0, (IPV4_TCP if version == 4 else IPV6_TCP, addresses + struct.pack("!HH", *ports)))
    return frame, inputs


def make_arp(rng, to_mac):
    return to_mac + OURS + b"\x08\x06" + rng.randbytes(28), []


class Setting:
    def __init__(self, types, key, mapping):
        self.types = int(types)
        self.key = bytes.fromhex(key)
        entries, _, nr = mapping.partition("/")
        self.mapping = [int(entry) for entry in entries.split(",")] if entries else []
        self.nr_queues = int(nr)

    def expected(self, inputs):
        """The end of a line of net_guest's; the queue in front may be any where the guest wants no hashing."""
        if self.types <= 0:
            return None, "0 0 00000000"
        for kind, data in inputs:
            if self.types >> kind & 1:
                value = toeplitz(self.key, data)
                return self.queue(value), f"1 {kind} {value:08x}"
        return self.queue(0), "0 0 00000000"

    def queue(self, value):
        if self.mapping:
            return self.mapping[value % len(self.mapping)]
        return value % self.nr_queues


def read_frames(path, begin):
    """What it has printed of our frames since: the first bytes of each, and what it said of it."""
    frames = {}
    with open(path, encoding="ascii") as output:
        output.seek(begin)
        for line in output:
            words = line.split()
            if line.endswith("\n") and words and words[0] == "frame" and words[5][12:24] == OURS.hex():
                frames.setdefault(words[5], []).append((int(words[1]), " ".join(words[2:5])))
    return frames


def wait_for(path, begin, number):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        frames = read_frames(path, begin)
        if sum(len(said) for said in frames.values()) >= number:
            return frames
        time.sleep(0.02)
    return read_frames(path, begin)


def judge(flows, seen, setting):
    wrong = []
    queues = set()
    for frame, inputs in flows:
        queue, said = setting.expected(inputs)
        got = seen.get(frame[:SHOWN].hex(), [])
        if len(got) != 1 or got[0][1] != said or queue not in (None, got[0][0]):
            wrong.append(f"{frame.hex()}: expected queue {queue}, {said}; got {got}")
        queues.update(where for where, _ in got)
    return wrong, queues


def main():
    interface, path, seed, *rest = sys.argv[1:]
    setting = Setting(*rest)
    rng = random.Random(int(seed))
    to_mac = bytes.fromhex("00163e000001")
    flows = [make_flow(rng, to_mac) for _ in range(300)] + [make_arp(rng, to_mac) for _ in range(4)]
    with open(path, encoding="ascii") as output:
        begin = output.seek(0, 2)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as tap:
        tap.bind((interface, 0))
        for first in range(0, len(flows), BATCH):
            for frame, _ in flows[first : first + BATCH]:
                tap.send(frame)
            seen = wait_for(path, begin, min(first + BATCH, len(flows)))
            if not seen:
                break
    wrong, queues = judge(flows, seen, setting)
    for line in wrong[:5]:
        print(line)
    if wrong:
        print(f"{len(wrong)} of {len(flows)} frames not as expected")
        return 1
    print(f"all {len(flows)} frames as expected, on queues {sorted(queues)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
