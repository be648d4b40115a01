// Runs a stepper's page without a browser: node drive_stepper.js PAGE; nudges as JSON on standard input, what the page's
// lines make of them as JSON on standard output.
"use strict";
const fs = require("fs"), vm = require("vm");

const html = fs.readFileSync(process.argv[2], "utf8");
const script = (id) => new RegExp(`<script[^>]*id="${id}">([^]*?)</script>`).exec(html)[1];
const context = vm.createContext({atob});
vm.runInContext(script("lines") + "; this.Network = Network;", context);
const walk = {...JSON.parse(script("walk")), pages: JSON.parse(script("pages"))};
const network = new context.Network(walk);

/** The largest difference between gradients by the lines and the engine's, by the largest of the tensor. */
function worstGradient() {
  let worst = 0;
  for (const run of network.base.runs) {
    for (const [id, name] of run.traced) {
      const got = run.grads.get(id), want = network.trace.get("grad." + name);
      if (!got || !want) continue;
      const most = Math.max(...want.data.map(Math.abs), 1e-6);
      want.data.forEach((x, e) => { worst = Math.max(worst, Math.abs(x - got.data[e]) / most); });
    }
  }
  return worst;
}

/** The layer and key that make a value of the trace. */
function makerOf(name) {
  const layer = network.base.runs.findIndex((run) => [...run.traced.values()].includes(name));
  return {layer, key: [...network.base.runs[layer].traced].find(([, tensor]) => tensor === name)[0]};
}

function nudged({tensor, value, at, by}) {
  const nudge = tensor ? {tensor, at, by} : {...makerOf(value), at, by};
  if (!tensor || !network.labelled) return network.after(nudge);
  return {...network.after(nudge), gradient: network.gradients.get(tensor).data[at],
          difference: network.difference(nudge, network.parameters.get(tensor).data[at])};
}

const nudges = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  disagreements: network.disagreements(),
  gradient: worstGradient(),
  steps: [network.steps.length, network.backSteps.length],
  without: [...network.parameters.keys()].filter((name) => network.labelled && !network.gradients.has(name)),
  nudged: nudges.map(nudged),
}));
