/** Bounds of a query. Beyond them `parseQuery` throws an error that names the bound. */

/** Bytes of the text in UTF-8: the default of Tempo. */
export const maxQueryBytes = 128 * 1024;

/** Words, numbers, names and operators of a query. */
export const maxTokens = 20_000;

/** Levels of the tree. `a && b && c` has one level for each operator. */
export const maxDepth = 250;

/**
 * Parentheses, `-`, `!` and `^` within one another. The canonical text of the deepest tree has that many, and a parser
 * that goes so deep leaves half of the stack free.
 */
export const maxNesting = 2 * maxDepth;

/**
 * States of all regular expressions of a query together. A character has one, `x{100}` has a hundred. Compiling so many
 * takes some milliseconds.
 */
export const maxRegexSize = 10_000;
