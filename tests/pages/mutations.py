"""What a slip of the pen makes of a line: a sign, a transpose, a factor left out, a neighbour's name."""

import copy
import dataclasses


@dataclasses.dataclass
class Mutation:
    statement: object  # the line as it is now
    index: int         # of the line on its page
    kind: str
    what: str


def nodes(tree, path=()):
    """(path, node) of every node of a tree; a path says which element to take, again and again."""
    if isinstance(tree, tuple) and tree and isinstance(tree[0], str):
        yield path, tree
    if isinstance(tree, (tuple, list)):
        for i, part in enumerate(tree):
            yield from nodes(part, path + (i,))


def replaced(tree, path, new):
    if not path:
        return new
    parts = list(tree)
    parts[path[0]] = replaced(tree[path[0]], path[1:], new)
    return type(tree)(parts)


def slips(node, operand):
    """(kind, what, node instead) for one node; `operand`: it is a factor of a product of matrices."""
    kind = node[0]
    if kind in ("+", "-"):
        yield "sign", f"{kind} turned", ("-" if kind == "+" else "+", node[1], node[2])
    if kind == "minus":
        yield "sign", "minus left out", node[1]
    if kind == "transpose":
        yield "transpose", f"{said(node)} without ^T", node[1]
    elif operand and kind in ("name", "join"):
        yield "transpose", f"{said(node)} with ^T", ("transpose", node)
    if kind in ("*", "product", "."):
        yield "factor", f"{said(node[2])} left out", node[1]
        yield "factor", f"{said(node[1])} left out", node[2]
    if kind == "/":
        yield "factor", f"/ {said(node[2])} left out", node[1]


def said(tree):
    return " ".join(all_names(tree)) or str(tree[1])


def all_names(tree):
    return [node[1] for _, node in nodes(tree) if node[0] == "name"]


def mutations_of(page):
    """Every mutation of every line of a page."""
    lines = [s for s in page.statements if s.kind != "from"]
    for at, statement in enumerate(lines):
        index = page.statements.index(statement)
        around = list(dict.fromkeys(name for other in (statement, lines[(at + 1) % len(lines)])
                                    for name in all_names((other.left, *other.rights))))

        def made(kind, what, **changes):
            new = copy.copy(statement)
            for key, value in changes.items():
                setattr(new, key, value)
            return Mutation(new, index, kind, what)

        whole = (statement.left, *statement.rights)
        if statement.sign in ("+=", "-="):
            yield made("sign", "+= and -= exchanged", sign="-=" if statement.sign == "+=" else "+=")
        for i, right in enumerate(statement.rights):
            if right[0] != "minus":
                rights = list(statement.rights)
                rights[i] = ("minus", right)
                yield made("sign", f"right side {i} turned", rights=rights)
        for path, node in nodes(whole):
            above = whole
            for step in path[:-1]:
                above = above[step]
            operand = isinstance(above, tuple) and above and above[0] == "product"
            left = path[0] == 0 and statement.kind == "assign"
            found = [] if left else list(slips(node, operand))
            if node[0] == "name":
                mine = around.index(node[1]) if node[1] in around else 0
                others = [name for name in around[mine + 1:] + around[:mine] if name != node[1]]
                found += [("name", f"{node[1]} -> {name}", ("name", name)) for name in others[:1] + others[-1:]]
            for kind, what, new in found:
                left, *rights = replaced(whole, path, new)
                yield made(kind, what, left=left, rights=rights)
