/** Bounds of a query. Beyond them `parseQuery` throws an error that names the bound. */

/** Bytes of the text in UTF-8: the default of Tempo. */
export const maxQueryBytes = 128 * 1024;

/** Words, numbers, names and operators of a query. */
export const maxTokens = 20_000;

/** Parentheses, `-` and `!` within one another. */
export const maxNesting = 200;

/** Levels of the tree. `a && b && c` has one level for each operator. */
export const maxDepth = 1000;

/** Characters of one regular expression. */
export const maxRegexLength = 4096;

/** Regular expressions of a query. */
export const maxRegexes = 200;
