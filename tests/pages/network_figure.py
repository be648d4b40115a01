"""The whole network as a figure: every value of a trace, what it is made of by the lines of all pages, and its weights."""

import types

import models
from figure import svg, targets_of
from page import Page
from run import Run

PAGES = ("embedding", "cross", "mmoe", "tower", "transfer", "loss")
CONFIG = {"tasks": models.TWO_TASKS, "sharing": [{"kind": "mmoe", "experts": 3, "units": 7}], "tower": [6],
          "transfer": "gru"}


class Wired(Run):
    """A run that notes what every value is made of."""

    def __init__(self, page, model):
        super().__init__(page, model)
        self.made_of = {}  # key -> keys
        self.looked_up = []

    def value(self, name):
        key = self.known_here(name)
        if key is not None:
            self.looked_up.append(key)
        return super().value(name)

    def forward_statement(self, statement):
        self.looked_up = []
        super().forward_statement(statement)
        for name in targets_of(statement.left) if statement.kind == "assign" else []:
            key = self.known(name)
            self.made_of.setdefault(key, []).extend(other for other in self.looked_up if other != key)

    def tensors_under(self, key):
        """The tensors of which a value is made, through the values that the trace does not have."""
        found = []
        for other in self.made_of.get(key, []):
            tensor = self.traced.get(other) or self.read.get(other)
            found += [tensor] if tensor else self.tensors_under(other)
        return list(dict.fromkeys(found))


def network(root, directory):
    """(file, content) of the figure."""
    model = models.Model(CONFIG, directory)
    read, weights = {}, {}
    for name in PAGES:
        run = Wired(Page(root / f"docs/{name}.md", name), model)
        run.forward()
        for key, tensor in run.traced.items():
            under = [other for other in run.tensors_under(key) if other != tensor]
            read.setdefault(tensor, []).extend(other for other in under if other not in model.parameters)
            weights.setdefault(tensor, []).extend(other for other in under if other in model.parameters)
    letters = {model.B: "B", model.T: "T", model.tensors["x0"].shape[1]: "D", 7: "m", 6: "H", 3: "n", 21: "n m"}
    order = [name for name in model.tensors if name in read]
    boxes = {}
    for name in order:
        shape = ", ".join(str(letters.get(size, size)) for size in model.tensors[name].shape)
        boxes[name] = [", ".join(dict.fromkeys(weights[name])), f"[{shape}]",
                       [other for other in dict.fromkeys(read[name]) if other in order], []]
    learns = {name for name in order if "grad." + name in model.tensors}
    back = {(name, other) for name in learns | {"loss.total"} for other in boxes[name][2] if other in learns}
    drawn = types.SimpleNamespace(boxes=boxes, back=back, kept=set())
    return "docs/img/network.svg", svg(drawn, "The values of a model of two tasks, forward and backward",
                                          ' class="weights"')
