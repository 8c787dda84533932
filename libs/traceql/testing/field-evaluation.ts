/** What expressions are worth for one span. Missing is undefined; every comparison with it is false. */
import {
  applyArithmetic,
  applyUnary,
  type Attribute,
  type Binary,
  type ComparisonOperator,
  compareStatics,
  type FieldExpression,
  type Intrinsic,
  type Membership,
  type Static,
} from '@spandrel/traceql';
import {
  type Attributes,
  type AttributeValue,
  type EventModel,
  type LinkModel,
  placementOf,
  type SpanModel,
} from './trace-model.ts';

/** A span, and the event and link of it that conditions are about. */
export interface Subject {
  readonly span: SpanModel;
  readonly event?: EventModel | undefined;
  readonly link?: LinkModel | undefined;
}

type Nested = 'event' | 'link';

/** Whether a span fulfils a condition. */
export function fulfils(subject: Subject, condition: FieldExpression): boolean {
  switch (condition.node) {
    case 'literal':
      return condition.value.type === 'bool' && condition.value.value;
    case 'attribute':
    case 'intrinsic':
      return some(subject, [condition], (candidate) => isTrue(fieldOf(candidate, condition)));
    case 'unary':
      return condition.operator === '!' && isFalse(subject, condition.operand);
    case 'membership':
      return some(subject, [condition], (candidate) => isMember(candidate, condition));
    case 'binary':
      return fulfilsBinary(subject, condition);
  }
}

function fulfilsBinary(subject: Subject, condition: Binary): boolean {
  const { operator, left, right } = condition;
  switch (operator) {
    case '&&': {
      // Comparisons joined by `&&` mean one event. What has `||` or `!` is tested alone.
      const conjuncts = conjunctsOf(condition);
      const comparisons = conjuncts.filter(isComparison);
      return (
        conjuncts.every((conjunct) => isComparison(conjunct) || fulfils(subject, conjunct)) &&
        some(subject, comparisons, (candidate) => comparisons.every((comparison) => fulfils(candidate, comparison)))
      );
    }
    case '||':
      return fulfils(subject, left) || fulfils(subject, right);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return false;
    default:
      return some(subject, [condition], (candidate) => isComparisonTrue(candidate, operator, left, right));
  }
}

function conjunctsOf(condition: FieldExpression): readonly FieldExpression[] {
  return condition.node === 'binary' && condition.operator === '&&'
    ? [...conjunctsOf(condition.left), ...conjunctsOf(condition.right)]
    : [condition];
}

function isComparison(condition: FieldExpression): boolean {
  if (condition.node === 'binary') return condition.operator !== '&&' && condition.operator !== '||';
  return condition.node !== 'unary';
}

/** `!x` of what is no bool is false, too. */
function isFalse(subject: Subject, operand: FieldExpression): boolean {
  const isCondition = operand.node === 'binary' || operand.node === 'membership' || operand.node === 'unary';
  if (isCondition) return !fulfils(subject, operand);
  return some(subject, [operand], (candidate) => {
    const value = valueOf(candidate, operand);
    return isStatic(value) && value.type === 'bool' && !value.value;
  });
}

/** Tries all events and links that expressions mention and that the subject does not fix yet. */
function some(
  subject: Subject,
  expressions: readonly FieldExpression[],
  test: (candidate: Subject) => boolean,
): boolean {
  const { span } = subject;
  if (subject.event === undefined && expressions.some((expression) => mentions(expression, 'event')))
    return span.events.some((event) => some({ ...subject, event }, expressions, test));
  if (subject.link === undefined && expressions.some((expression) => mentions(expression, 'link')))
    return span.links.some((link) => some({ ...subject, link }, expressions, test));
  return test(subject);
}

function mentions(expression: FieldExpression, nested: Nested): boolean {
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

function isComparisonTrue(
  subject: Subject,
  operator: ComparisonOperator,
  left: FieldExpression,
  right: FieldExpression,
): boolean {
  const isAboutNil = right.node === 'literal' && right.value.type === 'nil';
  if (isAboutNil) return (valueOf(subject, left) === undefined) === (operator === '=');
  // An attribute is compared with constants of its own type only: 1 is not 1.0.
  const constant = right.node === 'literal' ? right.value : left.node === 'literal' ? left.value : undefined;
  const attribute = left.node === 'attribute' ? left : right.node === 'attribute' ? right : undefined;
  const leftValue = valueOf(subject, left);
  const rightValue = valueOf(subject, right);
  if (constant !== undefined && attribute !== undefined) {
    const value = left === attribute ? leftValue : rightValue;
    const first = isStatic(value) ? value : value?.[0];
    if (first?.type !== constant.type) return false;
  }
  return isPairTrue(operator, leftValue, rightValue);
}

/** An array fulfils `=` with some element, `!=` and `!~` with all. */
function isPairTrue(operator: ComparisonOperator, left: AttributeValue, right: AttributeValue): boolean {
  if (left === undefined || right === undefined) return false;
  if (isStatic(left) && isStatic(right)) return compareStatics(operator, left, right) === true;
  if (!isStatic(left) && !isStatic(right)) return false;
  const pairs = isStatic(left)
    ? (right as readonly Static[]).map((element) => [left, element] as const)
    : left.map((element) => [element, right as Static] as const);
  const test = ([a, b]: readonly [Static, Static]) => compareStatics(operator, a, b) === true;
  return operator === '!=' || operator === '!~' ? pairs.length > 0 && pairs.every(test) : pairs.some(test);
}

function isMember(subject: Subject, { operator, field, values }: Membership): boolean {
  const comparison = ({ IN: '=', 'NOT IN': '!=', 'MATCH ANY': '=~', 'MATCH NONE': '!~' } as const)[operator];
  const test = (value: (typeof values)[number]) => isComparisonTrue(subject, comparison, field, value);
  return operator === 'IN' || operator === 'MATCH ANY' ? values.some(test) : values.every(test);
}

function isTrue(value: AttributeValue): boolean {
  return isStatic(value) && value.type === 'bool' && value.value;
}

/** Whether a value is a constant, not an array or nothing. */
export function isStatic(value: AttributeValue): value is Static {
  return value !== undefined && !Array.isArray(value);
}

/** The value of an expression; of several events or links the last one that has it. */
export function valueOf(subject: Subject, expression: FieldExpression): AttributeValue {
  switch (expression.node) {
    case 'literal':
      return expression.value.type === 'nil' ? undefined : expression.value;
    case 'attribute':
    case 'intrinsic':
      return fieldOf(subject, expression);
    case 'membership':
      return { type: 'bool', value: fulfils(subject, expression) };
    case 'unary': {
      if (expression.operator === '!') {
        const isBool = expression.operand.node !== 'attribute' || isStatic(valueOf(subject, expression.operand));
        return isBool ? { type: 'bool', value: fulfils(subject, expression) } : undefined;
      }
      const operand = valueOf(subject, expression.operand);
      return isStatic(operand) ? applyUnary('-', operand) : undefined;
    }
    case 'binary': {
      const { operator, left, right } = expression;
      switch (operator) {
        case '+':
        case '-':
        case '*':
        case '/':
        case '%':
        case '^': {
          const a = valueOf(subject, left);
          const b = valueOf(subject, right);
          return isNumber(a) && isNumber(b) ? applyArithmetic(operator, a, b) : undefined;
        }
        default:
          return { type: 'bool', value: fulfils(subject, expression) };
      }
    }
  }
}

type NumberValue = Extract<Static, { readonly type: 'int' | 'float' | 'duration' }>;

/** Whether a value is a number or a duration. */
export function isNumber(value: AttributeValue): value is NumberValue {
  return isStatic(value) && (value.type === 'int' || value.type === 'float' || value.type === 'duration');
}

/** The value of a field of a span. */
export function fieldOf(subject: Subject, field: Attribute | Intrinsic): AttributeValue {
  return field.node === 'attribute' ? attributeOf(subject, field) : intrinsicOf(subject, field.name);
}

function attributeOf(subject: Subject, { scope, name, ofParent }: Attribute): AttributeValue {
  const span = ofParent ? parentOf(subject.span) : subject.span;
  if (span === undefined) return undefined;
  switch (scope) {
    case 'any':
      return (span.attributes.has(name) ? span.attributes : span.resource).get(name);
    case 'span':
      return span.attributes.get(name);
    case 'resource':
      // Every resource has a service.
      return span.resource.get(name) ?? (name === 'service.name' ? { type: 'string', value: '' } : undefined);
    case 'instrumentation':
      return span.scope.get(name);
    case 'event':
      return nestedAttribute(subject.event, span.events, name);
    case 'link':
      return nestedAttribute(subject.link, span.links, name);
  }
}

function nestedAttribute(
  fixed: { readonly attributes: Attributes } | undefined,
  all: readonly { readonly attributes: Attributes }[],
  name: string,
): AttributeValue {
  if (fixed !== undefined) return fixed.attributes.get(name);
  return all.findLast(({ attributes }) => attributes.get(name) !== undefined)?.attributes.get(name);
}

/** The span that the parent id names, undefined if it is not stored. */
function parentOf({ trace, parentSpanId, spanId, kind }: SpanModel): SpanModel | undefined {
  const isServer = kind === 'server';
  const client = trace.spans.find((other) => other.spanId === spanId && other.kind === 'client');
  if (isServer && client !== undefined) return client;
  const parents = trace.spans.filter((other) => parentSpanId !== '' && other.spanId === parentSpanId);
  return parents.find((other) => other.kind === 'server') ?? parents[0];
}

function intrinsicOf({ span, event, link }: Subject, name: Intrinsic['name']): AttributeValue {
  const { trace } = span;
  const placement = placementOf(span);
  switch (name) {
    case 'duration':
      return { type: 'duration', value: span.end - span.start };
    case 'name':
      return text(span.name);
    case 'status':
      return { type: 'status', value: span.status };
    case 'statusMessage':
      return text(span.statusMessage);
    case 'kind':
      return { type: 'kind', value: span.kind };
    case 'traceDuration': {
      const start = trace.spans.reduce((least, other) => (other.start < least ? other.start : least), span.start);
      const end = trace.spans.reduce((most, other) => (other.end > most ? other.end : most), span.end);
      return { type: 'duration', value: end - start };
    }
    case 'rootName':
      return text(trace.root?.name ?? '');
    case 'rootServiceName':
      return text(serviceOf(trace.root));
    case 'nestedSetLeft':
      return int(placement.left);
    case 'nestedSetRight':
      return int(placement.right);
    case 'nestedSetParent':
      return int(placement.parent);
    case 'span:childCount':
      return int(placement.children);
    case 'trace:id':
      return text(trace.traceId.replace(/^0+/, ''));
    case 'span:id':
      return text(span.spanId);
    case 'span:parentID':
      return text(span.parentSpanId || '0'.repeat(16));
    case 'event:name':
      return text((event ?? span.events.at(-1))?.name ?? '');
    case 'event:timeSinceStart': {
      const found = event ?? span.events.at(-1);
      return { type: 'duration', value: found === undefined ? 0n : found.time - span.start };
    }
    case 'link:traceID':
      return text((link ?? span.links.at(-1))?.traceId ?? '');
    case 'link:spanID':
      return text((link ?? span.links.at(-1))?.spanId ?? '');
    case 'instrumentation:name':
      return text(span.scopeName);
    case 'instrumentation:version':
      return text(span.scopeVersion);
    case 'parent':
      return undefined;
  }
}

/** The service of a span, empty without one. */
export function serviceOf(span: SpanModel | undefined): string {
  const service = span?.resource.get('service.name');
  return isStatic(service) && service.type === 'string' ? service.value : '';
}

function text(value: string): Static {
  return { type: 'string', value };
}

function int(value: number): Static {
  return { type: 'int', value: BigInt(value) };
}
