"""A page executed in double on one model and batch.

First forward, then its backward lines. They are judged against the page's own forward lines by a complex step: forward
once more with i h V added to every value that has a gradient; the imaginary part of the result is h times the sum of
<gradient, V>, exact to rounding.
"""

import re

import numpy as np

from expressions import COMPARE, Expressions
from grammar import FUNCTIONS, PageError, Unknown, text_of
from names import Turn
from page import names_in

STEP = 1e-30
TOLERANCE = 1e-9


class Run(Expressions):
    """One page on one model and batch. With `drawn` masks and incoming gradients are drawn, and nothing is compared with
    the trace."""

    def __init__(self, page, model, drawn=False):
        super().__init__(page, model, drawn)
        self.random = np.random.default_rng(7)
        self.given = {}     # gradients that came in
        self.written = {}   # gradient -> the line that wrote it last
        self.traced = {}    # keys of values made here -> the tensor that they are
        self.parts = {}     # keys of values made of parts -> which elements are there
        self.compared = set()   # tensors
        self.executed = set()   # lines
        self.statement = None   # at work

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
            return range(self.whole_number(what[2])), "index"
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
        self.executed.add(statement.key())
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
                raise Unknown(f"{name}: parts of a value that the table of letters doesn't have")
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
        self.values[key][places] += -value if sign == "-=" else value
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
            bound = self.bound(name)
            if bound is not None:
                self.same(value, bound[1], f"{name} of the rows")
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
                raise Unknown(f"{statement.by} is not known")
            again = self.nudged({key: STEP * 1j * np.ones_like(self.values[key])}, added)
            left = again.evaluate(statement.left)
            if value.ndim > left.ndim:
                raise PageError(f"the derivative is {list(left.shape)}, not {list(value.shape)}")
            self.same(left.imag / STEP, value if value.ndim else np.full(left.shape, value), statement.text)
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
            raise Unknown(f"{names[0]} is no gradient of a value of this page")
        else:
            self.restate(statement)

    def take_given(self, name):
        key = self.gradient_key(name)
        if key is None:
            raise Unknown(f"{name}: there is no {name[1:]}")
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
                raise Unknown(f"{name}: the trace has no gradient of {name[1:]}")
        if value.shape != shape:
            raise PageError(f"{name} is {list(value.shape)}, not {list(shape)}")
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
                self.same(part, np.asarray(whole[self.places(whole, target[2])]), target[1][1])
                continue
            key = self.known(target[1])
            if key is None:
                if self.binding(target[1]) or self.page.pattern(target[1]) in self.page.assigned:
                    raise PageError(f"{target[1]} is said elsewhere")
                self.values[self.key(target[1])] = part
            else:
                self.same(part, self.values[key], str(key))

    def seen(self):
        """Traced values that lines have made or read."""
        return self.compared | {tensor for tensor in self.read.values() if tensor not in self.model.parameters}

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
            learns = tensor in self.model.parameters or "grad." + tensor in self.model.tensors
            if learns and key not in self.grads:
                raise PageError(f"{self.page.name}: no line makes the gradient of {tensor}, {key}")

    def derivative(self, nudges):
        again = self.nudged({key: STEP * 1j * value for key, value in nudges.items()})
        total = 0.0
        for key, grad in self.given.items():
            if key not in again.values:
                raise PageError(f"{key} is not made by the forward lines")
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
