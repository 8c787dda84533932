/** One statement of a script, and where it begins there. */
export interface Statement {
  readonly text: string;
  /** Its first character in the script, from 0. */
  readonly offset: number;
}

// In the order in which they are tried: comments, quoted texts (with '' or "" for a quote inside, or, after E, a
// backslash), dollar quotes. A semicolon in any of them ends nothing.
const tokens = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    String.raw`\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)`,
    String.raw`'(?:[^']|'')*(?:'|$)`,
    String.raw`"(?:[^"]|"")*(?:"|$)`,
    String.raw`(?<dollar>\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?(?:\k<dollar>|$)`,
    String.raw`(?<end>;)`,
  ].join('|'),
  'g',
);

/** Splits a script at its semicolons. Statements that are nothing but space and comments are left out. */
export function splitStatements(script: string): readonly Statement[] {
  const statements: Statement[] = [];
  let begin = 0;
  let code = '';
  let codeFrom = 0;
  const finish = (end: number): void => {
    code += script.slice(codeFrom, end);
    const raw = script.slice(begin, end);
    const offset = begin + (raw.length - raw.trimStart().length);
    if (code.trim() !== '') statements.push({ text: raw.trim(), offset });
    begin = end + 1;
    codeFrom = begin;
    code = '';
  };
  for (const match of script.matchAll(tokens)) {
    if (match.groups?.['end'] !== undefined) finish(match.index);
    else if (/^(--|\/\*)/.test(match[0])) {
      code += script.slice(codeFrom, match.index);
      codeFrom = match.index + match[0].length;
    }
  }
  finish(script.length);
  return statements;
}

/** Where a character is, as people count: from 1. */
export function positionOf(script: string, offset: number): { readonly line: number; readonly column: number } {
  const before = script.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
