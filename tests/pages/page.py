"""A page: what its letters are, and its lines."""

import copy
import dataclasses
import re

from grammar import PageError, statements_of

EVERYWHERE = ("B", "D", "L", "K", "T")
HEADER = re.compile(r"^(\d+\.)? *(for each|if) [^:]*:")


@dataclasses.dataclass
class Binding:
    """What a row of a page's table of letters says of a name."""
    shape: str
    tensors: list        # patterns, the first that the model has counts
    data: str = ""       # else: which data of the rows
    key: list = dataclasses.field(default_factory=list)  # else: keys of the config
    split: tuple = None  # axis, part, parts
    shared: bool = False  # others add to its gradient


class Page:
    """A page's letters and statements. Fenced blocks with a language are not read."""

    def __init__(self, path, name=None):
        self.name = name or path.name
        self.bindings, self.statements, self.not_run, self.lines = {}, [], [], 0
        heading, fence, block, start = "", None, [], 0
        table = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if fence is not None:
                if line.startswith("```"):
                    self.add_block(block, start, fence, "backward" in heading.lower())
                    fence = None
                else:
                    block.append(line)
            elif line.startswith("```"):
                fence, block, start = line[3:].strip(), [], number + 1
            elif line.startswith("#"):
                heading = line
            if fence is None and line.startswith("|"):
                cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                if cells[:3] == ["letter", "shape", "is"]:
                    table = True
                elif table and not cells[0].startswith("---"):
                    self.add_letters(cells, number)
            else:
                table = False
        self.settle()

    def settle(self):
        """What follows from all lines together."""
        self.variables = {"parent"} | set().union(*(
            {header.what[1] for header in s.headers if header.kind == "each"} | set(_variables(s))
            for s in self.statements)) if self.statements else set()
        self.assigned = {self.pattern(name) for s in self.statements if not s.backward and s.kind == "assign"
                         for name in names_in(s.left)}
        self.gathered = {self.pattern(name[1:]).rstrip("'") for s in self.statements if s.backward and
                         s.kind == "assign" and s.sign != "=" for name in names_in(s.left)}

    def with_line(self, index, statement):
        """The page with another line in the place of one."""
        other = copy.copy(self)
        other.statements = [*self.statements[:index], statement, *self.statements[index + 1:]]
        other.settle()
        return other

    def add_block(self, block, start, fence, backward):
        if fence.startswith("text"):
            lines = [line for line in block if "=" in line]
            self.not_run += [(line.strip(), fence[4:].strip(" ()")) for line in lines]
            self.lines += len(lines)
        elif not fence:
            self.lines += sum("=" in HEADER.sub("", line) for line in block)
            self.statements += statements_of(self.name, block, start, backward)

    def add_letters(self, cells, number):
        letters, shapes, meaning = cells[:3]
        shape = re.findall(r"`(\[[^`]*\])`", shapes)
        names = re.findall(r"`([^`]*)`", letters)
        quoted = re.findall(r"`([^`]*)`", meaning)
        data = re.match(r"data: ([a-z ]+)", meaning)
        for i, text in enumerate(names):
            own = shape[i] if i < len(shape) else shape[-1] if shape else ""
            split = None
            members = [text]
            if text.startswith("["):
                axis = 0 if ";" in text else -1
                members = re.split(r"[;,] *", text[1:-1])
            for part, member in enumerate(members):
                if len(members) > 1:
                    split = (axis, part, len(members))
                binding = Binding(own, [], split=split, shared="others read it" in meaning)
                if data:
                    binding.data = data.group(1).strip()
                elif re.match("keys? ", meaning):
                    binding.key = quoted if len(names) == 1 else quoted[i:i + 1]
                else:
                    # `a`, `b`: one letter each; a letter alone has all as alternatives.
                    binding.tensors = quoted if len(names) == 1 else quoted[i:i + 1]
                if member in EVERYWHERE:
                    raise PageError(f"{self.name}:{number}: {member} means the same on all pages")
                if self.pattern(member, ()) in self.bindings:
                    raise PageError(f"{self.name}:{number}: letter {member} stands there twice")
                self.bindings[member] = binding

    def pattern(self, name, variables=None):
        """The name with its index letters replaced."""
        variables = self.variables if variables is None else variables
        head, *subs = name.rstrip("'").split("_")
        return "_".join([head] + ["#" if sub in variables else sub for sub in subs]) + "'" * name.count("'")


def names_in(tree):
    """Names in a target."""
    if isinstance(tree, tuple):
        if tree[0] == "name":
            return [tree[1]]
        if tree[0] == "index":
            return names_in(tree[1])
        return [name for part in tree[1:] for name in names_in(part)]
    if isinstance(tree, list):
        return [name for part in tree for name in names_in(part)]
    return []


def _variables(statement):
    """Variables of the sums of a statement."""
    def walk(tree):
        if isinstance(tree, tuple) and tree and tree[0] == "sum":
            yield tree[1][1]
        if isinstance(tree, (tuple, list)):
            for part in tree:
                yield from walk(part)
    return [] if statement.kind == "from" else list(walk((statement.left, *statement.rights)))
