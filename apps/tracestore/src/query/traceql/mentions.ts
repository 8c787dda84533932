import type { FieldExpression } from '@spandrel/traceql';

/** Whether an expression has a field of an event, or of a link. */
export function mentions(expression: FieldExpression, nested: 'event' | 'link'): boolean {
  switch (expression.node) {
    case 'literal':
      return false;
    case 'attribute':
      return expression.scope === nested;
    case 'intrinsic':
      return expression.name.startsWith(`${nested}:`);
    case 'membership':
      return mentions(expression.field, nested);
    case 'unary':
      return mentions(expression.operand, nested);
    case 'binary':
      return mentions(expression.left, nested) || mentions(expression.right, nested);
  }
}
