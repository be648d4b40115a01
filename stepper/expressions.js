// Expressions, evaluated in double.
"use strict";

/** One case for each kind of tree that the grammar makes. */
class Expressions extends Names {
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
}
