"""What the names on a page stand for: values that its lines have made, tensors, data, numbers of the config."""

import dataclasses
import re
import zlib

import numpy as np

from grammar import PageError, Unknown, expression_of


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


def dimensions_of(shape):
    return [text.strip() for text in shape.strip("[]").split(",") if text.strip()]


class Names:
    """Names of `page` on `model`, which has tensors {name: array}, data(run, what, name, key), keys(scope), B, T, tasks,
    parents and fields; see models.py. With `drawn` masks are drawn, else they are 1."""

    def __init__(self, page, model, drawn):
        self.page, self.model, self.drawn = page, model, drawn
        self.scope = {}     # variable -> Turn
        self.values = {}    # key -> array
        self.grads = {}     # key of x -> dx
        self.letters = {}   # (letter of a shape, turns of the loops) -> number
        self.read = {}      # keys of tensors that were read -> their names
        self.nudges = None  # {key: array}: added to the values, while forward is run once more

    def task_of(self):
        for variable in reversed(self.scope):
            if self.scope[variable].kind == "task":
                return variable
        raise Unknown("'parent' outside of a loop over tasks")

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
            elif sub in self.page.variables:
                raise Unknown(f"{name}: {sub} counts nothing here")
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
        least = 0
        if name.endswith("'") and not key.name.endswith("'"):  # x' is of the next turn, never the x before the loop
            least = 1 + max(i for i, (variable, _) in enumerate(key.loops) if self.scope[variable].chain)
        for n in range(len(key.loops), least - 1, -1):
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

    def known_here(self, name):
        """The same; None as well for a name of a sum's turn."""
        try:
            return self.known(name)
        except Unknown:
            return None

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
                word = self.last_of(text) if place == "last" else self.word_for(place, key, used)
                if word is None:
                    break
                text = text.replace(f"<{place}>", word, 1)
            if "<" not in text and text in self.model.tensors:
                loops = tuple(loop for loop in key.loops if loop[0] in used)
                return text, Key(key.name, key.subs, loops)
        return None

    def word_for(self, place, key, used):
        """What stands in a tensor's name at <place>, or None; adds to `used` the loop that says so."""
        if place == "task" and key.subs:
            return self.model.tasks[key.subs[0]]
        kind = {"task": "task", "parent": "task", "field": "field"}.get(place)
        variables = [v for v in self.scope if (self.scope[v].kind == kind if kind else v == place)]
        if not variables:
            return None
        used.add(variables[-1])
        number = self.scope[variables[-1]].value
        if place == "parent":
            number = self.model.parents[number]
        if number is None or kind is None:
            return None if number is None else str(number)
        return self.model.fields[number]["name"] if kind == "field" else self.model.tasks[number]

    def last_of(self, text):
        """The largest number at <last> in a tensor's name, or None."""
        known = re.compile(re.escape(text).replace("<last>", r"(\d+)"))
        numbers = [int(match.group(1)) for name in self.model.tensors if (match := known.fullmatch(name))]
        return str(max(numbers)) if numbers else None

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
            if value is not None and binding.data != "ids":
                self.check_shape(name, value, binding.shape)
            return None if value is None else (Key(key.name, key.subs, self.data_loops(key)), value)
        if binding.key:
            return None  # a letter
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
        shape = [int(self.size(text)) for text in dimensions_of(binding.shape)]
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
        dimensions = dimensions_of(shape)
        if len(dimensions) != value.ndim:
            raise PageError(f"{name} is {list(value.shape)}, not {shape}")
        for text, size in zip(dimensions, value.shape):
            want = self.size(text)
            if want is None:
                self.letters[text, self.turn() if turn is None else turn] = size
            elif want != size:
                raise PageError(f"{name} is {list(value.shape)}, not {shape} ({text} is {want:g})")

    def turn(self):
        return tuple(turn.value for turn in self.scope.values() if turn.kind in ("layer", "field"))

    def letter(self, name):
        """The number that a letter of a shape is, or None."""
        if name in ("B", "T"):
            return getattr(self.model, name)
        for at in (self.turn(), ()):
            if (name, at) in self.letters:
                return self.letters[name, at]
        binding = self.page.bindings.get(name)
        return self.key_of_config(binding) if binding else None

    def key_of_config(self, binding):
        numbers = (self.model.keys(self.scope).get(key) for key in binding.key)
        return next((number for number in numbers if isinstance(number, (int, float))), None)

    def size(self, text):
        """The number that stands in a shape; None where it is a letter that has none."""
        if re.fullmatch(r"\w+", text) and not text[0].isdigit():
            return self.letter(text)
        return self.whole_number(expression_of(text))

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
                raise Unknown(f"{name} is read before it is there")
            return np.zeros(self.values[gradient].shape)
        number = self.letter(name)
        if number is None:
            raise Unknown(f"{name} is not known")
        return np.asarray(float(number))

    def gradient_key(self, name):
        """The key of x for a name dx, if there is an x."""
        if name[0] != "d" or len(name) < 2 or name[1] == "_":
            return None
        return self.known(name[1:])
