// The network of one row: all its pages, one after the other, on one set of tensors.
"use strict";

/** Numbers as the program writes them: little-endian, in base64. */
function decoded({shape, type, data, rows}) {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const size = type === "f32" ? 4 : 8, values = new Float64Array(bytes.length / size);
  for (let i = 0; i < values.length; ++i) {
    values[i] = size === 4 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true);
  }
  return new Tensor(shape, values, rows ? new Map(rows.map((row, place) => [row, place])) : null);
}

class Network {
  /** `walk`: what the program wrote: config, row, parameters, trace, layers, pages. */
  constructor(walk) {
    this.config = walk.config;
    this.row = walk.row;
    this.fields = walk.config.fields;
    this.tasks = walk.config.tasks.map((task) => task.name);
    this.parents = walk.config.tasks.map((task) => (task.after ? this.tasks.indexOf(task.after) : null));
    this.parameters = new Map(walk.parameters.map((one) => [one.name, decoded(one)]));
    this.trace = new Map(walk.trace.map((one) => [one.name, decoded(one)]));
    this.labelled = this.trace.has("loss.total");
    const values = [...this.trace].filter(([name]) => !name.startsWith("grad."));
    this.tensors = new Map([...this.parameters, ...values]);
    const pages = new Map(walk.pages.map(({name, text}) => [name, new Page(name, text)]));
    this.layers = walk.layers.map(({role, page, blocks}) => (
      {role, page: pages.get(page), blocks: role === "sharing" ? blocks : null}));
    this.owners = new Map();  // tensor -> of every element the last layer that makes it
    this.base = this.settled(null);
    this.steps = this.base.runs.flatMap((run) => run.steps);
    this.gradients = new Map();  // tensor -> its gradient by the pages' lines
    this.backSteps = [];
    if (this.labelled) this.goBack();
  }

  /** From the root to the task: the tasks whose logits make its probability. */
  path(task) {
    const above = this.config.probability === "chain" ? this.parents[task] : null;
    return [...(above === null ? [] : this.path(above)), task];
  }

  /** The tensors when no line changes any more, and the runs that made them. `nudge`: a tensor or the key of a layer, `at`
   * and `by`. */
  settled(nudge) {
    const tensors = new Map(this.tensors);
    if (nudge && nudge.tensor) {
      const other = tensors.get(nudge.tensor).copy();
      other.data[nudge.at] += nudge.by;
      tensors.set(nudge.tensor, other);
    }
    for (let pass = 0; pass < 12; ++pass) {
      let changed = false;
      const runs = this.layers.map((layer, i) => {
        const run = this.run(layer, tensors, nudge && nudge.layer === i ? nudge : null);
        if (!this.base) this.own(run, i);
        changed = this.write(run, i, tensors) || changed;
        return run;
      });
      if (!changed) return {tensors, runs};
    }
    throw new PageError("the lines of the pages turn in a circle");
  }

  own(run, i) {
    for (const [id, name] of run.traced) {
      const there = run.parts.get(id), size = run.values.get(id).value.data.length;
      if (!this.owners.has(name)) this.owners.set(name, new Int32Array(size).fill(-1));
      const owner = this.owners.get(name);
      for (let e = 0; e < size; ++e) if (!there || there[e]) owner[e] = Math.max(owner[e], i);
    }
  }

  run({role, page, blocks}, tensors, nudge) {
    const starts = [], from = (name, key) => { if (tensors.has(name)) starts.push([key, tensors.get(name)]); };
    if (blocks && blocks[0] > 0) {  // goes on where blocks of another kind have ended
      for (const key of [new Key("s", [], []), ...this.tasks.map((_, t) => new Key("v_#", [t], []))]) from(this.streamOf(key), key);
    }
    return new Run(page, this, tensors, {role, blocks, nudge, starts}).forward();
  }

  /** Puts what a page has made in the place of the tensors; tells whether anything changed. */
  write(run, i, tensors) {
    let changed = false;
    const put = (name, {data, shape}, mine) => {
      const old = tensors.get(name);
      if (old && data.every((x, e) => !mine(e) || Object.is(x, old.data[e]))) return;
      changed = true;
      tensors.set(name, new Tensor(old ? old.shape : shape,
                                   old ? old.data.map((x, e) => (mine(e) ? data[e] : x)) : data.slice()));
    };
    for (const [id, name] of run.traced) {
      const owner = this.owners.get(name), there = run.parts.get(id);
      put(name, run.values.get(id).value, (e) => owner[e] === i && (!there || there[e]));
    }
    for (const {name, value} of this.handedOn(run)) tensors.set(name, value);
    return changed;
  }

  streamOf(key) {
    return key.name === "s" ? "stream" : `stream.${this.tasks[key.subs[0]]}`;
  }

  /** What the last of a page's blocks leaves to the layers above. */
  handedOn({role, values}) {
    if (role !== "sharing") return [];
    const last = new Map();
    for (const {key, value} of values.values()) {
      if (key.name !== "v_#" && key.name !== "s") continue;
      const name = this.streamOf(key);
      const place = key.loops.length ? key.loops[key.loops.length - 1][1] + 1 : 0;
      if (!last.has(name) || last.get(name).place < place) last.set(name, {name, value, key, place});
    }
    return [...last.values()];
  }

  /** Backward through all pages, last to first. */
  goBack() {
    const {runs} = this.base, streams = new Map();
    const add = (to, name, more) => to.set(name, to.has(name) ? broadcast((x, y) => x + y, to.get(name), more) : more);
    for (let i = runs.length - 1; i >= 0; --i) {
      const run = runs[i], handed = this.handedOn(run);
      for (const {name, key} of handed) {
        if (streams.has(name)) run.grads.set(key.id, streams.get(name).copy());
        streams.delete(name);
      }
      run.backward((key, tensor) => {
        if (tensor && this.owners.has(tensor) && !this.owners.get(tensor).includes(i)) return null;
        if (tensor === "loss.total") return run.values.get(key.id).value.map(() => 1);
        return tensor ? this.trace.get("grad." + tensor) || null : null;
      });
      for (const [key] of run.starts) {
        if (run.grads.has(key.id)) add(streams, this.streamOf(key), run.grads.get(key.id));
      }
      for (const [id, tensor] of run.read) {
        const grad = run.grads.get(id);
        if (!grad) continue;
        if (tensor.startsWith("stream")) add(streams, tensor, grad);
        if (this.parameters.has(tensor)) this.addPart(tensor, run.splits.get(id), grad);
      }
      this.backSteps.push(...run.steps.slice(run.forwardSteps));
    }
  }

  /** Adds the gradient of a part of a parameter, or of the whole. */
  addPart(name, split, grad) {
    if (!this.gradients.has(name)) this.gradients.set(name, Tensor.zeros(this.parameters.get(name)));
    const whole = this.gradients.get(name);
    let at = whole.data.keys();
    if (split) {
      const [axis, place, parts] = split, first = axis === 0 || whole.shape.length === 1;
      const size = (first ? whole.shape[0] : whole.width) / parts;
      at = elements(whole, first ? [[place * size, size]] : [null, [place * size, size]]).at;
    }
    [...at].forEach((to, e) => { whole.data[to] += grad.data[e]; });
  }

  /** The loss and the probabilities after a nudge. */
  after(nudge) {
    const {tensors} = this.settled(nudge);
    return {loss: this.labelled ? tensors.get("loss.total").data[0] : null, probability: [...tensors.get("probability").data]};
  }

  /** Tensors of the trace that the lines do not make as the engine does. */
  disagreements() {
    const off = (name, {data}) => {
      const want = this.trace.get(name).data, most = Math.max(...want.map(Math.abs), 1e-3);
      return want.some((x, e) => !(Math.abs(x - data[e]) <= 1e-9 * most));
    };
    return [...this.base.tensors].filter(([name, value]) => this.trace.has(name) && off(name, value)).map(([name]) => name);
  }

  /** The derivative of the loss by differences, of an element that `nudge` names. */
  difference(nudge, x) {
    const by = 1e-5 * Math.max(1, Math.abs(x)), at = (k) => this.after({...nudge, by: k * by}).loss;
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * by);
  }
}
