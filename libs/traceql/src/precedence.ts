/** How tightly operators bind, within braces and between sets of spans, numbers and series. */

const precedences: ReadonlyMap<string, number> = new Map(
  [['&&', '||'], ['=', '!=', '<', '<=', '>', '>=', '=~', '!~'], ['+', '-'], ['!'], ['*', '/', '%'], ['^']].flatMap(
    (operators, level) => operators.map((operator) => [operator, level] as const),
  ),
);

/** A larger number binds tighter; undefined for what is no operator. `-` before an operand binds as between two. */
export function precedenceOf(operator: string): number | undefined {
  return precedences.get(operator);
}

/** The precedence of an operator that exists. */
function known(operator: string): number {
  return precedences.get(operator) as number;
}

export const comparisonPrecedence = known('=');
export const sumPrecedence = known('+');
export const notPrecedence = known('!');
export const powerPrecedence = known('^');
