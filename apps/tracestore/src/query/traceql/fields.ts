import type { Attribute, Binary, FieldExpression, Intrinsic } from '@spandrel/traceql';

/**
 * The fields of an expression, in the order of the text.
 *
 * @param isLeftOut whether the fields of an operation do not count; by default, all count
 */
export function fieldsOf(
  expression: FieldExpression,
  isLeftOut: (operation: Binary) => boolean = () => false,
): readonly (Attribute | Intrinsic)[] {
  switch (expression.node) {
    case 'literal':
      return [];
    case 'attribute':
    case 'intrinsic':
      return [expression];
    case 'membership':
      return [expression.field];
    case 'unary':
      return fieldsOf(expression.operand, isLeftOut);
    case 'binary':
      return isLeftOut(expression)
        ? []
        : [expression.left, expression.right].flatMap((side) => fieldsOf(side, isLeftOut));
  }
}

/** Whether an expression has a field of an event, or of a link. */
export function mentions(expression: FieldExpression, nested: 'event' | 'link'): boolean {
  return fieldsOf(expression).some((field) =>
    field.node === 'attribute' ? field.scope === nested : field.name.startsWith(`${nested}:`),
  );
}
