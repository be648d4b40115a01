// What the names on a page stand for: values that its lines have made, tensors, data, numbers of the config.
"use strict";

/** A value: its name, the numbers of its subscripts, and the turns of the loops in which it was made. */
class Key {
  constructor(name, subs, loops) {
    Object.assign(this, {name, subs, loops});
    this.id = `${name}|${subs.join()}|${loops.map(([variable, place]) => `${variable}${place}`).join()}`;
  }

  within(n) {
    return n === this.loops.length ? this : new Key(this.name, this.subs, this.loops.slice(0, n));
  }
}

const dimensionsOf = (shape) => shape.replace(/^\[|\]$/g, "").split(",").map((text) => text.trim()).filter(Boolean);

// What a rate field makes its numbers of: the row has the numbers, in `rate`.
const COUNTED = ["rows", "base", "hits", "share of all rows", "mean of what was seen", "deviation of it", "first number"];
// What keys mean that do not apply: mmoe is ple without experts of the tasks.
const KEYS_LEFT_OUT = {task_experts: 0, soft_share: 0.5};

class Names {
  /** `network`: config, tasks, parents, fields, row. `tensors`: name -> Tensor. `blocks`: the sharing blocks that are run,
   * or null. */
  constructor(page, network, tensors, blocks) {
    Object.assign(this, {page, network, tensors, blocks});
    this.scope = new Map();    // variable -> {value, kind, place, chain, inSum}
    this.values = new Map();   // id of a key -> {key, value}
    this.grads = new Map();    // id of the key of x -> dx
    this.letters = new Map();  // letter of a shape and turns -> number
    this.read = new Map();     // id of a key -> name of the tensor that was read
    this.splits = new Map();   // id of a key -> which part of the tensor it is: [axis, place, parts], or null
    this.lookedUp = null;      // ids of the keys that the line at work has read
  }

  fail(text) {
    throw new PageError(text);
  }

  taskVariable() {
    for (const variable of [...this.scope.keys()].reverse()) if (this.scope.get(variable).kind === "task") return variable;
    return this.fail("'parent' outside of a loop over tasks");
  }

  key(name) {
    const [head, ...subs] = name.replace(/'+$/, "").split("_");
    const words = [head], values = [], used = new Set();
    for (const sub of subs) {
      if (this.scope.has(sub)) {
        words.push("#");
        values.push(this.scope.get(sub).value);
        used.add(sub);
      } else if (sub === "parent") {
        const task = this.taskVariable();
        words.push("#");
        values.push(this.network.parents[this.scope.get(task).value]);
        used.add(task);
      } else if (this.page.variables.has(sub)) {
        this.fail(`${name}: ${sub} counts nothing here`);
      } else {
        words.push(sub);
      }
    }
    const loops = [];
    for (const [variable, turn] of this.scope) if (!used.has(variable) && !turn.inSum) loops.push([variable, turn.place]);
    let word = words.join("_");
    if (name.endsWith("'")) {
      const layers = loops.filter(([variable]) => this.scope.get(variable).chain);
      if (layers.length) {
        ++layers[layers.length - 1][1];
      } else {
        word += "'";
      }
    }
    return new Key(word, values, loops);
  }

  /** The key of a value that is there, or null. */
  known(name) {
    const key = this.key(name);
    let least = 0;
    if (name.endsWith("'") && !key.name.endsWith("'")) {  // x' is of the next turn, never the x before the loop
      key.loops.forEach(([variable], i) => { if (this.scope.get(variable).chain) least = i + 1; });
    }
    for (let n = key.loops.length; n >= least; --n) {
      const within = key.within(n);
      if (this.values.has(within.id)) return within;
    }
    const counted = this.page.binding(name)?.tensors[0] === "rate";  // what it is made of is not in the row
    if (!counted && (this.page.assigned.has(this.page.pattern(name)) ||
        this.page.assigned.has(this.page.pattern(name.replace(/'+$/, ""))))) {
      return null;
    }
    const bound = this.bound(name);
    if (!bound) return null;
    this.values.set(bound.key.id, bound);
    return bound.key;
  }

  value(name) {
    const key = this.known(name);
    if (key) {
      if (this.lookedUp) this.lookedUp.add(key.id);
      return this.values.get(key.id).value;
    }
    if (this.scope.has(name)) return Tensor.number(this.scope.get(name).value);
    const of = this.gradientKey(name);
    if (of) {
      if (this.lookedUp) this.lookedUp.add("d " + of.id);
      return this.grads.get(of.id) || Tensor.zeros(this.values.get(of.id).value);
    }
    const number = this.letter(name);
    return number === null ? this.fail(`${name} is not known`) : Tensor.number(number);
  }

  /** The key of x for a name dx, if there is an x. */
  gradientKey(name) {
    return name[0] !== "d" || name.length < 2 || name[1] === "_" ? null : this.known(name.slice(1));
  }

  /** What the table of letters says of a name here: {tensor, key}, or null. */
  tensorOf(name, binding) {
    const key = this.key(name);
    for (const pattern of binding.tensors) {
      const used = new Set();
      let text = pattern;
      const places = [...pattern.matchAll(/<([^>]*)>/g)].map((match) => match[1]);
      for (const place of places.sort((a, b) => (a === "last") - (b === "last"))) {
        const word = place === "last" ? this.lastOf(text) : this.wordFor(place, key, used);
        if (word === null) break;
        text = text.replace(`<${place}>`, word);
      }
      if (!text.includes("<") && this.tensors.has(text)) {
        return {tensor: text, key: new Key(key.name, key.subs, key.loops.filter(([variable]) => used.has(variable)))};
      }
    }
    return null;
  }

  wordFor(place, key, used) {
    const {tasks, parents, fields} = this.network;
    if (place === "task" && key.subs.length) return tasks[key.subs[0]];
    const kind = {task: "task", parent: "task", field: "field"}[place];
    const variables = [...this.scope.keys()].filter((v) => (kind ? this.scope.get(v).kind === kind : v === place));
    if (!variables.length) return null;
    const variable = variables[variables.length - 1];
    used.add(variable);
    let number = this.scope.get(variable).value;
    if (place === "parent") number = parents[number];
    if (number === null) return null;
    return !kind ? String(number) : kind === "field" ? fields[number].name : tasks[number];
  }

  /** The largest number at <last> in a tensor's name, or null. */
  lastOf(text) {
    const [before, behind] = text.split("<last>");
    const numbers = [...this.tensors.keys()].filter((name) => name.startsWith(before) && name.endsWith(behind))
      .map((name) => name.slice(before.length, name.length - behind.length)).filter((word) => /^\d+$/.test(word));
    return numbers.length ? String(Math.max(...numbers)) : null;
  }

  partOf(tensor, binding) {
    if (!binding.split) return tensor;
    const [axis, place, parts] = binding.split, whole = axis === 0 ? tensor.shape[0] : tensor.width;
    return cut(tensor, axis, Array(parts).fill(whole / parts))[place];
  }

  bound(name) {
    const binding = this.page.binding(name);
    if (!binding || binding.key.length) return null;
    if (binding.data) {
      const key = this.key(name), value = this.data(binding, key);
      const loops = key.loops.filter(([v]) => ["field", "task", "layer", "row"].includes(this.scope.get(v).kind));
      if (value && value.shape) this.checkShape(binding.shape, value);
      return value && {key: new Key(key.name, key.subs, loops), value};
    }
    const found = this.tensorOf(name, binding);
    if (!found) return null;
    const value = this.partOf(this.tensors.get(found.tensor), binding);
    this.checkShape(binding.shape, value);
    this.read.set(found.key.id, found.tensor);
    this.splits.set(found.key.id, binding.split);
    return {key: found.key, value};
  }

  /** Numbers of the row; null where there are none. */
  data(binding, key) {
    const {row} = this.network, one = (x) => new Tensor([1, 1], Float64Array.of(x));
    if (binding.data === "mask") {
      const shape = dimensionsOf(binding.shape).map((text) => this.size(text));
      return new Tensor(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1));
    }
    if (binding.data === "weights") return one(row.weight);
    const told = {
      "labels": ({label}) => label ?? 0,
      "labelled": ({label}) => (label === null ? 0 : 1),
      "soft labels": ({soft}) => soft ?? 0,
      "soft there": ({soft}) => (soft === null ? 0 : 1),
    }[binding.data];
    if (told) return this.network.labelled ? one(told(row.tasks[key.subs[0]])) : this.fail("no label");
    const turn = [...this.scope.values()].find((other) => other.kind === "field");
    const field = turn && row.fields[turn.value];
    if (!field) return null;
    if (binding.data === "ids") return field.ids ? {ids: field.ids} : null;
    if (binding.data === "numbers") {
      return field.numbers ? new Tensor([1, field.numbers.length], Float64Array.from(field.numbers)) : null;
    }
    if (binding.data === "first column") return field.column === null ? null : Tensor.number(field.column);
    if (COUNTED.includes(binding.data)) return null;
    return this.fail(`no ${binding.data}`);
  }

  // ................................................................................................ letters

  turn() {
    return [...this.scope.values()].filter((t) => ["layer", "field"].includes(t.kind)).map((t) => t.value).join();
  }

  checkShape(shape, value, turn = this.turn()) {
    if (!shape || (!value.shape.length && shape === "[1]")) return;
    const dimensions = dimensionsOf(shape);
    if (dimensions.length !== value.shape.length) return;
    dimensions.forEach((text, i) => {
      if (/^[A-Za-z]\w*$/.test(text) && this.letter(text) === null) {
        this.letters.set(`${text}@${turn}`, value.shape[i]);
      }
    });
  }

  /** The number that a letter of a shape is, or null. */
  letter(name) {
    if (name === "B") return 1;
    if (name === "T") return this.network.tasks.length;
    for (const at of [this.turn(), ""]) {
      const found = this.letters.get(`${name}@${at}`);
      if (found !== undefined) return found;
    }
    const binding = this.page.bindings.get(name);
    const numbers = binding ? binding.key.map((key) => this.setting(key)) : [];
    return numbers.find((number) => typeof number === "number") ?? null;
  }

  size(text) {
    if (/^[A-Za-z]\w*$/.test(text)) return this.letter(text) ?? this.fail(`${text} is not known`);
    return this.evaluate(expressionOf(text)).number;
  }

  /** What a key of the config says here, of the layer that the page is about and of inner loops first; undefined if there is
   * none. */
  setting(key) {
    const {config, fields} = this.network, blocks = this.blocks || [], found = [KEYS_LEFT_OUT, config];
    if (config.cross && typeof config.cross === "object") found.push(config.cross);
    const turns = [...this.scope.values()], block = turns.find((turn) => turn.kind === "layer" && blocks.includes(turn.value));
    if (blocks.length) found.push(config.sharing[block ? block.value : blocks[0]]);
    for (const turn of turns) {
      if (turn.kind === "field") found.push({pool: "sum"}, fields[turn.value]);
      if (turn.kind === "task") found.push(config.tasks[turn.value]);
    }
    return found.reverse().find((one) => key in one)?.[key];
  }
}
