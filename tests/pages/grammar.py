"""The lines of the layers' pages (docs/notation.md) as trees."""

import dataclasses
import re

FUNCTIONS = ("sigma", "softmax", "tanh", "exp", "log", "log1p", "sqrt", "relu", "silu", "min", "max", "rows")
SIGNS = (">", "<", ">=", "<=", "=")


class PageError(Exception):
    """A line that is wrong, or that cannot be read or executed."""


class Unknown(PageError):
    """A name that says nothing where it stands."""


TOKEN = re.compile(r"(?P<number>\d+\.\d+|\d+)|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*'?)"
                   r"|(?P<op>\^T|\.\.|<=|>=|[-+*/^()\[\],;|<>=.])")


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    glued: bool  # no space before it


def tokens_of(text):
    found, at = [], 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        match = TOKEN.match(text, at)
        if not match:
            raise PageError(f"cannot read '{text[at:]}'")
        found.append(Token(match.lastgroup, match.group(), at > 0 and text[at - 1] != " "))
        at = match.end()
    return found


def text_of(tokens):
    return "".join(token.text if token.glued else " " + token.text for token in tokens).strip()


# ---------------------------------------------------------------------------------------------------------- parser

class Parser:
    """An expression as nested tuples, the first element naming the operation."""

    def __init__(self, tokens):
        self.tokens, self.at = tokens, 0

    def peek(self, ahead=0):
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else Token("end", "", False)

    def sees(self, *texts):
        return all(self.peek(i).text == text for i, text in enumerate(texts))

    def take(self, *texts):
        if not self.sees(*texts):
            return False
        self.at += len(texts)
        return True

    def need(self, *texts):
        if not self.take(*texts):
            raise PageError(f"want '{' '.join(texts)}' before '{text_of(self.tokens[self.at:])}'")

    def name(self):
        if self.peek().kind != "name":
            raise PageError(f"want a name before '{text_of(self.tokens[self.at:])}'")
        self.at += 1
        return self.tokens[self.at - 1].text

    def whole(self, rule):
        result = rule()
        if self.at != len(self.tokens):
            raise PageError(f"cannot read '{text_of(self.tokens[self.at:])}'")
        return result

    def expression(self):
        value = self.additive()
        if self.take("where"):
            condition = self.comparison()
            self.need(",", "else")
            return ("where", condition, value, self.expression())
        return value

    def comparison(self):
        left = self.additive()
        sign = self.peek().text
        if sign not in SIGNS:
            raise PageError(f"want a comparison, found '{sign}'")
        self.at += 1
        return ("compare", sign, left, self.additive())

    def additive(self):
        value = ("minus", self.term()) if self.take("-") else self.term()
        while self.peek().text in ("+", "-"):
            sign = self.peek().text
            self.at += 1
            value = (sign, value, self.term())
        return value

    def term(self):
        value = self.product()
        while self.peek().text in ("*", "/", "."):
            sign = self.peek().text
            self.at += 1
            value = (sign, value, self.product())
        return value

    def product(self):
        value = self.postfix()
        while self.starts_factor():
            value = ("product", value, self.postfix())
        return value

    def starts_factor(self):
        token = self.peek()
        if token.kind == "name":
            return token.text not in ("where", "else", "of", "in")
        return token.kind == "number" or token.text in ("(", "[")

    def postfix(self):
        value = self.atom()
        while True:
            if self.take("^T"):
                value = ("transpose", value)
            elif self.take("^"):
                value = ("power", value, self.atom())
            elif self.sees("[") and self.peek().glued:
                self.at += 1
                value = ("index", value, self.indices())
            else:
                return value

    def indices(self):
        found = []
        while True:
            if self.sees(".") and self.peek(1).text in (",", "]"):
                self.at += 1
                found.append(None)
            else:
                first = self.additive()
                found.append(("slice", first, self.additive()) if self.take("..") else first)
            if self.take("]"):
                return found
            self.need(",")

    def atom(self):
        token = self.peek()
        if token.kind == "number":
            self.at += 1
            return ("number", float(token.text))
        if self.take("("):
            value = self.expression()
            self.need(")")
            return value
        if self.take("|"):
            value = self.additive()
            self.need("|")
            return ("size", value)
        if self.take("["):
            return self.joined()
        if self.take("column", "sums", "of"):
            return ("sums", 0, self.term())
        if self.take("row", "sums", "of"):
            return ("sums", 1, self.term())
        if self.sees("last") and self.peek(1).kind == "name":
            self.at += 1
            return ("last", self.name())
        if self.take("sum", "of"):
            return ("total", self.term())
        if self.take("sum", "over"):
            over = self.range()
            self.need("of")
            return ("sum", over, self.term())
        if token.text in FUNCTIONS and self.peek(1).text == "(" and self.peek(1).glued:
            self.at += 2
            arguments = [self.expression()]
            while self.take(","):
                arguments.append(self.expression())
            self.need(")")
            return ("call", token.text, arguments)
        return ("name", self.name())

    def joined(self):
        parts, sign = [self.expression()], None
        while not self.take("]"):
            mark = self.peek().text
            if mark not in (",", ";") or (sign or mark) != mark:
                raise PageError(f"want ']' before '{text_of(self.tokens[self.at:])}'")
            sign = mark
            self.at += 1
            parts.append(self.expression())
        return ("join", 0 if sign == ";" else -1, parts)

    def range(self):
        """What follows 'for each' and 'sum over': kind, variable and bounds."""
        for words, kind in ((("task",), "task"), (("tasks",), "task"), (("row",), "row"), (("rows",), "row"),
                            (("field",), "field"), (("fields",), "field"), (("step",), "layer"),
                            (("block",), "layer"), (("layer",), "layer")):
            if self.peek(1).kind == "name" and self.take(*words):
                variable = self.name()
                if kind == "task" and self.take("on", "the", "path", "of"):
                    return ("path", variable, self.name())
                if kind == "task" and self.take("but"):
                    return ("others", variable, self.name())
                return (kind, variable)
        variable = self.name()
        if self.take("<"):
            return ("index", variable, self.additive())
        self.need("in")
        return ("ids", variable, self.postfix())

    def target(self):
        """What stands left of a '=': a name, some columns or rows of one, or several side by side."""
        if self.take("["):
            return self.joined()
        value = ("name", self.name())
        if self.sees("[") and self.peek().glued:
            self.at += 1
            value = ("index", value, self.indices())
        return value


@dataclasses.dataclass
class Statement:
    """One line, or a part of it: what stands before and behind every '='."""
    page: str
    line: int
    column: int
    text: str
    shape: str = ""
    headers: tuple = ()       # the `for each` and `if` around it, outermost first
    backward: bool = False
    number: str = ""          # in the margin

    def __post_init__(self):
        self.read(tokens_of(self.text))

    def read(self, tokens):
        """Parses; `tokens` may be a mutation of the text."""
        self.tokens = tokens
        if [token.text for token in tokens[:1]] == ["from"]:
            self.kind, self.names = "from", [token.text for token in tokens[1:] if token.kind == "name"]
            return
        signs = [i for i, token in enumerate(tokens) if token.text == "=" and self._depth(tokens, i) == 0]
        if not signs:
            raise PageError("no '='")
        sign, end = "=", signs[0]
        if tokens[end - 1].text in ("+", "-") and tokens[end].glued:
            sign, end = tokens[end - 1].text + "=", end - 1
        left = tokens[:end]
        parts = [tokens[a + 1:b] for a, b in zip(signs, signs[1:] + [len(tokens)])]
        self.rights = [_whole(part, Parser.expression) for part in parts]
        self.sign = sign
        if left[:1] and left[0].text == "d" and len(left) > 1 and left[1].kind in ("name",):
            self.kind = "derivative"
            slash = max(i for i, token in enumerate(left) if token.text == "/")
            self.left = _whole(left[1:slash], Parser.expression)
            below = text_of(left[slash + 1:]).replace(" ", "")
            self.by = below[1:]
            return
        try:
            self.left, self.kind = _whole(left, Parser.target), "assign"
        except PageError:
            self.left, self.kind = _whole(left, Parser.expression), "identity"

    @staticmethod
    def _depth(tokens, index):
        return sum((token.text in "([") - (token.text in ")]") for token in tokens[:index] if token.kind == "op")

    def place(self):
        return f"{self.page}:{self.line}"

    def key(self):
        """Which of the page's lines it is, however it may be mutated."""
        return (self.line, self.column, self.text)


def _whole(tokens, rule):
    if not tokens:
        raise PageError("nothing beside a '='")
    parser = Parser(tokens)
    return parser.whole(lambda: rule(parser))


def expression_of(text):
    return _whole(tokens_of(text), Parser.expression)


@dataclasses.dataclass(frozen=True)
class Header:
    kind: str     # "each" or "if"
    column: int
    what: tuple
    reverse: bool = False
    ident: int = 0  # its line


def header_of(text, column, line):
    """`for each ...:` or `if ...:`"""
    body = text.rstrip()[:-1]
    reverse = body.endswith(", last to first")
    if reverse:
        body = body[:-len(", last to first")]
    parser = Parser(tokens_of(body))
    if parser.take("for", "each"):
        return Header("each", column, parser.whole(parser.range), reverse, line)
    parser.need("if")
    if parser.peek(1).text == "has":
        parser.name()
        if parser.take("has", "a", "parent"):
            return Header("if", column, ("parent", True), False, line)
        parser.need("has", "no", "parent")
        return Header("if", column, ("parent", False), False, line)
    if parser.take("there", "is", "no"):
        return Header("if", column, ("missing", parser.whole(parser.name)), False, line)
    if parser.take("there", "is"):
        return Header("if", column, ("there", parser.whole(parser.name)), False, line)
    key = parser.name()
    sign = parser.peek().text
    if sign not in SIGNS:
        raise PageError(f"want a comparison, found '{sign}'")
    parser.at += 1
    value = parser.peek().text
    parser.at += 1
    return Header("if", column, ("key", key, sign, parser.whole(lambda: value)), False, line)


NUMBERED = re.compile(r"^(\d+)\.(?= )")


def statements_of(page, block, first_line, backward):
    """The statements of a code block, each under its headers."""
    found, open_headers = [], []
    for offset, line in enumerate(block):
        number = first_line + offset
        margin = NUMBERED.match(line)
        line = NUMBERED.sub(lambda match: " " * len(match.group()), line)
        text = line.strip()
        if not text:
            continue
        column = len(line) - len(line.lstrip())
        while open_headers and open_headers[-1].column >= column:
            open_headers.pop()
        try:
            if re.match(r"(for each|if) .*:($|  )", text):
                body, _, text = re.match(r"([^:]*:)( *)(.*)$", text).groups()
                open_headers.append(header_of(body, column, number))
                if "=" not in text:
                    continue  # its lines follow
            for part in parts_of(text):
                if isinstance(part, tuple):
                    found[-1].shape = part[0]
                    continue
                found.append(Statement(page, number, column, part, "", tuple(open_headers), backward,
                                       margin.group(1) if margin else ""))
                margin = None
        except PageError as error:
            raise PageError(f"{page}:{number}: {error}: {text}") from None
    return found


def parts_of(text):
    """The statements of a line, set apart by two or more spaces, each followed by its shape as a tuple; comments are
    left out."""
    parts = []
    for piece in re.split(r"  +", text):
        if re.match(r"[-+]?= ", piece) and parts:
            parts[-1] += " " + piece
        elif parts and re.search(r"=$", parts[-1]):
            parts[-1] += " " + piece
        else:
            parts.append(piece)
    kept = []
    for piece in parts:
        if "=" in piece or piece.startswith("from "):
            kept.append(piece)
        elif kept and re.fullmatch(r"\[[^\]]*\]", piece):
            kept.append((piece,))
    return kept
