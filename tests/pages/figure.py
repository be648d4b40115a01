"""A layer as a figure: what its page's lines make, in their order, and who reads it.

A box for every value with its shape and its equation; on the left an arc from every value to those made of it, on the right
dashed the way of the gradients; a dot on what the backward lines read again, which is kept for them.
"""

from xml.sax.saxutils import escape

import models
from grammar import text_of
from names import dimensions_of
from page import Page
from run import Run

WIDTH, LEFT, RIGHT = 400, 74, 326
LINE, GAP, CHARACTERS = 14, 10, 36

STYLE = """
text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1b1f24 }
.name { font-weight: bold; font-size: 12px } .shape { fill: #57606a } .weights { fill: #8250df }
rect { fill: #f6f8fa; stroke: #8c959f } .input { fill: #ddf4ff } .kept { fill: #bf8700 }
path { fill: none; stroke: #0969da; stroke-width: 1.3 } .back { stroke: #cf222e; stroke-dasharray: 4 3 }
.f { fill: #0969da } .b { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .shape { fill: #9198a1 } .weights { fill: #d2a8ff }
rect { fill: #161b22; stroke: #656c76 } .input { fill: #12294a } .kept { fill: #e3b341 }
path { stroke: #58a6ff } .back { stroke: #ff7b72 } .f { fill: #58a6ff } .b { fill: #ff7b72 }
}"""


class Drawn(Run):
    """A run that notes of every name the line that makes it first, and who reads what."""

    def __init__(self, page, model):
        super().__init__(page, model)
        self.boxes = {}       # name -> [equation, shape, names read, weights read]
        self.back = set()     # (y, x): dx is made of dy
        self.kept = set()
        self.helpers = {}     # name of a helper of the backward lines -> what it reads

    def reads(self, statement):
        """Names, those of other tasks by the name that their boxes have; helpers by what they read."""
        boxes = {self.page.pattern(name): name for name in self.boxes}
        found = []
        for name in (token.text for token in statement.tokens if token.kind == "name" and token.text not in self.scope):
            if name in self.helpers:
                found += self.helpers[name]
            elif name[0] == "d" and self.page.pattern(name[1:]) in boxes:
                found.append("d" + boxes[self.page.pattern(name[1:])])
            else:
                found.append(boxes.get(self.page.pattern(name), name))
        return list(dict.fromkeys(found))

    def restate(self, statement):
        fresh = [name for name in targets_of(statement.left) if self.known(name) is None]
        super().restate(statement)
        for name in fresh:
            self.helpers[name] = [other for other in self.reads(statement) if other != name]

    def forward_statement(self, statement):
        fresh = statement.kind == "assign" and [name for name in targets_of(statement.left) if self.known(name) is None]
        super().forward_statement(statement)
        if self.nudges is not None or not fresh or self.boxes.keys() & fresh:
            return
        read, weights = [], []
        for name in self.reads(statement):
            key = self.known_here(name)
            if name in fresh or (key is None and name not in self.boxes):
                continue
            if name in self.boxes:
                read.append(name)
                continue
            (weights if self.read.get(key) in self.model.parameters else read).append(name)
            if self.read.get(key) not in self.model.parameters:
                self.boxes[name] = ["", self.shape_of(self.values[key]), [], []]
        for name in fresh:
            self.boxes[name] = [text_of(statement.tokens) if name == fresh[0] else "", self.shape_of(self.value(name)),
                                read, weights if name == fresh[0] else []]

    def assign_gradient(self, statement):
        super().assign_gradient(statement)
        boxes = {self.page.pattern(name): name for name in self.boxes}
        made = [boxes.get(self.page.pattern(name[1:]), name[1:]) for name in targets_of(statement.left)]
        for name in self.reads(statement):
            if name[0] == "d" and name[1:] in self.boxes and name not in self.boxes:
                self.back |= {(name[1:], x) for x in made if x in self.boxes and x != name[1:]}
            elif name in self.boxes:
                self.kept.add(name)

    def shape_of(self, value):
        """In letters."""
        texts = [text for binding in self.page.bindings.values() for text in dimensions_of(binding.shape)]
        sizes = {self.model.B: "B", self.model.T: "T", 1: "1"}
        for text in texts:
            try:
                sizes.setdefault(self.size(text), text)
            except Exception:  # of a letter that this model doesn't have
                continue
        return "[" + ", ".join(str(sizes.get(size, size)) for size in value.shape) + "]" if value.ndim else "a number"


def targets_of(tree):
    parts = tree[2] if tree[0] == "join" else [tree]
    return [part[1] if part[0] == "name" else part[1][1] for part in parts]


def wrapped(text):
    """An equation in lines that fit."""
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > CHARACTERS:
            lines.append("  ")
        lines[-1] += word + " "
    return [line.rstrip() for line in lines if line.strip()]


def svg(drawn, title, below=""):
    """`below`: the class of the text under the names."""
    parts, at, place = [], 8, {}
    for name, (equation, shape, _, weights) in drawn.boxes.items():
        lines = wrapped(equation)
        height = LINE * (1 + len(lines)) + 6
        kind = ' class="input"' if not equation and not drawn.boxes[name][2] else ""
        parts.append(f'<rect{kind} x="{LEFT}" y="{at}" width="{RIGHT - LEFT}" height="{height}" rx="5"/>')
        parts.append(f'<text class="name" x="{LEFT + 8}" y="{at + 14}">{escape(name)} <tspan class="shape">{escape(shape)}'
                     "</tspan></text>")
        if weights:
            parts.append(f'<text class="weights" x="{RIGHT - 16}" y="{at + 14}" text-anchor="end">'
                         f'{escape(", ".join(weights))}</text>')
        if name in drawn.kept:
            parts.append(f'<circle class="kept" cx="{RIGHT - 8}" cy="{at + 10}" r="4"/>')
        parts += [f'<text{below} x="{LEFT + 8}" y="{at + 14 + LINE * (i + 1)}" xml:space="preserve">{escape(line)}</text>'
                  for i, line in enumerate(lines)]
        place[name] = (at, height)
        at += height + GAP
    longest = max(len(drawn.boxes), 1)
    order = {name: i for i, name in enumerate(drawn.boxes)}
    for name, (_, _, read, _) in drawn.boxes.items():
        for source in read:
            parts.append(arc(place, order, source, name, LEFT, -1, longest, "f"))
    for source, name in sorted(drawn.back, key=lambda pair: (order[pair[0]], order[pair[1]])):
        parts.append(arc(place, order, source, name, RIGHT, 1, longest, "b"))
    if drawn.kept:
        parts.append(f'<circle class="kept" cx="{LEFT + 12}" cy="{at + 6}" r="4"/>'
                     f'<text x="{LEFT + 22}" y="{at + 10}">kept for the way back</text>')
        at += 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {at}" width="{WIDTH}" role="img">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}\n</style>\n" + "\n".join(parts) + "\n</svg>\n")


def arc(place, order, source, name, x, side, longest, kind):
    """From one box to another, the further out the more boxes lie between."""
    out = x + side * (14 + 54 * (abs(order[name] - order[source]) - 1) / max(longest - 1, 1))
    begin = place[source][0] + place[source][1] * (0.7 if kind == "f" else 0.35)
    end = place[name][0] + place[name][1] * (0.3 if kind == "f" else 0.75)
    points = f"{x} {end:.1f} {x + side * 6} {end - 3:.1f} {x + side * 6} {end + 3:.1f}".split()
    head = f'<polygon class="{kind}" points="{points[0]},{points[1]} {points[2]},{points[3]} {points[4]},{points[5]}"/>'
    line = "" if kind == "f" else ' class="back"'
    return f'<path{line} d="M{x} {begin:.1f}C{out:.1f} {begin:.1f} {out:.1f} {end:.1f} {x + side * 5} {end:.1f}"/>{head}'


def figures(root, directory):
    """(file, its content) of the pages that show one."""
    for path, change in models.drawn():
        drawn = Drawn(Page(root / path, path), models.Model(change, directory))
        drawn.forward()
        drawn.backward()
        page = path.split("/")[1][:-3]
        yield f"docs/img/{page}.svg", svg(drawn, f"The values of {page}.md, forward and backward")
