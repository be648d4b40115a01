// A page executed in double on one row: its forward lines, then, with labels, its backward lines.
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
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// What a rate field makes its numbers of: the row has the numbers, in `rate`.
const COUNTED = ["rows", "base", "hits", "share of all rows", "mean of what was seen", "deviation of it", "first number"];

class Run {
  /** `network`: config, tasks, parents, fields, row. `tensors`: name -> Tensor. `blocks`: the sharing blocks that are run,
   * or null; `nudge`: {key, at, by} or null; `starts`: [key, value] of what lines before have left. */
  constructor(page, network, tensors, {role, blocks, nudge, starts}) {
    Object.assign(this, {page, network, tensors, role, blocks, nudge, starts});
    this.scope = new Map();    // variable -> {value, kind, place, chain, inSum}
    this.values = new Map();   // id of a key -> {key, value}
    this.grads = new Map();    // id of the key of x -> dx
    this.letters = new Map();  // letter of a shape and turns -> number
    this.read = new Map();     // id of a key -> name of the tensor that was read
    this.splits = new Map();   // id of a key -> which part of the tensor it is: [axis, place, parts], or null
    this.traced = new Map();   // id of a key made here -> the tensor that it is
    this.parts = new Map();    // id of a key made of parts -> which elements are there
    this.said = new Map();     // id of a key -> steps that made it
    this.gathers = new Map();  // id of a key -> steps that made its gradient
    this.steps = [];           // every line executed: {statement, turns, made, reads, gradient}
    this.above = null;         // the forward line that the backward pass has restated last
    this.lookedUp = null;      // ids of the keys that the line at work has read
  }

  fail(text) {
    throw new PageError(text);
  }

  // ................................................................................................ names

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
    if (!binding) return null;
    const keys = this.keys();
    for (const key of binding.key) if (typeof keys[key] === "number") return keys[key];
    return null;
  }

  size(text) {
    if (/^[A-Za-z]\w*$/.test(text)) return this.letter(text) ?? this.fail(`${text} is not known`);
    return this.evaluate(expressionOf(text)).number;
  }

  /** Keys of the config, those of the layer that the page is about included. */
  keys() {
    const {config, fields} = this.network, found = {...KEYS_LEFT_OUT, ...config};
    if (typeof config.cross === "object") Object.assign(found, config.cross);
    const turns = [...this.scope.values()], blocks = this.blocks || [];
    const block = turns.find((turn) => turn.kind === "layer" && blocks.includes(turn.value));
    if (blocks.length) Object.assign(found, config.sharing[block ? block.value : blocks[0]]);
    for (const turn of turns) {
      if (turn.kind === "field") Object.assign(found, {pool: "sum"}, fields[turn.value]);
      if (turn.kind === "task") Object.assign(found, config.tasks[turn.value]);
    }
    return found;
  }

  // ............................................................................................ expressions

  evaluate(tree) {
    const [kind, a, b, c] = tree;
    switch (kind) {
      case "number": return Tensor.number(a);
      case "name": return this.value(a);
      case "last": return this.last(a);
      case "+": return broadcast((x, y) => x + y, this.evaluate(a), this.evaluate(b));
      case "-": return broadcast((x, y) => x - y, this.evaluate(a), this.evaluate(b));
      case "*": return broadcast((x, y) => x * y, this.evaluate(a), this.evaluate(b));
      case "/": return broadcast((x, y) => x / y, this.evaluate(a), this.evaluate(b));
      case ".": {
        const both = broadcast((x, y) => x * y, this.evaluate(a), this.evaluate(b));
        return both.shape.length === 2 ? sums(1, both) : Tensor.number(both.data.reduce((x, y) => x + y, 0));
      }
      case "minus": return this.evaluate(a).map((x) => -x);
      case "product":
        return b[0] === "transpose" ? productTransposed(this.evaluate(a), this.evaluate(b[1])) :
          product(this.evaluate(a), this.evaluate(b));
      case "transpose": return transposed(this.evaluate(a));
      case "power": return broadcast((x, y) => x ** y, this.evaluate(a), this.evaluate(b));
      case "size": {
        const value = this.evaluate(a);
        return value.ids ? Tensor.number(value.ids.length) : value.map(Math.abs);
      }
      case "join": return joined(a, b.map((one) => this.evaluate(one)));
      case "sums": return sums(a, this.evaluate(b));
      case "total": return Tensor.number(this.evaluate(a).data.reduce((x, y) => x + y, 0));
      case "where": return broadcast((x, y, z) => (x ? y : z), this.evaluate(a), this.evaluate(b), this.evaluate(c));
      case "compare": return broadcast((x, y) => +COMPARED[a](x, y), this.evaluate(b), this.evaluate(c));
      case "call": return this.call(a, b.map((one) => this.evaluate(one)));
      case "sum": return this.sum(a, b);
      case "index": {
        const value = this.evaluate(a), places = this.places(b), found = part(value, places);
        return places.filter((place) => place && place.single).length === value.shape.length ?
          Tensor.number(found.data[0]) : found;
      }
      default: return this.fail(`no ${kind}`);
    }
  }

  call(name, given) {
    if (name === "softmax") return softmax(given);
    if (name === "rows") return given[0].like([1, given[0].width]);
    return broadcast(CALLED[name], ...given);
  }

  /** What a value is after the last turn of the loop that goes on with it. */
  last(name) {
    const key = this.key(name);
    let found = null;
    for (const other of this.values.values()) {
      const {name: word, subs, loops} = other.key, n = key.loops.length;
      if (word === key.name && `${subs}` === `${key.subs}` && loops.length === n + 1 &&
          other.key.within(n).id === key.id && (!found || loops[n][1] > found.key.loops[n][1])) {
        found = other;
      }
    }
    return found ? found.value : this.fail(`no loop goes on with ${name}`);
  }

  sum(over, body) {
    const variable = over[1], {values, kind} = this.turns(over);
    if (!values.length && over[0] === "ids") {  // of no ids: as wide as a row of the table
      const {width} = this.value(namesIn(body)[0]);
      return new Tensor([1, width], new Float64Array(width));
    }
    let total = null;
    for (const value of values) {
      this.scope.set(variable, {value, kind, place: 0, inSum: true});
      const term = this.evaluate(body);
      total = total ? broadcast((x, y) => x + y, total, term) : term;
    }
    this.scope.delete(variable);
    return total || Tensor.number(0);
  }

  places(indices) {
    return indices.map((index) => {
      if (index === null) return null;
      if (index[0] === "slice") {
        const first = this.evaluate(index[1]).number;
        return [first, this.evaluate(index[2]).number - first];
      }
      return Object.assign([this.evaluate(index).number, 1], {single: true});
    });
  }

  // ............................................................................................ statements

  turns(what) {
    const [kind, , of] = what, {network} = this, count = (n) => Array.from({length: n}, (_, i) => i);
    const T = network.tasks.length;
    if (kind === "task") return {values: count(T), kind};
    if (kind === "row") return {values: [0], kind};
    if (kind === "field") return {values: count(network.fields.length), kind};
    if (kind === "path") return {values: network.path(this.scope.get(of).value), kind: "task"};
    if (kind === "others") {
      const first = this.scope.get(of).value + 1;
      return {values: count(T - 1).map((k) => (first + k) % T), kind: "task"};
    }
    if (kind === "index") return {values: count(this.evaluate(of).number), kind};
    if (kind === "ids") return {values: this.evaluate(of).ids, kind: "index"};
    return {values: this.blocks || count(this.layers(`<${what[1]}>`)), kind: "layer"};
  }

  /** How many of the tensors of the table of letters there are at a place. */
  layers(place) {
    let most = -1;
    for (const {tensors} of this.page.bindings.values()) {
      for (const pattern of tensors.filter((text) => text.includes(place))) {
        const known = new RegExp("^" + escaped(pattern).replace(escaped(place), "(\\d+)").replace(/<[^>]*>/g, "[^.]+") + "$");
        for (const name of this.tensors.keys()) {
          const match = known.exec(name);
          if (match) most = Math.max(most, Number(match[1]));
        }
      }
    }
    return most + 1;
  }

  holds(what) {
    if (what[0] === "parent") return (this.network.parents[this.scope.get(this.taskVariable()).value] !== null) === what[1];
    if (what[0] === "there") return this.known(what[1]) !== null;
    if (what[0] === "missing") return this.known(what[1]) === null;
    const [, key, sign, want] = what, keys = this.keys();
    const have = key in keys ? keys[key] : this.value(key).number;
    return typeof have === "number" ? COMPARED[sign](have, Number(want)) : String(have) === want;
  }

  /** Calls act(statement) in the order in which the loops around the statements turn. */
  walk(statements, act, depth = 0) {
    for (let at = 0; at < statements.length;) {
      if (statements[at].headers.length === depth) {
        act(statements[at++]);
        continue;
      }
      const header = statements[at].headers[depth];
      let end = at;
      while (end < statements.length && statements[end].headers[depth] === header) ++end;
      const inside = statements.slice(at, end);
      if (header.kind === "if") {
        if (this.holds(header.what)) this.walk(inside, act, depth + 1);
      } else {
        const {values, kind} = this.turns(header.what), variable = header.what[1];
        const places = values.map((_, place) => place), chain = ["layer", "others"].includes(header.what[0]);
        for (const place of header.reverse ? places.reverse() : places) {
          this.scope.set(variable, {value: values[place], kind, place, chain});
          this.walk(inside, act, depth + 1);
        }
        this.scope.delete(variable);
      }
      at = end;
    }
  }

  /** Notes a line that was executed. */
  note(statement, made, gradient) {
    const step = {statement, run: this, made, gradient, reads: [...this.lookedUp], turns: this.turnsSaid(),
                  above: gradient && this.above && this.above.column < statement.column ? this.above : null};
    this.steps.push(step);
    for (const id of made) {
      const of = gradient ? this.gathers : this.said;
      if (!of.has(id)) of.set(id, []);
      of.get(id).push(step);
    }
  }

  /** Where the loops are, in words. */
  turnsSaid() {
    const {tasks, fields} = this.network;
    return [...this.scope].filter(([, turn]) => turn.kind !== "row").map(([variable, turn]) =>
      turn.kind === "task" ? tasks[turn.value] : turn.kind === "field" ? fields[turn.value].name :
        `${variable} = ${turn.value}`).join(", ");
  }

  rightSide(statement) {
    this.lookedUp = new Set();
    return this.evaluate(statement.rights[0]);
  }

  forward() {
    for (const [key, value] of this.starts) this.values.set(key.id, {key, value});
    this.walk(this.page.statements.filter((s) => !s.backward && s.kind === "assign"), (s) => {
      try {
        this.forwardLine(s);
      } catch (error) {
        if (this.network.labelled || !(error instanceof PageError)) throw error;  // what needs a label is not made
      }
    });
    this.forwardSteps = this.steps.length;
    return this;
  }

  forwardLine(statement) {
    const value = this.rightSide(statement), made = [];
    for (const [target, own] of this.targets(statement.left, value, false)) {
      if (target[0] === "index") {
        made.push(...this.makePart(target, own, statement.sign));
        continue;
      }
      const key = this.key(target[1]);
      if (this.values.has(key.id)) continue;  // another way to say it
      const binding = this.page.binding(target[1]);
      const found = binding && !binding.data && !binding.key.length && this.tensorOf(target[1], binding);
      if (binding) this.checkShape(binding.shape, own);
      if (statement.shape) this.checkShape(statement.shape, own);
      if (found) this.traced.set(key.id, found.tensor);
      this.values.set(key.id, {key, value: this.nudged(key, own)});
      made.push(key.id);
    }
    this.note(statement, made, false);
  }

  nudged(key, value) {
    if (!this.nudge || this.nudge.key !== key.id) return value;
    const other = value.copy();
    other.data[this.nudge.at] += this.nudge.by;
    return other;
  }

  /** Some rows or columns of a value that the table of letters has. */
  makePart(target, value, sign) {
    const name = target[1][1];
    const here = this.key(name);
    let key = here.loops.map((_, n) => here.within(n)).concat(here).find((one) => this.values.has(one.id));
    if (!key) {
      const binding = this.page.binding(name), found = binding && this.tensorOf(name, binding);
      if (!found) return [];  // of a value that this model's trace does not have
      key = found.key;
      const like = this.tensors.get(found.tensor);
      this.checkShape(binding.shape, like, "");
      this.values.set(key.id, {key, value: this.nudged(key, Tensor.zeros(like))});
      this.traced.set(key.id, found.tensor);
      this.parts.set(key.id, new Uint8Array(like.data.length));
    }
    const there = this.parts.get(key.id);
    if (!there) return [];  // said again
    const whole = this.values.get(key.id).value, {at} = elements(whole, this.places(target[2]));
    if (at.length !== value.data.length) this.fail(`${name}: [${value.shape}] into ${at.length} elements`);
    at.forEach((to, i) => {
      whole.data[to] += sign === "-=" ? -value.data[i] : value.data[i];
      there[to] = 1;
    });
    return [key.id];
  }

  /** [target, value] of every name on the left. */
  targets(target, value, gradient) {
    if (target[0] !== "join") return [[target, value]];
    const [, axis, parts] = target;
    let sizes = parts.map((one) => {
      const known = gradient ? this.gradientKey(one[1]) : null;
      const like = known && this.values.get(known.id).value;
      return like ? (axis === 0 ? like.shape[0] : like.width) : null;
    });
    const whole = axis === 0 && value.shape.length === 2 ? value.shape[0] : value.width;
    if (sizes.includes(null)) sizes = parts.map(() => whole / parts.length);
    const cuts = cut(value, axis, sizes);
    return parts.map((one, i) => [one, cuts[i]]);
  }

  /** Backward lines; comes(key, name, tensor) gives a gradient that comes in, or null. */
  backward(comes) {
    // Blocks that go on where others have ended have not begun with x.
    const of = (s) => !this.starts.length || s.headers.some((header) => header.what[0] === "layer");
    this.walk(this.page.statements.filter((s) => s.backward && ["assign", "from"].includes(s.kind) && of(s)), (s) => {
      if (s.kind === "from") {
        for (const name of s.names) this.take(name, comes);
      } else if (namesIn(s.left).every((name) => this.gradientKey(name))) {
        this.gradientLine(s);
      } else {
        this.helperLine(s);
      }
    });
    return this;
  }

  take(name, comes) {
    const key = this.gradientKey(name);
    if (!key || this.grads.has(key.id)) return;
    const given = comes(key, this.traced.get(key.id) || this.read.get(key.id) || null);
    if (given) this.grads.set(key.id, given.copy());
  }

  gradientLine(statement) {
    const value = this.rightSide(statement), made = [];
    for (const [target, own] of this.targets(statement.left, value, true)) {
      const key = this.gradientKey(target[0] === "name" ? target[1] : target[1][1]), like = this.values.get(key.id).value;
      made.push(key.id);
      if (statement.sign === "=" && this.grads.has(key.id)) continue;  // said twice
      const total = this.grads.has(key.id) ? this.grads.get(key.id) : Tensor.zeros(like);
      const at = target[0] === "name" ? [...total.data.keys()] : elements(total, this.places(target[2])).at;
      if (at.length !== own.data.length) this.fail(`d${key.name}: [${own.shape}] into [${like.shape}]`);
      at.forEach((to, i) => { total.data[to] += statement.sign === "-=" ? -own.data[i] : own.data[i]; });
      this.grads.set(key.id, total);
    }
    this.note(statement, made, true);
  }

  /** A forward line again; new names are helpers of the lines that follow. */
  helperLine(statement) {
    this.above = statement;
    const unknown = namesIn(statement.left).filter((name) => this.known(name) === null);
    if (!unknown.length || statement.left[0] !== "name") return;
    const value = this.rightSide(statement), key = this.key(statement.left[1]);
    this.values.set(key.id, {key, value});
    this.note(statement, [key.id], false);
  }
}


// What keys mean that do not apply: mmoe is ple without experts of the tasks.
const KEYS_LEFT_OUT = {task_experts: 0, soft_share: 0.5};
