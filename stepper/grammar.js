// The lines of the layers' pages (docs/notation.md) as trees.
"use strict";

const FUNCTIONS = ["sigma", "softmax", "tanh", "exp", "log", "log1p", "sqrt", "relu", "silu", "min", "max", "rows"];
const SIGNS = [">", "<", ">=", "<=", "="];

class PageError extends Error {}

const TOKEN = /(\d+\.\d+|\d+)|([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*'?)|(\^T|\.\.|<=|>=|[-+*\/^()\[\],;|<>=.])/y;

function tokensOf(text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === " ") {
      ++at;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new PageError(`cannot read '${text.slice(at)}'`);
    found.push({kind: match[1] ? "number" : match[2] ? "name" : "op", text: match[0],
                glued: at > 0 && text[at - 1] !== " "});
    at += match[0].length;
  }
  return found;
}

const textOf = (tokens) => tokens.map((token) => (token.glued ? "" : " ") + token.text).join("").trim();

/** An expression as nested arrays, the first element naming the operation. */
class Parser {
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
  }

  peek(ahead = 0) {
    return this.tokens[this.at + ahead] || {kind: "end", text: "", glued: false};
  }

  sees(...texts) {
    return texts.every((text, i) => this.peek(i).text === text);
  }

  take(...texts) {
    if (!this.sees(...texts)) return false;
    this.at += texts.length;
    return true;
  }

  fail(want) {
    throw new PageError(`want ${want} before '${textOf(this.tokens.slice(this.at))}'`);
  }

  need(...texts) {
    if (!this.take(...texts)) this.fail(`'${texts.join(" ")}'`);
  }

  name() {
    if (this.peek().kind !== "name") this.fail("a name");
    return this.tokens[this.at++].text;
  }

  whole(rule) {
    const result = rule.call(this);
    if (this.at !== this.tokens.length) this.fail("the end");
    return result;
  }

  expression() {
    const value = this.additive();
    if (!this.take("where")) return value;
    const condition = this.comparison();
    this.need(",", "else");
    return ["where", condition, value, this.expression()];
  }

  sign() {
    const sign = this.peek().text;
    if (!SIGNS.includes(sign)) this.fail("a comparison");
    ++this.at;
    return sign;
  }

  comparison() {
    const left = this.additive();
    return ["compare", this.sign(), left, this.additive()];
  }

  additive() {
    let value = this.take("-") ? ["minus", this.term()] : this.term();
    while (this.sees("+") || this.sees("-")) value = [this.tokens[this.at++].text, value, this.term()];
    return value;
  }

  term() {
    let value = this.product();
    while (["*", "/", "."].includes(this.peek().text)) value = [this.tokens[this.at++].text, value, this.product()];
    return value;
  }

  product() {
    let value = this.postfix();
    while (this.startsFactor()) value = ["product", value, this.postfix()];
    return value;
  }

  startsFactor() {
    const token = this.peek();
    if (token.kind === "name") return !["where", "else", "of", "in"].includes(token.text);
    return token.kind === "number" || token.text === "(" || token.text === "[";
  }

  postfix() {
    let value = this.atom();
    for (;;) {
      if (this.take("^T")) {
        value = ["transpose", value];
      } else if (this.take("^")) {
        value = ["power", value, this.atom()];
      } else if (this.sees("[") && this.peek().glued) {
        ++this.at;
        value = ["index", value, this.indices()];
      } else {
        return value;
      }
    }
  }

  indices() {
    const found = [];
    for (;;) {
      if (this.sees(".") && [",", "]"].includes(this.peek(1).text)) {
        ++this.at;
        found.push(null);
      } else {
        const first = this.additive();
        found.push(this.take("..") ? ["slice", first, this.additive()] : first);
      }
      if (this.take("]")) return found;
      this.need(",");
    }
  }

  atom() {
    const token = this.peek();
    if (token.kind === "number") {
      ++this.at;
      return ["number", Number(token.text)];
    }
    if (this.take("(")) {
      const value = this.expression();
      this.need(")");
      return value;
    }
    if (this.take("|")) {
      const value = this.additive();
      this.need("|");
      return ["size", value];
    }
    if (this.take("[")) return this.joined();
    if (this.take("column", "sums", "of")) return ["sums", 0, this.term()];
    if (this.take("row", "sums", "of")) return ["sums", 1, this.term()];
    if (this.sees("last") && this.peek(1).kind === "name") {
      ++this.at;
      return ["last", this.name()];
    }
    if (this.take("sum", "of")) return ["total", this.term()];
    if (this.take("sum", "over")) {
      const over = this.range();
      this.need("of");
      return ["sum", over, this.term()];
    }
    if (FUNCTIONS.includes(token.text) && this.peek(1).text === "(" && this.peek(1).glued) {
      this.at += 2;
      const given = [this.expression()];
      while (this.take(",")) given.push(this.expression());
      this.need(")");
      return ["call", token.text, given];
    }
    return ["name", this.name()];
  }

  joined() {
    const parts = [this.expression()];
    let sign = "";
    while (!this.take("]")) {
      const mark = this.peek().text;
      if (![",", ";"].includes(mark) || (sign || mark) !== mark) this.fail("']'");
      sign = mark;
      ++this.at;
      parts.push(this.expression());
    }
    return ["join", sign === ";" ? 0 : -1, parts];
  }

  /** What follows 'for each' and 'sum over': kind, variable and bounds. */
  range() {
    const kinds = {task: "task", tasks: "task", row: "row", rows: "row", field: "field", fields: "field",
                   step: "layer", block: "layer", layer: "layer"};
    const word = this.peek().text;
    if (kinds[word] && this.peek(1).kind === "name") {
      ++this.at;
      const variable = this.name();
      if (kinds[word] === "task" && this.take("on", "the", "path", "of")) return ["path", variable, this.name()];
      if (kinds[word] === "task" && this.take("but")) return ["others", variable, this.name()];
      return [kinds[word], variable];
    }
    const variable = this.name();
    if (this.take("<")) return ["index", variable, this.additive()];
    this.need("in");
    return ["ids", variable, this.postfix()];
  }

  /** What stands left of a '=': a name, some columns or rows of one, or several side by side. */
  target() {
    if (this.take("[")) return this.joined();
    const value = ["name", this.name()];
    if (!(this.sees("[") && this.peek().glued)) return value;
    ++this.at;
    return ["index", value, this.indices()];
  }
}

function parsed(tokens, rule) {
  if (tokens.length === 0) throw new PageError("nothing beside a '='");
  return new Parser(tokens).whole(rule);
}

const expressionOf = (text) => parsed(tokensOf(text), Parser.prototype.expression);

/** One line, or a part of it: what stands before and behind every '='. */
class Statement {
  /** `number`: in the margin; `under`: the last number in a margin. */
  constructor(page, line, column, text, headers, backward, number, under) {
    Object.assign(this, {page, line, column, text, headers, backward, number, under, shape: ""});
    const tokens = tokensOf(text);
    if (tokens[0] && tokens[0].text === "from") {
      this.kind = "from";
      this.names = tokens.slice(1).filter((token) => token.kind === "name").map((token) => token.text);
      return;
    }
    const signs = [];
    let depth = 0;
    tokens.forEach((token, i) => {
      if (token.kind === "op" && "([".includes(token.text)) ++depth;
      if (token.kind === "op" && ")]".includes(token.text)) --depth;
      if (token.text === "=" && depth === 0) signs.push(i);
    });
    if (signs.length === 0) throw new PageError("no '='");
    let end = signs[0];
    this.sign = "=";
    if (["+", "-"].includes(tokens[end - 1].text) && tokens[end].glued) {
      this.sign = tokens[end - 1].text + "=";
      --end;
    }
    const left = tokens.slice(0, end);
    this.rights = signs.map((sign, i) =>
      parsed(tokens.slice(sign + 1, i + 1 < signs.length ? signs[i + 1] : tokens.length), Parser.prototype.expression));
    if (left[0].text === "d" && left.length > 1 && left[1].kind === "name") {
      this.kind = "derivative";
      return;
    }
    try {
      this.left = parsed(left, Parser.prototype.target);
      this.kind = "assign";
    } catch (error) {
      if (!(error instanceof PageError)) throw error;
      this.kind = "identity";
    }
  }
}

/** `for each ...:` or `if ...:` */
function headerOf(text, column) {
  let body = text.trimEnd().slice(0, -1);
  const reverse = body.endsWith(", last to first");
  if (reverse) body = body.slice(0, -", last to first".length);
  const parser = new Parser(tokensOf(body));
  const made = (kind, what) => ({kind, column, what, reverse});
  if (parser.take("for", "each")) return made("each", parser.whole(parser.range));
  parser.need("if");
  if (parser.peek(1).text === "has") {
    parser.name();
    if (parser.take("has", "a", "parent")) return made("if", ["parent", true]);
    parser.need("has", "no", "parent");
    return made("if", ["parent", false]);
  }
  if (parser.take("there", "is", "no")) return made("if", ["missing", parser.whole(parser.name)]);
  if (parser.take("there", "is")) return made("if", ["there", parser.whole(parser.name)]);
  const key = parser.name(), sign = parser.sign();
  return made("if", ["key", key, sign, parser.peek().text]);
}

/** The statements of a code block, each under its headers. */
function statementsOf(page, block, firstLine, backward) {
  const found = [], open = [];
  let under = "";
  block.forEach((whole, offset) => {
    const number = firstLine + offset, margin = /^(\d+)\.(?= )/.exec(whole);
    const line = margin ? " ".repeat(margin[0].length) + whole.slice(margin[0].length) : whole;
    let text = line.trim(), said = margin ? (under = margin[1]) : "";
    if (!text) return;
    const column = line.length - line.trimStart().length;
    while (open.length && open[open.length - 1].column >= column) open.pop();
    if (/^(for each|if) .*:($|  )/.test(text)) {
      const [, body, , rest] = /^([^:]*:)( *)(.*)$/.exec(text);
      open.push(headerOf(body, column));
      if (!rest.includes("=")) return;
      text = rest;
    }
    for (const part of partsOf(text)) {
      if (Array.isArray(part)) {
        found[found.length - 1].shape = part[0];
        continue;
      }
      found.push(new Statement(page, number, column, part, [...open], backward, said, under));
      said = "";
    }
  });
  return found;
}

/** The statements of a line, set apart by two or more spaces, each followed by its shape as an array; comments are left
 * out. */
function partsOf(text) {
  const parts = [];
  for (const piece of text.split(/  +/)) {
    if (parts.length && (/^[-+]?= /.test(piece) || /=$/.test(parts[parts.length - 1]))) {
      parts[parts.length - 1] += " " + piece;
    } else {
      parts.push(piece);
    }
  }
  const kept = [];
  for (const piece of parts) {
    if (piece.includes("=") || piece.startsWith("from ")) {
      kept.push(piece);
    } else if (kept.length && /^\[[^\]]*\]$/.test(piece)) {
      kept.push([piece]);
    }
  }
  return kept;
}
