import type { Range } from './ast.js';
import { maxDepth, maxNesting } from './limits.js';
import type { TokenStream } from './token-stream.js';

/** Keeps parser and tree within their bounds, so that no function that walks the tree overflows the stack. */
export class TreeDepth {
  readonly #tokens: TokenStream;
  readonly #depths = new WeakMap<Range, number>();
  #nesting = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  /** Runs a part of the parser one level deeper. */
  nest<T>(parse: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > maxNesting)
      throw this.#tokens.error(`the query is nested more than ${maxNesting} levels deep`, undefined, 'limit');
    try {
      return parse();
    } finally {
      this.#nesting -= 1;
    }
  }

  /** Records that a node has these children. */
  parent<T extends Range>(node: T, ...children: readonly Range[]): T {
    const depth = 1 + Math.max(0, ...children.map((child) => this.#depths.get(child) ?? 0));
    if (depth > maxDepth)
      throw this.#tokens.error(`the query has more than ${maxDepth} operators in a row`, node, 'limit');
    this.#depths.set(node, depth);
    return node;
  }
}
