#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the diagrams of docs/protocol.md beside itself; every run writes the same octets."""
import os
from xml.sax.saxutils import escape

INK, PALE, FRONT, BACK, BAD = "#222222", "#f2f2f2", "#1f5fa8", "#a8501f", "#b00020"


class Picture:
    def __init__(self, width, height, title):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="13">',
            f"<title>{escape(title)}</title>",
            f'<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
            f'<path d="M0,0 L9,4 L0,8 z" fill="{INK}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        ]

    def text(self, x, y, words, anchor="middle", colour=INK, bold=False, size=13):
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"{weight}>'
                          f"{escape(words)}</text>")

    def box(self, x, y, width, height, words="", fill="#ffffff", colour=INK, size=13):
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{colour}"/>')
        if words:
            self.text(x + width / 2, y + height / 2 + 5, words, colour=colour, size=size)

    def arrow(self, *points, colour=INK, dashed=False):
        dash = ' stroke-dasharray="5,4"' if dashed else ""
        path = "M" + " L".join(f"{x},{y}" for x, y in points)
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" marker-end="url(#head)"{dash}/>')

    def line(self, x1, y1, x2, y2, colour=INK):
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"/>')

    def save(self, name):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(self.parts) + "\n</svg>\n")


def ring():
    p = Picture(860, 330, "A ring page and its indexes")
    fields = [("0", "req_prod", FRONT), ("4", "req_event", BACK), ("8", "rsp_prod", BACK), ("12", "rsp_event", FRONT)]
    for i, (offset, name, colour) in enumerate(fields):
        p.text(32 + i * 100, 40, offset, "start", size=11)
        p.box(30 + i * 100, 45, 100, 34, name, colour=colour)
    p.text(432, 40, "16", "start", size=11)
    p.box(430, 45, 220, 34, "48 octets of zeros", fill=PALE)
    p.text(652, 40, "64", "start", size=11)
    p.box(650, 45, 90, 34, "slot 0")
    p.box(740, 45, 90, 34, "slot 1 ...")
    p.text(30, 104, "written by the frontend", "start", FRONT)
    p.text(210, 104, "written by the backend", "start", BACK)

    kinds = ["", "response", "response", "unanswered", "unanswered", "request", "request", ""]
    fills = ["#ffffff", "#f6e3d8", "#f6e3d8", PALE, PALE, "#dbe7f5", "#dbe7f5", "#ffffff"]
    for i, (kind, fill) in enumerate(zip(kinds, fills)):
        p.box(30 + i * 100, 180, 100, 44, kind, fill=fill)
    marks = [(1, "rsp_cons", "private", FRONT), (3, "rsp_prod", "in the page", BACK), (5, "req_cons", "private", BACK),
             (7, "req_prod", "in the page", FRONT)]
    for at, name, where, colour in marks:
        p.text(30 + at * 100, 140, name, colour=colour, bold=True)
        p.text(30 + at * 100, 156, where, colour=colour, size=11)
        p.arrow((30 + at * 100, 161), (30 + at * 100, 178))
    p.text(80, 207, "free")
    p.text(780, 207, "free")
    p.text(230, 246, "published, not yet consumed", size=12)
    p.text(430, 246, "taken by the backend", size=12)
    p.text(630, 246, "published, not yet taken", size=12)
    p.arrow((30, 272), (830, 272))
    p.text(430, 292, "indexes grow and wrap at 2^32; index x stands in slot x mod n; here n = 8")
    p.text(430, 314, "req_prod - rsp_cons is never more than n", bold=True)
    p.save("ring.svg")


def column(p, x, title, colour, names):
    p.text(x + 75, 32, title, colour=colour, bold=True, size=15)
    for y, name in names:
        p.box(x, y, 150, 34, name, colour=colour)


def states():
    p = Picture(900, 470, "The states of both sides")
    ends = [(270, "4 Connected"), (345, "5 Closing"), (420, "6 Closed")]
    front = [(50, "1 Initialising"), (195, "3 Initialised"), *ends]
    back = [(50, "1 Initialising"), (125, "2 InitWait"), *ends]
    column(p, 190, "frontend", FRONT, front)
    column(p, 520, "backend", BACK, back)
    p.arrow((265, 84), (265, 195))
    p.arrow((265, 229), (265, 270))
    p.arrow((265, 304), (265, 345))
    p.arrow((265, 379), (265, 420))
    p.arrow((595, 84), (595, 125))
    p.arrow((595, 159), (595, 270))
    p.arrow((595, 304), (595, 345))
    p.arrow((595, 379), (595, 420))
    # what lets the other side go on
    p.arrow((520, 142), (345, 207), dashed=True)
    p.arrow((340, 218), (518, 280), dashed=True)
    p.arrow((520, 292), (342, 292), dashed=True)
    p.arrow((340, 362), (518, 362), dashed=True)
    p.arrow((340, 437), (518, 437), dashed=True)
    p.text(432, 160, "offered", size=11)
    p.text(432, 238, "announced", size=11)
    p.text(432, 286, "connected", size=11)
    # shortcuts of the frontend
    p.arrow((190, 67), (150, 67), (150, 280), (188, 280))
    p.text(144, 160, "skips 3", "end", size=11)
    p.arrow((190, 294), (120, 294), (120, 430), (188, 430))
    p.text(114, 365, "skips 5", "end", size=11)
    p.arrow((190, 444), (60, 444), (60, 57), (188, 57))
    p.text(54, 255, "again", "end", size=11)
    # of the backend
    p.arrow((670, 444), (790, 444), (790, 142), (672, 142))
    p.text(796, 255, "online = 1", "start", size=11)
    p.text(796, 270, "and the frontend", "start", size=11)
    p.text(796, 285, "is in 1", "start", size=11)
    p.arrow((670, 280), (730, 280), (730, 150), (672, 150))
    p.text(724, 215, "restart", "end", size=11)
    p.arrow((670, 133), (760, 133), (760, 362), (672, 362))
    p.text(754, 335, "refused", "end", size=11)
    p.arrow((670, 294), (700, 294), (700, 430), (672, 430))
    p.text(706, 395, "the frontend is in 6", "start", size=11)
    p.save("states.svg")


def race(p, x, title, rows, end, colour):
    p.text(x + 195, 30, title, bold=True, size=15)
    p.text(x + 95, 56, "frontend", colour=FRONT, bold=True)
    p.text(x + 295, 56, "backend", colour=BACK, bold=True)
    for i, (side, words, mark) in enumerate(rows):
        left = x if side == "f" else x + 200
        shade = {"late": "#f9d9de", "fence": "#d8efd8", "": "#ffffff"}[mark]
        p.box(left, 70 + i * 38, 190, 30, words, shade, FRONT if side == "f" else BACK, size=11)
    for i, words in enumerate(end):
        p.text(x + 195, 70 + len(rows) * 38 + 22 + i * 18, words, colour=colour)


def lost_wakeup():
    p = Picture(860, 400, "A wake-up that is lost, and why two fences mend it")
    race(p, 20, "without fences", [
        ("f", "store req_prod = 1 (delayed)", "late"),
        ("b", "store req_event = 1 (delayed)", "late"),
        ("f", "load req_event: old, no notify", ""),
        ("b", "load req_prod: 0, sleep", ""),
        ("f", "req_prod = 1 becomes visible", "late"),
        ("b", "req_event = 1 becomes visible", "late"),
    ], ["Each side has missed the other's store:", "a request in the ring, and nobody awake."], BAD)
    race(p, 450, "with a full fence on both sides", [
        ("f", "store req_prod = 1", ""),
        ("f", "full fence", "fence"),
        ("b", "store req_event = 1", ""),
        ("b", "full fence", "fence"),
        ("f", "load req_event: old or 1", ""),
        ("b", "load req_prod: 1, do not sleep", ""),
    ], ["Whoever fences second sees the other's store:", "the backend does not sleep, or the frontend notifies."], INK)
    p.line(430, 15, 430, 385, "#999999")
    p.save("lost-wakeup.svg")


if __name__ == "__main__":
    ring()
    states()
    lost_wakeup()
