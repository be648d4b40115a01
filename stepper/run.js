// A page executed in double on one row: its forward lines, then, with labels, its backward lines.
"use strict";

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

class Run extends Expressions {
  /** `nudge`: {key, at, by} or null; `starts`: [key, value] of what lines before have left. */
  constructor(page, network, tensors, {role, blocks, nudge, starts}) {
    super(page, network, tensors, blocks);
    Object.assign(this, {role, nudge, starts});
    this.traced = new Map();   // id of a key made here -> the tensor that it is
    this.parts = new Map();    // id of a key made of parts -> which elements are there
    this.gathers = new Map();  // id of a key -> steps that made its gradient
    this.steps = [];           // every line executed: {statement, turns, made, reads, gradient}
    this.above = null;         // the forward line that the backward pass has restated last
  }

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
    const [, key, sign, want] = what, set = this.setting(key), have = set === undefined ? this.value(key).number : set;
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
    if (!gradient) return;
    for (const id of made) {
      if (!this.gathers.has(id)) this.gathers.set(id, []);
      this.gathers.get(id).push(step);
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
