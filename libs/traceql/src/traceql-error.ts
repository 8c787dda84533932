import type { Range } from './ast.js';

/**
 * Why a query is refused: `syntax` is text that is not TraceQL, `validation` a query without meaning such as
 * `{ 1 + "a" = 2 }`, `unsupported` one that has a meaning and is not answered, `limit` one beyond a bound.
 */
export type TraceqlErrorKind = 'syntax' | 'validation' | 'unsupported' | 'limit';

/**
 * The only error that this library throws. The message is that of Tempo: for `syntax`,
 * `parse error at line 1, col 9: syntax error: unexpected $end`.
 */
export class TraceqlError extends Error implements Range {
  override readonly name = 'TraceqlError';
  readonly kind: TraceqlErrorKind;
  readonly from: number;
  readonly to: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;

  /**
   * @param problem without the place
   * @param text the whole query
   */
  constructor(kind: TraceqlErrorKind, problem: string, text: string, { from, to }: Range) {
    const lines = text.slice(0, from).split('\n');
    const line = lines.length;
    const column = [...(lines.at(-1) ?? '')].length + 1;
    const hasPlace = kind === 'syntax' || kind === 'limit';
    super(hasPlace ? `parse error at line ${line}, col ${column}: ${problem}` : problem);
    this.kind = kind;
    this.from = from;
    this.to = to;
    this.line = line;
    this.column = column;
  }
}
