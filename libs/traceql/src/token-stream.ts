import type { Range } from './ast.js';
import { describeToken, type Token } from './lexer.js';
import { TraceqlError, type TraceqlErrorKind } from './traceql-error.js';

/** The tokens of a query and a position among them, with the errors of a parser. */
export class TokenStream {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  /** The token that is next; the end stays. */
  get current(): Token {
    return this.#at(this.#index);
  }

  /** The token after `current`. */
  get following(): Token {
    return this.#at(this.#index + 1);
  }

  /** The offset after the last token that was taken. */
  get lastEnd(): number {
    return this.#tokens[this.#index - 1]?.to ?? 0;
  }

  next(): Token {
    const token = this.current;
    this.#index += 1;
    return token;
  }

  /** The text of the current operator or keyword, otherwise undefined. */
  get symbol(): string | undefined {
    const token = this.current;
    return token.type === 'punctuation' || token.type === 'keyword' ? token.text : undefined;
  }

  /** Takes the token if it is this operator or keyword. */
  accept(symbol: string): boolean {
    if (this.symbol !== symbol) return false;
    this.#index += 1;
    return true;
  }

  /** @throws {TraceqlError} if the current token is not this operator or keyword */
  expect(symbol: string, ...expected: readonly string[]): Token {
    if (this.symbol !== symbol) throw this.unexpected(...(expected.length > 0 ? expected : [symbol]));
    return this.next();
  }

  /** The error that the current token must not stand here. */
  unexpected(...expected: readonly string[]): TraceqlError {
    const list = expected.length === 0 ? '' : `, expecting ${expected.join(' or ')}`;
    return this.error(`syntax error: unexpected ${describeToken(this.current)}${list}`);
  }

  /** An error at the current token or at another place. */
  error(problem: string, range: Range = this.current, kind: TraceqlErrorKind = 'syntax'): TraceqlError {
    return new TraceqlError(kind, problem, this.#text, range);
  }

  #at(index: number): Token {
    return this.#tokens[Math.min(index, this.#tokens.length - 1)] as Token;
  }
}
