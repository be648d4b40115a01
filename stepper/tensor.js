// Numbers, rows and matrices in double, and what the pages do with them. A table holds only the rows that are used:
// `rows` says where the row of an id stands.
"use strict";

class Tensor {
  constructor(shape, data, rows = null) {
    Object.assign(this, {shape, data, rows});
  }

  static number(x) {
    return new Tensor([], Float64Array.of(x));
  }

  static zeros(like) {
    return new Tensor(like.shape, new Float64Array(like.data.length), like.rows);
  }

  get height() {
    return this.rows ? this.rows.size : this.shape.length === 2 ? this.shape[0] : 1;
  }

  get width() {
    return this.shape.length ? this.shape[this.shape.length - 1] : 1;
  }

  copy() {
    return new Tensor(this.shape, this.data.slice(), this.rows);
  }

  map(f) {
    return new Tensor(this.shape, this.data.map(f), this.rows);
  }

  /** The only number there is. */
  get number() {
    if (this.data.length !== 1) throw new PageError(`[${this.shape}] where a number is wanted`);
    return this.data[0];
  }

  like(shape) {
    if (shape.reduce((a, b) => a * b, 1) !== this.data.length) throw new PageError(`[${this.shape}] into [${shape}]`);
    return new Tensor(shape, this.data, this.rows);
  }
}

/** f of several, element by element; one may be a number, a row for all rows, or a column for all columns. */
function broadcast(f, ...given) {
  const rank = Math.max(...given.map((x) => x.shape.length)), shape = [];
  for (let axis = 0; axis < rank; ++axis) {
    const sizes = given.map((x) => x.shape[x.shape.length - rank + axis] ?? 1).filter((size) => size !== 1);
    if (sizes.some((size) => size !== sizes[0])) {
      throw new PageError(given.map((x) => `[${x.shape}]`).join(" and ") + " do not fit");
    }
    shape.push(sizes.length ? sizes[0] : 1);
  }
  const width = rank ? shape[rank - 1] : 1, height = rank === 2 ? shape[0] : 1;
  const data = new Float64Array(width * height), at = given.map(() => 0);
  const steps = given.map((x) => [x.shape.length === 2 && x.shape[0] > 1 ? x.width : 0, x.width > 1 ? 1 : 0]);
  for (let i = 0; i < height; ++i) {
    for (let j = 0; j < width; ++j) {
      given.forEach((x, k) => { at[k] = x.data[i * steps[k][0] + j * steps[k][1]]; });
      data[i * width + j] = f(...at);
    }
  }
  return new Tensor(shape, data);
}

function product(a, b) {
  if (!a.shape.length || !b.shape.length) return broadcast((x, y) => x * y, a, b);
  const [m, k] = a.shape, n = b.shape[1];
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== b.shape[0]) {
    throw new PageError(`product of [${a.shape}] and [${b.shape}]`);
  }
  const data = new Float64Array(m * n);
  for (let i = 0; i < m; ++i) {
    for (let l = 0; l < k; ++l) {
      const x = a.data[i * k + l];
      for (let j = 0; j < n; ++j) data[i * n + j] += x * b.data[l * n + j];
    }
  }
  return new Tensor([m, n], data);
}

/** a b^T, without another copy of b. */
function productTransposed(a, b) {
  const [m, k] = a.shape, n = b.shape[0];
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== b.shape[1]) return product(a, transposed(b));
  const data = new Float64Array(m * n);
  for (let i = 0; i < m; ++i) {
    for (let j = 0; j < n; ++j) {
      let sum = 0;
      for (let l = 0; l < k; ++l) sum += a.data[i * k + l] * b.data[j * k + l];
      data[i * n + j] = sum;
    }
  }
  return new Tensor([m, n], data);
}

function transposed(a) {
  const [m, n] = a.shape, data = new Float64Array(m * n);
  if (a.shape.length !== 2) throw new PageError(`transpose of [${a.shape}]`);
  for (let i = 0; i < m; ++i) for (let j = 0; j < n; ++j) data[j * m + i] = a.data[i * n + j];
  return new Tensor([n, m], data);
}

/** Side by side (axis -1) or one below the other (0). */
function joined(axis, parts) {
  const rank = parts[0].shape.length;
  if (rank === 0) return new Tensor([parts.length], Float64Array.from(parts, (part) => part.number));
  const width = (x) => x.width, sum = (f) => parts.reduce((total, part) => total + f(part), 0);
  if (rank === 1) return new Tensor([sum(width)], Float64Array.from(parts.flatMap((part) => [...part.data])));
  if (axis === 0) {
    return new Tensor([sum((x) => x.shape[0]), parts[0].width], Float64Array.from(parts.flatMap((x) => [...x.data])));
  }
  const rows = parts[0].shape[0], data = [];
  for (let i = 0; i < rows; ++i) for (const part of parts) {
    data.push(...part.data.subarray(i * part.width, (i + 1) * part.width));
  }
  return new Tensor([rows, sum(width)], Float64Array.from(data));
}

/** The columns (axis -1) or rows (0) of `sizes`. */
function cut(a, axis, sizes) {
  let from = 0;
  const rank = a.shape.length, whole = rank === 2 && axis === 0 ? a.shape[0] : a.width;
  if (sizes.reduce((x, y) => x + y, 0) !== whole) throw new PageError(`[${sizes}] of [${a.shape}]`);
  return sizes.map((size) => {
    const places = rank === 1 ? [[from, size]] : axis === 0 ? [[from, size], null] : [null, [from, size]];
    from += size;
    return part(a, places);
  });
}

/** Elements of `a` at places: null for all of an axis, or [first, count]. */
function elements(a, places) {
  const range = (place, size) => place || [0, size];
  if (a.shape.length === 1) {
    const [first, count] = range(places[0], a.shape[0]);
    return {shape: [count], at: Array.from({length: count}, (_, i) => first + i)};
  }
  const [row, rows] = range(places[0], a.shape[0]), [column, columns] = range(places[1] || null, a.width), at = [];
  for (let i = 0; i < rows; ++i) {
    const line = a.rows ? a.rows.get(row + i) : row + i;
    if (line === undefined) throw new PageError(`row ${row + i} is not one of those used`);
    for (let j = 0; j < columns; ++j) at.push(line * a.width + column + j);
  }
  return {shape: [rows, columns], at};
}

function part(a, places) {
  const {shape, at} = elements(a, places);
  return new Tensor(shape, Float64Array.from(at, (i) => a.data[i]));
}

function sums(axis, a) {
  const [m, n] = a.shape, data = new Float64Array(axis === 0 ? n : m);
  for (let i = 0; i < m; ++i) for (let j = 0; j < n; ++j) data[axis === 0 ? j : i] += a.data[i * n + j];
  return new Tensor(axis === 0 ? [n] : [m, 1], data);
}

const sigma = (x) => 1 / (1 + Math.exp(-x));

const CALLED = {
  sigma, tanh: Math.tanh, exp: Math.exp, log: Math.log, sqrt: Math.sqrt, log1p: Math.log1p,
  relu: (x) => (x > 0 ? x : 0), silu: (x) => x * sigma(x), min: Math.min, max: Math.max,
};

function softmax(parts) {
  const whole = parts.length > 1 ? joined(-1, parts) : parts[0], data = whole.data.slice(), n = whole.width;
  for (let i = 0; i < data.length; i += n) {
    const row = data.subarray(i, i + n), most = Math.max(...row);
    let total = 0;
    row.forEach((x, j) => { row[j] = Math.exp(x - most); total += row[j]; });
    row.forEach((x, j) => { row[j] = x / total; });
  }
  return new Tensor(whole.shape, data);
}

const COMPARED = {">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b,
                  "=": (a, b) => a === b};
