#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Numbered datagrams over a vif: who receives them says whether all have come, and in their order.

net_datagrams.py send|receive ADDRESS NUMBER
"""
import socket
import sys

PORT = 9
TIMEOUT_S = 60


def send(address, number):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for i in range(number):
            sock.sendto(b"%u" % i, (address, PORT))


def receive(address, number):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, PORT))
        sock.settimeout(TIMEOUT_S)
        for i in range(number):
            try:
                got = int(sock.recv(100))
            except socket.timeout:
                return "%u of %u have come" % (i, number)
            if got != i:
                return "after %u has come %u" % (i - 1, got)
    return "all, in order"


command, address, number = sys.argv[1:]
if command == "send":
    send(address, int(number))
else:
    print(receive(address, int(number)))
