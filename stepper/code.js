// Which lines of C++ a line of a page stands for: its number and its words stand in a comment above them.
"use strict";

class Code {
  /** `sources`: [{name, text}]; `pages`: name of a page -> names of the sources that it names, in order. */
  constructor(sources, pages) {
    this.pages = pages;
    this.numbered = new Map(sources.map(({name, text}) => [name, Code.passages(name, text)]));
  }

  /** Passages under numbered comments: {file, line, of: the function, number, words, lines}. */
  static passages(file, text) {
    const lines = text.split("\n"), found = [];
    const comment = (i) => /^\s*\/\//.test(lines[i] || ""), numbered = (i) => /^\s*\/\/ \d+\. /.test(lines[i] || "");
    let of = "";
    lines.forEach((line, i) => {
      const head = /^(?: {2})?(?! )(?:[\w:<>&*]+ )+(\w+)\(/.exec(line);
      if (head && !/^\s*(return|const|else|if|for)\b/.test(line)) of = head[1];
      if (!numbered(i) || numbered(i - 1)) return;
      let end = i;
      while (comment(end)) ++end;
      while (end < lines.length && lines[end].trim() && !numbered(end)) ++end;
      const own = lines.slice(i, end);
      for (const [, number, words] of own.join("\n").matchAll(/(?:\/\/|   )(?: *)(\d+)\. ([^\n]*?)(?=   \d+\. |\n|$)/g)) {
        found.push({file, line: i + 1, of, number, words: new Set(words.match(/\w+/g) || []), lines: own});
      }
    });
    return found;
  }

  /** The passage that says most of a line, or null. */
  of(statement) {
    const words = new Set(statement.text.match(/\w+/g) || []);
    let best = null, most = 0;
    for (const file of this.pages.get(statement.page) || []) {
      for (const passage of this.numbered.get(file) || []) {
        if (passage.number !== statement.under && file.startsWith("model/")) continue;
        if (/backward|scatter|add_/.test(passage.of) !== statement.backward) continue;
        let score = passage.number === statement.under ? 1.5 : 0;
        for (const word of passage.words) if (words.has(word)) ++score;
        if (score > most) [best, most] = [passage, score];
      }
    }
    return most >= 2 ? best : null;
  }
}
