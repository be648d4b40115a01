"""Every name of a tensor on the pages is one that models or traces have."""

import re
import unittest

from test_pages import DOCS, all_pages

FIRST = "embedding|project|cross|sharing|tower|transfer|head|wide|loss|weighting|interference|grad"
NAME = re.compile(rf"`((?:{FIRST})(?:\.[\w<>{{}},-]+)+)[ `]")
PLACES = {"<parent>": "<task>", "<last>": "<i>"}


def spelled_out(name):
    """The names that "a.{b,c}" stands for."""
    match = re.search(r"\{([^}]*)\}", name)
    if not match:
        return [name]
    return [name[:match.start()] + part + name[match.end():] for part in match.group(1).split(",")]


def pattern_of(tensor, model):
    """A tensor's name with places for what it is of: <l>, <k>, <i>, <task>, <field>."""
    words = tensor.split(".")
    role = words[1] if words[0] == "grad" else words[0]
    number = {"cross": "<l>", "sharing": "<k>"}.get(role, "<i>")
    fields = {field["name"] for field in model.fields}
    return ".".join("<task>" if word in model.tasks else "<field>" if word in fields else
                    number if word.isdigit() else word for word in words)


class NamesTest(unittest.TestCase):
    def test_names_are_known(self):
        known = set()
        for _, _, _, model in all_pages().cases:
            for tensor in model.tensors:
                known |= {tensor, pattern_of(tensor, model)}
        known |= {"grad.<parameter>", "grad.<name>"}
        keys = set(re.findall(r"`([\w.\[\]]+)`", (DOCS / "docs/config.md").read_text()))
        unknown, found = [], 0
        for page in sorted((DOCS / "docs").glob("*.md")):
            for number, line in enumerate(page.read_text().splitlines(), 1):
                for name in (name for text in NAME.findall(line) for name in spelled_out(text)):
                    for place, same in PLACES.items():
                        name = name.replace(place, same)
                    name = name.replace("member.<i>.", "")  # a member's are those of one network
                    name = re.sub(r"<(\w)-1>", r"<\1>", name)
                    number_of = {"cross": "<l>", "sharing": "<k>"}.get(name.split(".")[0], "<i>")
                    pattern = re.sub(r"\.\d+(?=\.|$)", "." + number_of, name).replace("<i>", number_of)
                    found += 1
                    if not {name, pattern} & (known | keys) and not name.endswith(".md"):
                        unknown.append(f"docs/{page.name}:{number}: {name}")
        self.assertGreater(found, 100)
        self.assertEqual(unknown, [])


if __name__ == "__main__":
    unittest.main()
