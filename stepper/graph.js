// What there is to see of a network: its values and parameters, what each is made of, and the steps in order.
"use strict";

/** What can be looked at: every value of the lines, and the parameters. */
class Node {
  constructor(id, title, facts) {
    Object.assign(this, {id, title, run: null, key: null, tensor: null, parameter: false, steps: [], back: []}, facts);
  }
}

class Graph {
  constructor(network) {
    this.network = network;
    this.nodes = new Map();    // id -> Node
    this.streams = new Map();  // tensor of a stream -> id of the value that it is
    this.boxes = [];           // {node, inner, run, weights, reads}
    this.findNodes();
    this.findBoxes();
    const place = (step) => this.boxes.indexOf(this.boxOf.get(this.nodeOf(step)));
    const ahead = network.steps.filter((step) => !step.gradient && this.nodeOf(step));
    this.turn = ahead.length;  // where the way back begins
    this.steps = [...ahead.sort((a, b) => place(a) - place(b)), ...network.backSteps.filter((step) => this.nodeOf(step))];
  }

  idOf(run, id) {
    const tensor = run.traced.get(id) || run.read.get(id);
    if (tensor) return this.streams.get(tensor) || tensor;
    return `${this.network.base.runs.indexOf(run)}|${id}`;
  }

  findNodes() {
    const {network} = this;
    for (const run of network.base.runs) {
      for (const step of run.steps) {
        for (const id of step.gradient ? [] : step.made) this.addNode(run, id, step);
        if (step.gradient) for (const id of step.made) {
          const node = this.nodes.get(this.idOf(run, id));
          if (node && !node.parameter) node.back.push(step);
        }
      }
      for (const {name, key} of network.handedOn(run)) this.streams.set(name, this.idOf(run, key.id));
      for (const [id, tensor] of run.read) {
        if (!network.parameters.has(tensor)) continue;
        if (!this.nodes.has(tensor)) this.nodes.set(tensor, new Node(tensor, tensor, {tensor, parameter: true}));
        this.nodes.get(tensor).back.push(...run.gathers.get(id) || []);
      }
    }
  }

  addNode(run, id, step) {
    const name = this.idOf(run, id), tensor = run.traced.get(id) || null, {key} = run.values.get(id);
    if (!this.nodes.has(name)) {
      // What a letter counts is a task, if the page has a loop over tasks.
      const tasks = run.page.statements.some((s) => s.headers.some((header) => header.what[0] === "task"));
      let letter = key.name;
      for (const sub of key.subs) letter = letter.replace("#", (tasks && this.network.tasks[sub]) || sub);
      this.nodes.set(name, new Node(name, tensor || letter, {run, key, tensor, turns: step.turns}));
    }
    this.nodes.get(name).steps.push(step);
  }

  /** Boxes: a value that the trace knows, with those that lead to it. */
  findBoxes() {
    for (const run of this.network.base.runs) {
      let inner = [];
      const last = new Map();
      run.steps.slice(0, run.forwardSteps).forEach((step, i) => step.made.forEach((id) => last.set(this.idOf(run, id), i)));
      for (const [name] of [...last].sort((a, b) => a[1] - b[1])) {
        const node = this.nodes.get(name);
        if (node.run !== run) continue;
        if (!node.tensor) {
          inner.push(node);
        } else {
          this.boxes.push({node, inner, run});
          inner = [];
        }
      }
      if (inner.length && this.boxes.length && this.boxes[this.boxes.length - 1].run === run) {
        this.boxes[this.boxes.length - 1].inner.push(...inner);
      } else if (inner.length) {
        this.boxes.push({node: inner[inner.length - 1], inner: inner.slice(0, -1), run});
      }
    }
    // In the engine's order: a page may tell of layers on both sides of another's.
    const order = new Map([...this.network.trace.keys()].map((name, i) => [name, i]));
    this.boxes.sort((a, b) => (order.get(a.node.tensor) ?? order.size) - (order.get(b.node.tensor) ?? order.size));
    this.boxOf = new Map(this.boxes.flatMap((box) => [box.node, ...box.inner].map((node) => [node, box])));
    for (const box of this.boxes) {
      const read = [box.node, ...box.inner].flatMap((node) => this.sources(node));
      box.weights = [...new Set(read.filter((node) => node.parameter))];
      box.reads = [...new Set(read.map((node) => this.boxOf.get(node)).filter((other) => other && other !== box))];
    }
  }

  /** What a value is made of. */
  sources(node) {
    const found = node.steps.flatMap((step) => step.reads.map((id) => this.nodes.get(this.idOf(step.run, id))));
    return [...new Set(found)].filter((other) => other && other !== node);
  }

  readers(node) {
    return [...this.nodes.values()].filter((other) => this.sources(other).includes(node));
  }

  nodeOf(step) {
    const ids = step.made.map((id) => this.nodes.get(this.idOf(step.run, id))).filter(Boolean);
    return ids[0] || null;
  }

  valueOf(node) {
    return node.tensor ? this.network.base.tensors.get(node.tensor) : node.run.values.get(node.key.id).value;
  }

  gradientOf(node) {
    if (!this.network.labelled) return null;
    if (node.parameter) return this.network.gradients.get(node.tensor) || Tensor.zeros(this.valueOf(node));
    if (node.tensor && this.network.trace.has("grad." + node.tensor)) return this.network.trace.get("grad." + node.tensor);
    return node.run.grads.get(node.key.id) || null;
  }

  nudgeOf(node, at, by) {
    if (node.parameter) return {tensor: node.tensor, at, by};
    return {layer: this.network.base.runs.indexOf(node.run), key: node.key.id, at, by};
  }
}
