"""A page executed in double on one model and batch.

First forward, then its backward lines. They are judged against the page's own forward lines by a complex step: forward
once more with i h V added to every value that has a gradient; the imaginary part of the result is h times the sum of
<gradient, V>, exact to rounding.
"""

import dataclasses
import re
import zlib

import numpy as np

from grammar import FUNCTIONS, PageError, text_of
from page import names_in


def _sigma(x):
    return 1 / (1 + np.exp(-x))


def _softmax(*parts):
    x = np.concatenate(parts, axis=-1)
    e = np.exp(x - x.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _by(pick):
    """min or max: of complex numbers the one whose real part is."""
    return lambda a, b: np.where(pick(np.real(a), np.real(b)), a, b)


CALLED = {
    "sigma": _sigma, "softmax": _softmax, "tanh": np.tanh, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "relu": lambda x: np.where(x.real > 0, x, 0), "silu": lambda x: x * _sigma(x),
    "log1p": lambda x: np.log(1 + x), "min": _by(np.less_equal), "max": _by(np.greater_equal),
}
COMPARE = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal, "=": np.equal}


@dataclasses.dataclass(frozen=True)
class Key:
    """A value: its name, the numbers of its subscripts, and the turns of the loops in which it was made."""
    name: str
    subs: tuple = ()
    loops: tuple = ()

    def within(self, n):
        """The key of a value made in the outer n of the loops."""
        return Key(self.name, self.subs, self.loops[:n])

    def __str__(self):
        text = self.name
        for sub in self.subs:
            text = text.replace("#", str(sub), 1)
        return text + "".join(f", {variable} = {value}" for variable, value in self.loops)


@dataclasses.dataclass(frozen=True)
class Turn:
    """Where a loop or a sum is."""
    value: int
    kind: str            # what the variable counts
    place: int = 0       # among the turns
    chain: bool = False  # x' of this turn is x of the next
    in_sum: bool = False


STEP = 1e-30
TOLERANCE = 1e-9


class Run:
    """One page on one model and batch. `model` has: tensors {name: array}, data(kind, scope), keys(scope), T, B,
    parents, path(t), fields, given(run, key); see models.py. With `drawn` masks and incoming gradients are drawn, and nothing is compared
    with the trace."""

    def __init__(self, page, model, drawn=False):
        self.page, self.model, self.drawn = page, model, drawn
        self.random = np.random.default_rng(7)
        self.values, self.grads, self.given = {}, {}, {}
        self.written = {}   # gradient -> the statement that wrote it last
        self.letters = {}
        self.read = {}      # keys of bound values that were read -> tensor name
        self.executed = set()
        self.nudges = None  # {key: array} added while running forward once more
        self.traced = {}    # keys of values made here -> the tensor that they are
        self.parts = {}     # keys of values made of parts -> which elements are there
        self.compared = set()
        self.scope = {}     # variable -> Turn
        self.statement = None

    # .................................................................................................. names

    def task_of(self):
        for variable in reversed(self.scope):
            if self.scope[variable].kind == "task":
                return variable
        raise PageError("'parent' outside of a loop over tasks")

    def key(self, name):
        head, *subs = name.rstrip("'").split("_")
        words, values, used = [head], [], set()
        for sub in subs:
            if sub in self.scope:
                words.append("#")
                values.append(self.scope[sub].value)
                used.add(sub)
            elif sub == "parent":
                task = self.task_of()
                words.append("#")
                values.append(self.model.parents[self.scope[task].value])
                used.add(task)
            else:
                words.append(sub)
        loops = [(variable, turn.place) for variable, turn in self.scope.items()
                 if variable not in used and not turn.in_sum]
        word = "_".join(words)
        if name.endswith("'"):
            layers = [i for i, (variable, _) in enumerate(loops) if self.scope[variable].chain]
            if layers:
                loops[layers[-1]] = (loops[layers[-1]][0], loops[layers[-1]][1] + 1)
            else:
                word += "'"
        return Key(word, tuple(values), tuple(loops))

    def known(self, name):
        """The key of a value that is there, or None."""
        key = self.key(name)
        for n in range(len(key.loops), -1, -1):
            if key.within(n) in self.values:
                return key.within(n)
        if self.page.pattern(name) in self.page.assigned or self.page.pattern(name.rstrip("'")) in self.page.assigned:
            return None
        bound = self.bound(name)
        if bound is None:
            return None
        key, value = bound
        if self.nudges is not None and key in self.nudges:
            value = value + self.nudges[key]
        self.values[key] = value
        return key

    def binding(self, name):
        if name in self.page.bindings:
            return self.page.bindings[name]
        wanted = self.page.pattern(name)
        for letter, binding in self.page.bindings.items():
            if self.page.pattern(letter) == wanted:
                return binding
        return None

    def tensor_of(self, name, binding):
        """(tensor's name, key) of what the table says about a name, here; or None."""
        key = self.key(name)
        for pattern in binding.tensors:
            used, text = set(), pattern
            for place in sorted(re.findall(r"<([^>]*)>", pattern), key=lambda place: place == "last"):
                variable, _, back = place.partition("-")
                if variable in ("task", "parent", "field"):
                    kind = "field" if variable == "field" else "task"
                    if variable == "task" and key.subs:
                        number = key.subs[0]
                    else:
                        loop = [v for v in self.scope if self.scope[v].kind == kind]
                        if not loop:
                            break
                        number = self.scope[loop[-1]].value
                        if variable == "parent":
                            number = self.model.parents[number]
                        used.add(loop[-1])
                    if number is None:
                        break
                    word = self.model.fields[number]["name"] if kind == "field" else self.model.tasks[number]
                elif variable in self.scope:
                    used.add(variable)
                    word = str(self.scope[variable].value - int(back or 0))
                elif variable == "last":
                    prefix, suffix = text.split("<last>")
                    numbers = [int(m.group(1)) for other in self.model.tensors
                               if (m := re.fullmatch(re.escape(prefix) + r"(\d+)" + re.escape(suffix), other))]
                    if not numbers:
                        break
                    word = str(max(numbers))
                else:
                    break
                text = text.replace(f"<{place}>", word, 1)
            if "<" not in text and text in self.model.tensors:
                loops = tuple(loop for loop in key.loops if loop[0] in used)
                return text, Key(key.name, key.subs, loops)
        return None

    def part(self, array, binding):
        if binding.split is None:
            return array
        axis, part, parts = binding.split
        return np.split(array, parts, axis)[part]

    def bound(self, name):
        binding = self.binding(name)
        if binding is None:
            return None
        if binding.data == "mask":
            return self.mask(self.key(name), binding)
        if binding.data:
            key = self.key(name)
            value = self.model.data(self, binding.data, name, key)
            return None if value is None else (Key(key.name, key.subs, self.data_loops(key)), value)
        if binding.key:
            for word in binding.key:
                value = self.model.keys(self.scope).get(word)
                if isinstance(value, (int, float)):
                    return Key(name), np.asarray(float(value))
            return None
        found = self.tensor_of(name, binding)
        if found is None:
            return None
        tensor, key = found
        value = self.part(self.model.tensors[tensor], binding)
        self.check_shape(name, value, binding.shape)
        self.read[key] = tensor
        return key, value

    def mask(self, key, binding):
        """What dropout multiplies with: ones, or drawn."""
        shape = [int(self.size(text.strip())) for text in binding.shape.strip("[]").split(",")]
        draw = np.random.default_rng(zlib.crc32(str(key).encode()))
        return key, 2.0 * draw.integers(0, 2, shape) if self.drawn else np.ones(shape)

    def data_loops(self, key):
        return tuple(loop for loop in key.loops if self.scope[loop[0]].kind in ("field", "task", "layer", "row"))

    def check_shape(self, name, value, shape, turn=None):
        """Against the letters of a shape; one that has no value yet gets it."""
        if not shape or self.nudges is not None:
            return
        if value.ndim == 0 and shape == "[1]":
            return
        dimensions = [text.strip() for text in shape.strip("[]").split(",") if text.strip()]
        if len(dimensions) != value.ndim:
            raise PageError(f"{name} is {list(value.shape)}, not {shape}")
        for text, size in zip(dimensions, value.shape):
            try:
                want = self.size(text)
            except KeyError as error:
                if error.args[0] == text:
                    self.letters[(text, self.turn() if turn is None else turn)] = size
                continue
            if want != size:
                raise PageError(f"{name} is {list(value.shape)}, not {shape} ({text} is {want:g})")

    def turn(self):
        return tuple(turn.value for turn in self.scope.values() if turn.kind in ("layer", "field"))

    def size(self, text):
        def letter(match):
            name = match.group()
            if name in ("B", "T"):
                return str(getattr(self.model, name))
            for at in (self.turn(), ()):
                if (name, at) in self.letters:
                    return str(self.letters[(name, at)])
            binding = self.page.bindings.get(name)
            for key in binding.key if binding else []:
                number = self.model.keys(self.scope).get(key)
                if isinstance(number, (int, float)):
                    return str(number)
            raise KeyError(name)
        text = re.sub(r"(?<=\w) (?=\w)", " * ", re.sub(r"(?<=\d)(?=[A-Za-z])", " * ", text))
        return eval(re.sub(r"[A-Za-z]\w*", letter, text), {"__builtins__": {}})  # numbers and + * only

    def value(self, name):
        key = self.known(name)
        if key is not None:
            return self.values[key]
        if name in self.scope:
            return np.asarray(float(self.scope[name].value))
        gradient = self.gradient_key(name)
        if gradient is not None:
            if gradient in self.grads:
                return self.grads[gradient]
            if gradient.name not in self.page.gathered:
                raise PageError(f"{name} is read before it is there")
            return np.zeros(self.values[gradient].shape)
        try:
            return np.asarray(float(self.size(name)))
        except KeyError:
            raise PageError(f"{name} is not known") from None

    def gradient_key(self, name):
        """The key of x for a name dx, if there is an x."""
        if name[0] != "d" or len(name) < 2 or name[1] == "_":
            return None
        return self.known(name[1:])

    # ............................................................................................ expressions

    def evaluate(self, tree):
        return getattr(self, "_" + {"+": "add", "-": "subtract", "*": "times", "/": "over", ".": "dot"}
                       .get(tree[0], tree[0]))(*tree[1:])

    def _number(self, number):
        return np.asarray(number)

    def _name(self, name):
        return self.value(name)

    def _last(self, name):
        """What a value is after the last turn of the loop that goes on with it."""
        key = self.key(name)
        keys = [other for other in self.values if (other.name, other.subs) == (key.name, key.subs) and
                len(other.loops) == len(key.loops) + 1 and other.loops[:-1] == key.loops]
        if not keys:
            raise PageError(f"no loop goes on with {name}")
        return self.values[max(keys, key=lambda other: other.loops[-1][1])]

    def _add(self, a, b):
        return self._broadcast(np.add, a, b)

    def _subtract(self, a, b):
        return self._broadcast(np.subtract, a, b)

    def _times(self, a, b):
        return self._broadcast(np.multiply, a, b)

    def _over(self, a, b):
        return self._broadcast(np.divide, a, b)

    def _minus(self, a):
        return -self.evaluate(a)

    def _dot(self, a, b):
        a, b = self.evaluate(a), self.evaluate(b)
        if a.shape != b.shape or a.ndim == 0:
            raise PageError(f"inner product of {list(a.shape)} and {list(b.shape)}")
        return (a * b).sum(axis=-1, keepdims=a.ndim > 1)

    def _broadcast(self, operation, a, b):
        """Of one shape; or one of them is a number, a row for all rows, or a column for all columns."""
        a, b = self.evaluate(a), self.evaluate(b)
        small, large = sorted((a, b), key=lambda x: (x.ndim, x.size))
        fits = small.ndim == 0 or small.shape == large.shape or (
            large.ndim == 2 and small.shape in ((large.shape[1],), (1, large.shape[1]), (large.shape[0], 1)))
        if not fits:
            raise PageError(f"{list(a.shape)} and {list(b.shape)} do not fit")
        return operation(a, b)

    def _product(self, a, b):
        a, b = self.evaluate(a), self.evaluate(b)
        if a.ndim == 0 or b.ndim == 0:
            return a * b
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
            raise PageError(f"product of {list(a.shape)} and {list(b.shape)}")
        return a @ b

    def _transpose(self, a):
        a = self.evaluate(a)
        if a.ndim != 2:
            raise PageError(f"transpose of {list(a.shape)}")
        return a.T

    def _power(self, a, b):
        return self.evaluate(a) ** self.evaluate(b).real

    def _size(self, a):
        """|x|: of a number its size, of a list of ids how many."""
        a = self.evaluate(a)
        if a.dtype == np.int64:
            return np.asarray(float(a.size))
        return np.where(a.real < 0, -a, a)

    def _join(self, axis, parts):
        parts = [self.evaluate(part) for part in parts]
        try:
            return np.concatenate(parts, axis=axis)
        except ValueError as error:
            raise PageError(str(error)) from None

    def _sums(self, axis, a):
        a = self.evaluate(a)
        if a.ndim != 2:
            raise PageError(f"sums of {list(a.shape)}")
        return a.sum(axis=axis, keepdims=axis == 1)

    def _total(self, a):
        return np.asarray(self.evaluate(a).sum())

    def _where(self, condition, a, b):
        return np.where(self.evaluate(condition), self.evaluate(a), self.evaluate(b))

    def _compare(self, sign, a, b):
        a, b = self.evaluate(a), self.evaluate(b)
        return COMPARE[sign](a.real, b.real)

    def _call(self, name, arguments):
        values = [self.evaluate(argument) for argument in arguments]
        if name == "rows":
            return np.tile(values[0], (self.model.B, 1))
        return CALLED[name](*values)

    def _sum(self, over, body):
        variable = over[1]
        if variable in self.scope:
            raise PageError(f"{variable} has a value already")
        total = None
        values, kind = self.turns(over)
        for value in values or ([0] if over[0] == "ids" else []):
            self.scope[variable] = Turn(value, kind, in_sum=True)
            term = self.evaluate(body)
            total = term if total is None else total + term
        self.scope.pop(variable, None)
        if total is None:
            return np.asarray(0.0)
        return total if values else np.zeros_like(total)  # of no ids: as wide as of some

    def _index(self, a, indices):
        a = self.evaluate(a)
        return self.picked(a, self.places(a, indices))

    def places(self, a, indices):
        places = []
        if len(indices) > a.ndim:
            raise PageError(f"{len(indices)} indices into {list(a.shape)}")
        for index in indices:
            if index is None:
                places.append(slice(None))
            elif index[0] == "slice":
                places.append(slice(*(int(self.evaluate(end).real) for end in index[1:])))
            else:
                place = self.evaluate(index)
                places.append(place if place.dtype == np.int64 else int(place.real))
        for place, size in zip(places, a.shape):
            last = place.stop - 1 if isinstance(place, slice) and place.stop is not None else place
            if isinstance(last, int) and not 0 <= last < size:
                raise PageError(f"index {last} into {list(a.shape)}")
        # One number picks a row or column and leaves a matrix a matrix; one for each dimension picks an element.
        if not all(isinstance(place, int) for place in places) or len(places) < a.ndim:
            places = [slice(place, place + 1) if isinstance(place, int) else place for place in places]
        return tuple(places)

    def picked(self, a, places):
        return np.asarray(a[places])

    # ................................................................................................. loops

    def turns(self, what):
        """(values of the variable, its kind)"""
        kind = what[0]
        if kind == "task":
            return range(self.model.T), "task"
        if kind == "row":
            return range(self.model.B), "row"
        if kind == "field":
            return range(len(self.model.fields)), "field"
        if kind == "path":
            return self.model.path(self.scope[what[2]].value), "task"
        if kind == "others":
            first, T = self.scope[what[2]].value + 1, self.model.T
            return [(first + k) % T for k in range(T - 1)], "task"
        if kind == "index":
            return range(int(self.evaluate(what[2]).real)), "index"
        if kind == "ids":
            return [int(i) for i in self.evaluate(what[2])], "index"
        place = f"<{what[1]}>"
        patterns = [pattern for binding in self.page.bindings.values() for pattern in binding.tensors
                    if place in pattern]
        numbers = {int(match.group(1)) for pattern in patterns for name in self.model.tensors
                   if (match := re.fullmatch(
                       re.sub(r"<[^>]*>", r"[^.]+", re.escape(pattern).replace(re.escape(place), r"(\d+)", 1)),
                       name))}
        return range(max(numbers, default=-1) + 1), "layer"

    def holds(self, what):
        if what[0] == "parent":
            return (self.model.parents[self.scope[self.task_of()].value] is not None) == what[1]
        if what[0] == "there":
            return self.known(what[1]) is not None
        if what[0] == "missing":
            return self.known(what[1]) is None
        _, key, sign, value = what
        keys = self.model.keys(self.scope)
        have = keys[key] if key in keys else float(self.value(key))
        if isinstance(have, bool):
            have = str(have).lower()
        if isinstance(have, (int, float)):
            return bool(COMPARE[sign](have, float(value)))
        return (have == value) == (sign == "=")

    def walk(self, statements, act, depth=0):
        """Calls act(statement) in the order in which the loops around the statements turn."""
        at = 0
        while at < len(statements):
            headers = statements[at].headers
            if len(headers) == depth:
                self.statement = statements[at]
                act(statements[at])
                at += 1
                continue
            header = headers[depth]
            end = at
            while end < len(statements) and len(statements[end].headers) > depth and \
                    statements[end].headers[depth] == header:
                end += 1
            self.statement = statements[at]
            if header.kind == "if":
                if self.holds(header.what):
                    self.walk(statements[at:end], act, depth + 1)
            else:
                values, kind = self.turns(header.what)
                variable = header.what[1]
                if variable in self.scope:
                    raise PageError(f"{variable} has a value already")
                places = range(len(values))
                for place in reversed(places) if header.reverse else places:
                    self.scope[variable] = Turn(values[place], kind, place, header.what[0] in ("layer", "others"))
                    self.walk(statements[at:end], act, depth + 1)
                self.scope.pop(variable, None)
            at = end

    # ............................................................................................. statements

    def forward(self):
        self.walk([s for s in self.page.statements if not s.backward], self.forward_statement)
        self.compare_whole_parts()

    def forward_statement(self, statement):
        if statement.kind == "assign":
            self.assign_forward(statement)
        elif self.nudges is None:
            self.check_identity(statement)

    def right_side(self, statement):
        value = self.evaluate(statement.rights[0])
        if self.nudges is None:
            for other in statement.rights[1:]:
                self.same(self.evaluate(other), value, text_of(statement.tokens))
            if statement.shape:
                self.check_shape(text_of(statement.tokens), value, statement.shape)
        self.executed.add((statement.line, statement.column, statement.text))
        return value

    def targets(self, target, value, gradient):
        """(name, value) of every name on the left."""
        if target[0] != "join":
            return [(target, value)]
        axis, parts = target[1], target[2]
        sizes = []
        for part in parts:
            known = self.gradient_key(part[1]) if gradient else None
            sizes.append(None if known is None else self.values[known].shape[axis])
        if None in sizes:
            if value.shape[axis] % len(parts) != 0:
                raise PageError(f"{len(parts)} equal parts of {list(value.shape)}")
            sizes = [value.shape[axis] // len(parts)] * len(parts)
        if sum(sizes) != value.shape[axis]:
            raise PageError(f"{sizes} of {list(value.shape)}")
        return list(zip(parts, np.split(value, np.cumsum(sizes)[:-1], axis)))

    def assign_forward(self, statement):
        value = self.right_side(statement)
        for target, part in self.targets(statement.left, value, False):
            if target[0] == "index":
                self.assign_part(target, part, statement.sign)
                continue
            if statement.sign != "=":
                raise PageError("forward a value is said once")
            name = target[1]
            key = self.key(name)
            if key in self.values:
                if self.nudges is None:
                    self.same(part, self.values[key], str(key))
                continue
            self.compare_with_trace(name, key, part)
            if self.nudges is not None and key in self.nudges:
                part = part + self.nudges[key]
            self.values[key] = part

    def assign_part(self, target, value, sign):
        """Some rows or columns of a value that the table of letters has."""
        name = target[1][1]
        key = next((key for key in map(self.key(name).within, range(len(self.key(name).loops) + 1))
                    if key in self.values), None)
        if key is None:
            found = self.tensor_of(name, self.binding(name)) if self.binding(name) else None
            if found is None:
                raise PageError(f"{name}: parts of a value that the table of letters doesn't have")
            tensor, key = found
            shape = self.model.tensors[tensor].shape
            self.check_shape(name, self.model.tensors[tensor], self.binding(name).shape, ())
            self.values[key] = np.zeros(shape) + (self.nudges or {}).get(key, 0)
            self.traced[key] = tensor
            self.parts[key] = np.zeros(shape, bool)
        places = self.places(self.values[key], target[2])
        part = self.values[key][places]
        if value.size == part.size == 1:
            value = value.reshape(part.shape)
        if part.shape != value.shape:
            raise PageError(f"{name}: {list(value.shape)} into {list(part.shape)}")
        if key not in self.parts:  # it is there as a whole: said again
            if self.nudges is None:
                self.same(value, part, str(key))
            return
        if np.iscomplexobj(value):
            self.values[key] = self.values[key].astype(complex)
        self.values[key][places] += value
        if sign == "=" and self.parts[key][places].any():
            raise PageError(f"{name}: a part is said twice")
        self.parts[key][places] = True
        self.compare_parts(key, places, sign)

    def compare_parts(self, key, places, sign):
        if sign == "=" and not self.drawn and self.nudges is None:
            self.same(self.values[key][places], self.model.tensors[self.traced[key]][places], self.traced[key])

    def compare_whole_parts(self):
        """What was made of parts, when all are there."""
        for key, made in self.parts.items():
            if not self.drawn and self.nudges is None:
                self.same(self.values[key][made], self.model.tensors[self.traced[key]][made], self.traced[key])
                self.compared.add(self.traced[key])

    def compare_with_trace(self, name, key, value):
        binding = self.binding(name)
        if binding is None or self.drawn or self.nudges is not None or binding.key:
            return
        if binding.data:
            self.same(value, self.model.data(self, binding.data, name, key), f"{name} of the rows")
            return
        found = self.tensor_of(name, binding)
        if found is None:
            return
        want = self.part(self.model.tensors[found[0]], binding)
        self.check_shape(name, value, binding.shape)
        self.same(value, want, found[0])
        self.traced[key] = found[0]
        self.compared.add(found[0])

    def same(self, got, want, tensor, tolerance=1e-11):
        if got.shape != want.shape and got.size == want.size == 1:
            got, want = got.reshape(()), want.reshape(())
        if got.shape != want.shape:
            raise PageError(f"{tensor}: got {list(got.shape)}, want {list(want.shape)}")
        if got.size == 0:
            return
        error = np.abs(got - want)
        if np.all(error <= tolerance * (np.abs(want).max() + 1e-3)):
            return
        worst = np.unravel_index(np.nanargmax(np.where(np.isnan(error), np.inf, error)), error.shape)
        raise PageError(f"{tensor}{list(map(int, worst))}: got {got[worst]:.12g}, want {want[worst]:.12g}")

    def check_identity(self, statement):
        """Two expressions, or the derivative of one; letters without a value are drawn."""
        added = []
        try:
            for token in statement.tokens:
                name = token.text[1:] if statement.kind == "derivative" and token.text == "d" + statement.by else \
                    token.text
                if token.kind == "name" and name not in FUNCTIONS and name != "d" and self.is_free(name):
                    added.append(self.key(name))
                    self.values[added[-1]] = self.random.normal(size=(4, 3))
            value = self.right_side(statement)
            if statement.kind == "identity":
                self.same(self.evaluate(statement.left), value, statement.text)
                return
            key = self.known(statement.by)
            if key is None:
                raise PageError(f"{statement.by} is not known")
            again = self.nudged({key: STEP * 1j * np.ones_like(self.values[key])}, added)
            left = again.evaluate(statement.left)
            self.same(left.imag / STEP, np.broadcast_to(value, left.shape), statement.text)
        finally:
            for key in added:
                self.values.pop(key, None)

    def is_free(self, name):
        try:
            self.value(name)
        except PageError:
            return name not in ("where", "else", "sum", "over", "of", "column", "row", "sums")
        return False

    def backward(self):
        self.walk([s for s in self.page.statements if s.backward], self.backward_statement)

    def backward_statement(self, statement):
        if statement.kind == "from":
            for name in statement.names:
                self.take_given(name)
            return
        if statement.kind != "assign":
            self.check_identity(statement)
            return
        names = names_in(statement.left)
        if all(self.gradient_key(name) is not None for name in names):
            self.assign_gradient(statement)
        elif statement.sign != "=":
            raise PageError(f"{names[0]} is no gradient of a value of this page")
        else:
            self.restate(statement)

    def take_given(self, name):
        key = self.gradient_key(name)
        if key is None:
            raise PageError(f"{name}: there is no {name[1:]}")
        if key in self.grads:
            return
        shape = self.values[key].shape
        if self.drawn:
            value = self.random.normal(size=shape)
        else:
            binding = self.binding(name[1:])
            found = binding and self.tensor_of(name[1:], binding)
            if found and "grad." + found[0] in self.model.tensors:
                value = self.part(self.model.tensors["grad." + found[0]], binding)
            else:
                value = self.model.given(self, name[1:], key)
            if value is None:
                raise PageError(f"{name}: the trace has no gradient of {name[1:]}")
        self.grads[key] = np.array(value)
        self.given[key] = np.array(value)

    def assign_gradient(self, statement):
        value = self.right_side(statement)
        for target, part in self.targets(statement.left, value, True):
            name = target[1] if target[0] == "name" else target[1][1]
            key = self.gradient_key(name)
            like = self.values[key]
            if statement.sign == "=" and key in self.grads:  # said twice
                whole = self.grads[key]
                self.same(part, whole if target[0] == "name" else whole[self.places(whole, target[2])], name)
                continue
            # What others have added stays with the gradient that came in.
            total = self.grads.get(key, np.zeros(like.shape))
            if target[0] == "index":
                places = self.places(total, target[2])
                total = total.copy()
                if any(isinstance(place, np.ndarray) for place in places):
                    np.add.at(total, places, part if statement.sign != "-=" else -part)
                else:
                    if total[places].shape != part.shape and part.ndim > 0:
                        raise PageError(f"{name}: {list(part.shape)} into {list(total[places].shape)}")
                    total[places] = total[places] * (statement.sign != "=") + (-part if statement.sign == "-=" else part)
            else:
                if like.size == part.size == 1:
                    part = part.reshape(like.shape)
                if like.shape != part.shape:
                    raise PageError(f"{name} is {list(part.shape)}, not {list(like.shape)}")
                total = total - part if statement.sign == "-=" else total + part
            self.grads[key] = total
            self.written[key] = statement

    def restate(self, statement):
        """A forward line in the backward pass: its value again; a new name: a helper of the lines that follow."""
        value = self.right_side(statement)
        for target, part in self.targets(statement.left, value, False):
            if target[0] == "index":
                whole = self.value(target[1][1])
                self.same(part, self.picked(whole, self.places(whole, target[2])), target[1][1])
                continue
            key = self.known(target[1])
            if key is not None and (key == self.key(target[1]) or key.loops == self.key(target[1]).loops[:len(key.loops)]) \
                    and self.page.pattern(target[1]) in self.page.assigned:
                self.same(part, self.values[key], str(key))
            else:
                self.values[self.key(target[1])] = part

    # .............................................................................................. judgement

    def nudged(self, nudges, keep=()):
        again = Run(self.page, self.model, self.drawn)
        again.nudges = nudges
        again.random = np.random.default_rng(7)
        again.letters = self.letters
        if not all(key in keep for key in nudges):
            again.forward()
        for key in keep:
            again.values[key] = self.values[key] + nudges.get(key, 0)
        again.scope = self.scope
        return again

    def judge(self):
        """Every gradient against the forward lines, and against the trace."""
        own = {key: grad for key, grad in self.grads.items() if key in self.written}
        if not self.drawn:
            for key, grad in own.items():
                self.judge_by_trace(key, grad)
        random = np.random.default_rng(11)
        directions = {}
        for key, grad in own.items():
            if key in self.given and np.array_equal(self.given[key], grad):
                continue
            directions[key] = random.normal(size=grad.shape) / (np.abs(grad).max(initial=0) or 1)
        if not self.holds_along(directions, own):
            for key in directions:  # in the order in which they were begun
                if not self.holds_along({key: directions[key]}, own):
                    raise PageError(self.describe(key, own[key]))
            raise PageError("the gradients together do not fit the forward lines")
        for key, tensor in self.read.items():
            if tensor in self.model.parameters and key not in self.grads:
                raise PageError(f"{self.page.name}: no line makes the gradient of {tensor}, {key}")

    def derivative(self, nudges):
        again = self.nudged({key: STEP * 1j * value for key, value in nudges.items()})
        total = 0.0
        for key, grad in self.given.items():
            total += (again.values[key].imag * grad).sum() / STEP
        return total

    def holds_along(self, directions, grads):
        want = self.derivative(directions)
        got = sum((grads[key] * direction).sum() for key, direction in directions.items())
        scale = sum(np.abs(grads[key] * direction).sum() for key, direction in directions.items())
        return bool(abs(got - want) <= TOLERANCE * (scale + 1e-6))

    def describe(self, key, grad):
        want = np.zeros(grad.shape)
        for place in np.ndindex(grad.shape):
            unit = np.zeros(grad.shape)
            unit[place] = 1
            want[place] = self.derivative({key: unit})
        error = np.abs(grad - want)
        worst = np.unravel_index(np.argmax(error), error.shape) if error.size else ()
        statement = self.written[key]
        return (f"{statement.place()}: {statement.text}: d{key}{list(map(int, worst))}: got {grad[worst]:.12g}, "
                f"want {want[worst]:.12g} by differences")

    def judge_by_trace(self, key, grad):
        tensor = self.read.get(key)
        binding = None
        for letter, candidate in self.page.bindings.items():
            if self.page.pattern(letter) == key.name or self.page.pattern(letter).rstrip("'") == key.name:
                binding = candidate
        if binding is None or binding.shared or not binding.tensors:
            return
        if tensor is None:
            tensor = self.traced.get(key)
        if tensor is None or "grad." + tensor not in self.model.tensors:
            return
        want = self.part(self.model.tensors["grad." + tensor], binding)
        try:
            self.same(grad, want, "grad." + tensor, 1e-10)
        except PageError as error:
            statement = self.written[key]
            raise PageError(f"{statement.place()}: {statement.text}: {error}") from None
        self.compared.add("grad." + tensor)
