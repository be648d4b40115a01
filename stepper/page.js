// A page: what its letters are, and its lines.
"use strict";

const unquoted = (text) => [...text.matchAll(/`([^`]*)`/g)].map((match) => match[1]);

class Page {
  /** `text`: the page's Markdown. */
  constructor(name, text) {
    this.name = name;
    this.bindings = new Map();  // letter -> what its table says of it
    this.statements = [];
    let heading = "", fence = null, block = [], start = 0, table = false;
    text.split("\n").forEach((line, i) => {
      if (fence !== null) {
        if (line.startsWith("```")) {
          if (fence === "") this.statements.push(...statementsOf(name, block, start, /backward/i.test(heading)));
          fence = null;
        } else {
          block.push(line);
        }
      } else if (line.startsWith("```")) {
        [fence, block, start] = [line.slice(3).trim(), [], i + 2];
      } else if (line.startsWith("#")) {
        heading = line;
      }
      if (fence === null && line.startsWith("|")) {
        const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
        if (cells[0] === "letter" && cells[1] === "shape" && cells[2] === "is") {
          table = true;
        } else if (table && !cells[0].startsWith("---")) {
          this.addLetters(cells);
        }
      } else {
        table = false;
      }
    });
    this.patterns = new Map();  // name -> its pattern
    this.variables = new Set(["parent"]);
    for (const s of this.statements) {
      for (const header of s.headers) if (header.kind === "each") this.variables.add(header.what[1]);
      if (s.kind !== "from") for (const variable of sumsIn([s.left, ...s.rights])) this.variables.add(variable);
    }
    this.assigned = new Set();
    for (const s of this.statements) {
      if (!s.backward && s.kind === "assign") for (const name of namesIn(s.left)) this.assigned.add(this.pattern(name));
    }
  }

  addLetters([letters, shapes, meaning]) {
    const shape = unquoted(shapes).filter((text) => text.startsWith("[")), names = unquoted(letters);
    const quoted = unquoted(meaning), data = /^data: ([a-z ]+)/.exec(meaning);
    names.forEach((text, i) => {
      const joined = text.startsWith("["), axis = text.includes(";") ? 0 : -1;
      const members = joined ? text.slice(1, -1).split(/[;,] */) : [text];
      members.forEach((member, part) => {
        const own = names.length === 1 ? quoted : quoted.slice(i, i + 1);
        this.bindings.set(member, {
          shape: shape[i] || shape[shape.length - 1] || "",
          split: members.length > 1 ? [axis, part, members.length] : null,
          data: data ? data[1].trim() : "",
          key: !data && /^keys? /.test(meaning) ? own : [],
          tensors: !data && !/^keys? /.test(meaning) ? own : [],
        });
      });
    });
  }

  binding(name) {
    if (this.bindings.has(name)) return this.bindings.get(name);
    const wanted = this.pattern(name);
    for (const [letter, binding] of this.bindings) if (this.pattern(letter) === wanted) return binding;
    return null;
  }

  /** The name with its index letters replaced. */
  pattern(name) {
    if (!this.patterns.has(name)) {
      const [head, ...subs] = name.replace(/'+$/, "").split("_");
      this.patterns.set(name, [head, ...subs.map((sub) => (this.variables.has(sub) ? "#" : sub))].join("_") +
        "'".repeat(name.split("'").length - 1));
    }
    return this.patterns.get(name);
  }
}

/** Names in a target. */
function namesIn(tree) {
  if (!Array.isArray(tree)) return [];
  if (tree[0] === "name") return [tree[1]];
  if (tree[0] === "index") return namesIn(tree[1]);
  return tree.flatMap(namesIn);
}

/** Variables of the sums in a tree. */
function sumsIn(tree) {
  if (!Array.isArray(tree)) return [];
  return [...(tree[0] === "sum" ? [tree[1][1]] : []), ...tree.flatMap(sumsIn)];
}
