// What is seen: the network on the left, a value beside it, forward and backward, and what a nudge does.
"use strict";

const made = (tag, attributes = {}, ...inside) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
};
const said = (x, digits = 5) => (Number.isInteger(x) && Math.abs(x) < 1e6 ? String(x) :
  Math.abs(x) < 1e-4 ? x.toExponential(digits - 1).replace(/\.?0+e/, "e") : String(Number(x.toPrecision(digits))));
const readable = (json) => JSON.parse(document.getElementById(json).textContent);

class Stepper {
  constructor(root) {
    const walk = readable("walk"), pages = readable("pages");
    walk.pages = pages;
    this.network = new Network(walk);
    this.members = walk.members;
    this.code = new Code(readable("sources"), new Map(pages.map(({name, sources}) => [name, sources])));
    this.graph = new Graph(this.network);
    this.at = -1;
    this.by = 0.01;
    this.build(root);
    this.goTo(location.hash);
    addEventListener("hashchange", () => this.goTo(location.hash));
  }

  // ................................................................................................. the page

  build(root) {
    const {network} = this, row = network.row;
    const facts = network.tasks.map((task, t) => {
      const y = row.tasks[t].label;
      return `${task}: p = ${said(network.base.tensors.get("probability").data[t])}, label ${y === null ? "none" : y}`;
    });
    if (network.labelled) facts.push(`loss ${said(network.base.tensors.get("loss.total").data[0], 8)}`);
    this.status = made("p", {class: "status", "aria-live": "polite"});
    this.figure = made("nav", {class: "figure", "aria-label": "The network: values in their order"});
    this.forward = made("section", {class: "forward", "aria-label": "Forward"});
    this.backward = made("section", {class: "backward", "aria-label": "Backward"});
    this.nudging = made("section", {class: "nudge", "aria-label": "Nudge"});
    const button = (text, key, by) =>
      made("button", {type: "button", "aria-keyshortcuts": key, onclick: () => this.step(by)}, text);
    root.append(
      made("p", {class: "facts"}, facts.join(" · ")),
      ...this.notes().map((text) => made("p", {class: "note"}, text)),
      made("div", {class: "controls", role: "group", "aria-label": "Steps"}, button("← back", "B ArrowLeft", -1),
           button("next →", "N ArrowRight", 1),
           network.labelled ? made("button", {type: "button", onclick: () => this.show(this.graph.turn)}, "to the way back") : null,
           this.status),
      made("div", {class: "panes"}, this.figure, made("div", {class: "detail"},
           made("div", {class: "sides"}, this.forward, this.backward), this.nudging)),
      made("p", {class: "help"}, "Keys: → or N the next step, ← or B the one before, Home the first. Within numbers the " +
           "arrows go from one to the next."));
    this.draw();
    addEventListener("keydown", (event) => this.pressed(event));
    addEventListener("resize", () => this.arcs());
  }

  /** What the lines of the pages do not run, or not as the engine does. */
  notes() {
    const {network} = this, notes = [];
    if (!network.labelled) notes.push("Without labels there is no loss and no way back.");
    if (this.members > 1) {
      notes.push(`This is the first of ${this.members} networks: the model's logit is the mean of theirs.`);
    }
    const off = network.disagreements();
    if (off.length) {
      notes.push(`The lines of the pages do not make the engine's numbers of ${off.slice(0, 3).join(", ")}` +
                 `${off.length > 3 ? " and others" : ""}: nudges and differences are those of the lines.`);
    }
    return notes;
  }

  draw() {
    const list = made("ol");
    for (const box of this.graph.boxes) {
      const label = (node) => [made("b", {}, node.title), ` [${this.graph.valueOf(node).shape}]`];
      box.button = made("button", {type: "button", class: "box", onclick: () => this.select(box.node)}, ...label(box.node));
      box.inside = made("ul", {hidden: true});
      box.buttons = new Map([[box.node, box.button]]);
      for (const node of box.inner) {
        const button = made("button", {type: "button", class: "inner", onclick: () => this.select(node)}, ...label(node),
                            node.turns ? made("small", {}, " " + node.turns) : null);
        box.buttons.set(node, button);
        box.inside.append(made("li", {}, button));
      }
      const names = box.weights.map((node) => node.title);
      if (names.length > 8) names.splice(6, names.length, `and ${names.length - 6} more`);
      box.item = made("li", {}, box.button, names.length ? made("span", {class: "weights"}, names.join(", ")) : null, box.inside);
      list.append(box.item);
    }
    this.lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.lines.setAttribute("aria-hidden", "true");
    this.figure.append(this.lines, list);
  }

  /** The way of the values, left, and of the gradients, right, as in the figures of docs/. */
  arcs() {
    const height = this.figure.querySelector("ol").offsetHeight;
    const left = 44, right = this.figure.clientWidth - 44, order = new Map(this.graph.boxes.map((box, i) => [box, i]));
    const most = Math.max(this.graph.boxes.length - 2, 1), parts = [];
    const arc = (from, to, x, side, kind, a, b) => {
      const out = x + side * (10 + 34 * (Math.abs(order.get(to) - order.get(from)) - 1) / most);
      const begin = from.item.offsetTop + 8 + a, end = to.item.offsetTop + 8 + b, lit = to === this.lit || from === this.lit;
      parts.push(`<path class="${kind}${lit ? " lit" : ""}" d="M${x} ${begin}C${out} ${begin} ${out} ${end} ${x + side * 5} ${end}"/>` +
        `<polygon class="${kind}${lit ? " lit" : ""}" points="${x},${end} ${x + side * 6},${end - 3} ${x + side * 6},${end + 3}"/>`);
    };
    for (const box of this.graph.boxes) {
      for (const source of box.reads) {
        arc(source, box, left, -1, "f", 14, 4);
        if (this.graph.gradientOf(source.node)) arc(box, source, right, 1, "b", 4, 14);
      }
    }
    this.lines.setAttribute("viewBox", `0 0 ${this.figure.clientWidth} ${height}`);
    this.lines.setAttribute("width", this.figure.clientWidth);
    this.lines.setAttribute("height", height);
    this.lines.innerHTML = parts.join("");
  }

  // .................................................................................................... steps

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input")) return;
    const by = {n: 1, N: 1, b: -1, B: -1, ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (event.key.startsWith("Arrow") && event.target.closest(".heat")) return;
    if (by) this.step(by);
    if (event.key === "Home") this.show(0);
    if (by || event.key === "Home") event.preventDefault();
  }

  step(by) {
    this.show(Math.min(Math.max(this.at + by, 0), this.graph.steps.length - 1));
  }

  show(i) {
    this.at = i;
    const step = this.graph.steps[i];
    this.select(this.graph.nodeOf(step), step);
  }

  /** #name of a value, element and nudge: "#cross.0.h/3/0.01". */
  goTo(hash) {
    const [name, at, by] = decodeURIComponent(hash.slice(1)).split("/");
    const node = this.graph.nodes.get(name);
    if (by !== undefined && by !== "" && Number.isFinite(Number(by))) this.by = Number(by);
    if (node) this.select(node, null, Number(at) || 0);
    else this.show(0);
  }

  select(node, step = null, element = 0) {
    this.node = node;
    this.element = Math.min(Math.max(Math.trunc(element), 0), this.graph.valueOf(node).data.length - 1);
    if (!step) {
      const at = this.graph.steps.findIndex((one) => this.graph.nodeOf(one) === node);
      if (at >= 0) this.at = at;
    }
    this.line = step || node.steps[0] || null;
    const side = step && this.at >= this.graph.turn ? "backward" : "forward";
    this.status.textContent = step ?
      `Step ${this.at + 1} of ${this.graph.steps.length}, ${side}: ${step.statement.text}${step.turns ? ` (${step.turns})` : ""}` : node.title;
    this.status.dataset.side = side;
    this.light();
    this.showForward();
    this.showBackward();
    this.showNudge();
  }

  light() {
    if (this.lit) {
      this.lit.inside.hidden = true;
      for (const button of this.lit.buttons.values()) button.removeAttribute("aria-current");
    }
    this.lit = this.graph.boxOf.get(this.node) || this.graph.boxes.find((box) => box.weights.includes(this.node)) || this.lit;
    if (this.lit) {
      this.lit.inside.hidden = false;
      const button = this.lit.buttons.get(this.node);
      if (button) button.setAttribute("aria-current", "true");
      const top = this.lit.item.offsetTop, {scrollTop, clientHeight} = this.figure;
      if (top < scrollTop || top + this.lit.item.offsetHeight > scrollTop + clientHeight) this.figure.scrollTop = top - 40;
    }
    this.arcs();
  }

  // ................................................................................................... panels

  showForward() {
    const {node} = this, value = this.graph.valueOf(node);
    this.forward.replaceChildren(
      made("h2", {}, node.title, made("small", {}, ` [${value.shape}]${node.turns && !node.tensor ? ", " + node.turns : ""}`)),
      ...(node.parameter ? [made("p", {}, "a parameter of the model" + (value.rows ? ": the rows that this row uses" : ""))] :
        this.equations(node.steps)),
      this.heat(value, "value"),
      this.links("Made of", this.graph.sources(node)),
      this.links("Goes into", this.graph.readers(node)),
      ...this.passages(node.steps));
  }

  showBackward() {
    const {node} = this, grad = this.graph.gradientOf(node);
    this.backward.replaceChildren(made("h2", {}, "d " + node.title, made("small", {}, " its gradient")));
    if (!grad) {
      this.backward.append(made("p", {}, this.network.labelled ? "No gradient comes here." : "Without labels there is none."));
      return;
    }
    this.backward.append(...this.equations(node.back), this.heat(grad, "gradient"), ...this.passages(node.back));
  }

  /** The numbered lines, each once, with the loops' turns in which it was run. */
  equations(steps) {
    const found = new Map();
    for (const step of steps) {
      const {statement} = step, id = `${statement.line}|${statement.text}`;
      if (!found.has(id)) found.set(id, {statement, above: step.above, turns: []});
      found.get(id).turns.push(step.turns);
    }
    const lines = [...found.values()], list = made("ol", {class: "lines"});
    for (const {statement, above, turns} of lines) {
      const now = this.line && this.line.statement === statement;
      list.append(made("li", {class: now ? "now" : ""},
        above && above.text !== statement.text ? made("code", {class: "above"}, `${above.number ? above.number + ". " : ""}${above.text}`) : null,
        made("code", {}, `${statement.number && !statement.backward ? statement.number + ". " : ""}${statement.text}`),
        made("small", {}, `${statement.page}:${statement.line}${turns[0] ? ", " + [...new Set(turns)].slice(0, 4).join("; ") : ""}`)));
    }
    return lines.length ? [list] : [];
  }

  passages(steps) {
    const found = new Map();
    for (const {statement} of steps) {
      const passage = this.code.of(statement);
      if (passage) found.set(`${passage.file}:${passage.line}`, passage);
    }
    return [...found].slice(0, 3).map(([place, passage]) => made("figure", {class: "code"},
      made("figcaption", {}, `${place}, ${passage.of}`), made("pre", {tabindex: "0", "aria-label": `C++ at ${place}`}, unindented(passage.lines))));
  }

  links(title, nodes) {
    if (!nodes.length) return "";
    return made("p", {class: "links"}, title + ": ", ...nodes.slice(0, 24).map((node) =>
      made("button", {type: "button", class: node.parameter ? "weight" : "", onclick: () => this.select(node)}, node.title)));
  }

  /** Numbers as a heat map: buttons with the numbers, of many a picture. */
  heat(tensor, what) {
    const {data} = tensor, most = Math.max(...data.map(Math.abs), 0) || 1;
    const wrap = made("div", {class: "heat", role: "group", "aria-label": `${what} of ${this.node.title}`});
    if (data.length > 300) {
      wrap.append(this.picture(tensor, most));
      return wrap;
    }
    if (tensor.height > 1) wrap.style.setProperty("--columns", tensor.width);
    data.forEach((x, i) => {
      const cell = made("button", {type: "button", tabindex: i === this.element ? "0" : "-1",
        "aria-pressed": String(i === this.element), "aria-label": `${this.place(tensor, i)}: ${said(x)}`,
        onclick: () => this.pick(i, what), onkeydown: (event) => this.move(event, wrap, i, what)}, said(x, 3));
      cell.style.setProperty("--heat", Math.abs(x) / most * 0.6);
      cell.dataset.sign = x < 0 ? "-" : "+";
      wrap.append(cell);
    });
    return wrap;
  }

  picture(tensor, most) {
    const {width, height, data} = tensor, canvas = made("canvas", {width, height, "aria-hidden": "true"});
    const context = canvas.getContext("2d"), image = context.createImageData(width, height);
    data.forEach((x, i) => image.data.set([x < 0 ? 9 : 207, x < 0 ? 105 : 34, x < 0 ? 218 : 46, 255 * Math.sqrt(Math.abs(x) / most)], 4 * i));
    context.putImageData(image, 0, 0);
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const row = Math.floor((event.clientY - box.top) / box.height * height), column = Math.floor((event.clientX - box.left) / box.width * width);
      this.pick(Math.min(row, height - 1) * width + Math.min(column, width - 1));
    });
    return canvas;
  }

  place(tensor, i) {
    const row = Math.floor(i / tensor.width), column = i % tensor.width;
    const id = tensor.rows ? [...tensor.rows.keys()][row] : row;
    return tensor.height > 1 || tensor.rows ? `[${id}, ${column}]` : `[${column}]`;
  }

  move(event, wrap, i, what) {
    const columns = getComputedStyle(wrap).gridTemplateColumns.split(" ").length, count = wrap.children.length;
    const by = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns}[event.key];
    if (!by || i + by < 0 || i + by >= count) return;
    event.preventDefault();
    this.pick(i + by, what);
  }

  pick(i, what = null) {
    this.element = i;
    this.showForward();
    this.showBackward();
    this.showNudge();
    const side = what === "gradient" ? this.backward : this.forward;
    const cell = what && side.querySelector(".heat [tabindex='0']");
    if (cell) cell.focus();
  }

  showNudge() {
    const {node, element, network} = this, value = this.graph.valueOf(node), x = value.data[element];
    const input = (label, attributes) => made("label", {}, label, " ", made("input", attributes));
    const rows = value.height > 1, place = (row, column) => this.pick(row * value.width + column);
    const row = Math.floor(element / value.width), column = element % value.width;
    const bounded = (event, most) => Math.min(Math.max(Math.trunc(Number(event.target.value)) || 0, 0), most);
    this.nudging.replaceChildren(
      made("h2", {}, `Nudge ${node.title}${this.place(value, element)}`),
      made("p", {class: "inputs"},
        rows ? input("row", {type: "number", min: 0, max: value.height - 1, value: row,
                             onchange: (event) => place(bounded(event, value.height - 1), column)}) : null,
        value.width > 1 ? input("column", {type: "number", min: 0, max: value.width - 1, value: column,
                                           onchange: (event) => place(row, bounded(event, value.width - 1))}) : null,
        input("by", {type: "number", step: "any", value: this.by, onchange: (event) => {
          this.by = Number(event.target.value) || 0;
          this.showNudge();
        }})),
      this.outcome(node, element, x));
    if (network.labelled) this.confirm(node, element, x);
  }

  /** What the lines make of the nudged number, beside what its gradient foretells. */
  outcome(node, element, x) {
    const {network} = this, grad = this.graph.gradientOf(node), tensors = network.base.tensors;
    const after = network.after(this.graph.nudgeOf(node, element, this.by)), cell = (tag, text) => made(tag, {}, text);
    const line = (name, now, foretold, real) => made("tr", {}, made("th", {scope: "row"}, name), cell("td", said(now, 8)),
      cell("td", foretold === null ? "" : said(foretold, 4)), cell("td", said(real - now, 4)), cell("td", said(real, 8)));
    const body = made("tbody");
    if (network.labelled) {
      const now = tensors.get("loss.total").data[0];
      body.append(line("loss", now, grad ? grad.data[element] * this.by : 0, after.loss));
    }
    network.tasks.forEach((task, t) => body.append(line(`p of ${task}`, tensors.get("probability").data[t], null, after.probability[t])));
    return made("div", {class: "scroll"}, made("table", {"data-value": node.id, "data-element": element, "data-by": this.by,
      "data-after": JSON.stringify(after)},
      made("caption", {}, `from ${said(x, 8)} to ${said(x + this.by, 8)}`),
      made("thead", {}, made("tr", {}, ...["", "now", "change by the gradient", "change by the lines", "then"].map((text) => made("th", {scope: "col"}, text)))),
      body));
  }

  /** The gradient of the element beside the difference. */
  confirm(node, element, x) {
    const grad = this.graph.gradientOf(node), by = this.network.difference(this.graph.nudgeOf(node, element, 0), x);
    this.nudging.append(made("p", {class: "difference"}, `Its gradient: ${said(grad ? grad.data[element] : 0, 8)}, by differences of the lines ${said(by, 8)}.`));
  }
}

const unindented = (lines) => {
  const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(indent)).join("\n");
};

const root = document.getElementById("stepper");
try {
  window.stepper = new Stepper(root);
} catch (error) {
  if (!(error instanceof PageError)) throw error;
  root.append(made("p", {class: "note"}, `The lines of the pages do not run on this model: ${error.message}.`));
}
