"""Expressions, evaluated in double or in complex numbers."""

import numpy as np

from grammar import PageError, Unknown
from names import Names, Turn


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


class Expressions(Names):
    """One method for each kind of tree that the grammar makes."""

    def evaluate(self, tree):
        try:
            return self.evaluated(tree)
        except (ValueError, IndexError, TypeError) as error:  # numpy's, about shapes
            raise PageError(f"{tree[0]}: {error}") from None

    def evaluated(self, tree):
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
            raise Unknown(f"no loop goes on with {name}")
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
        return np.asarray(a[self.places(a, indices)])

    def places(self, a, indices):
        places = []
        if len(indices) > a.ndim:
            raise PageError(f"{len(indices)} indices into {list(a.shape)}")
        for index in indices:
            if index is None:
                places.append(slice(None))
            elif index[0] == "slice":
                places.append(slice(*map(self.whole_number, index[1:])))
            else:
                place = self.evaluate(index)
                places.append(place if place.dtype == np.int64 else self.whole_number(index))
        for place, size in zip(places, a.shape):
            last = place.stop - 1 if isinstance(place, slice) and place.stop is not None else place
            if isinstance(last, int) and not 0 <= last < size:
                raise PageError(f"index {last} into {list(a.shape)}")
        # One number picks a row or column and leaves a matrix a matrix; one for each dimension picks an element.
        if not all(isinstance(place, int) for place in places) or len(places) < a.ndim:
            places = [slice(place, place + 1) if isinstance(place, int) else place for place in places]
        return tuple(places)

    def whole_number(self, tree):
        value = self.evaluate(tree)
        if value.ndim > 0:
            raise PageError(f"{list(value.shape)} where a number is wanted")
        return int(value.real)
