import { nanoOf, type SearchConditions } from '@spandrel/console-api';
import type { Constant } from '../../query/filter/constant.js';
import {
  allOf,
  attributeIs,
  fieldCompares,
  fieldIs,
  type Filter,
  levels,
  type OrderedOperator,
} from '../../query/filter/filter.js';
import { patternOf } from '../../query/filter/pattern.js';
import type { TraceConditions } from '../../query/search-conditions.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

const ordered: Readonly<Record<string, OrderedOperator>> = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' };

/**
 * What a search requires of traces. Its durations are those of the trace, or on request those of the span that meets the other
 * conditions.
 *
 * @throws TracestoreError `invalid` when an attribute's condition can't be read
 */
export function traceConditionsOf(query: SearchConditions): TraceConditions {
  const { from, to, duration, minDurationNs, maxDurationNs } = query;
  const range = { startTimeMinUnixNano: nanoOf(from), startTimeMaxUnixNano: nanoOf(to) };
  if (duration === 'span') return { ...range, filter: filterOf(query) };
  return {
    ...range,
    filter: filterOf({ ...query, minDurationNs: undefined, maxDurationNs: undefined }),
    durationMinNs: nanoOf(minDurationNs),
    durationMaxNs: nanoOf(maxDurationNs),
  };
}

/**
 * What a search's words mean to the read model.
 *
 * @throws TracestoreError `invalid` when an attribute's condition can't be read
 */
export function filterOf({
  service,
  operation,
  caller,
  callerOperation,
  kind,
  status,
  minDurationNs,
  maxDurationNs,
  attribute,
  text,
}: Pick<
  SearchConditions,
  | 'service'
  | 'operation'
  | 'caller'
  | 'callerOperation'
  | 'kind'
  | 'status'
  | 'minDurationNs'
  | 'maxDurationNs'
  | 'attribute'
  | 'text'
>): Filter {
  return allOf(
    ...(service === undefined ? [] : [fieldIs('resource.service', service)]),
    ...(operation === undefined ? [] : [fieldIs('span.name', operation)]),
    ...(caller === undefined ? [] : [{ op: 'called_by', service: caller, operation: callerOperation } as const]),
    ...(kind === undefined ? [] : [fieldIs('span.kind', kind)]),
    ...(status === undefined ? [] : [fieldIs('span.status', status)]),
    ...(minDurationNs === undefined ? [] : [fieldCompares('span.duration', 'gte', BigInt(minDurationNs))]),
    ...(maxDurationNs === undefined ? [] : [fieldCompares('span.duration', 'lte', BigInt(maxDurationNs))]),
    ...attribute.map(attributeFilter),
    ...(text === undefined ? [] : [{ op: 'contains', text } as const]),
  );
}

/** A condition, taken apart. */
interface AttributeCondition {
  readonly key: string;
  /** Absent where the key alone is given. */
  readonly operator?: string;
  readonly text: string;
}

function attributeFilter(condition: string): Filter {
  const { key, operator, text } = parseCondition(condition);
  const reference = { attribute: key, levels };
  const value: Constant = { type: 'any', text };
  switch (operator) {
    case undefined:
      return { op: 'exists', reference };
    case '=':
      return attributeIs(key, value);
    case '!=':
      return { op: 'ne', reference, value };
    case '~':
      // The message names the condition, and not its place in the filter.
      patternOf(text, `attribute ${condition.slice(0, 100)}`);
      return { op: 'regex', reference, pattern: text };
    default:
      return { op: ordered[operator] ?? 'gt', reference, value: { type: 'any', text: text.trim() } };
  }
}

/**
 * Parse a condition: a key, in quotation marks where it has blanks or characters of operators, and perhaps an operator and
 * a value. `key=value` takes the value as it stands; `key = value`, with a blank before the operator, without the blanks
 * around it.
 *
 * @throws TracestoreError `invalid` when there is no key, or something else behind it
 */
export function parseCondition(condition: string): AttributeCondition {
  const trimmed = condition.trimStart();
  const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(trimmed);
  const keyText = quoted?.[0] ?? /^[^=!<>~"]*/.exec(trimmed)?.[0] ?? '';
  const key = quoted?.[1]?.replaceAll(/\\(.)/gs, '$1') ?? keyText.trimEnd();
  const rest = trimmed.slice(keyText.length);
  const [operator = ''] = /^(?:=|!=|>=|<=|>|<|~)/.exec(rest.trimStart()) ?? [];
  if ((quoted === null && key === '') || (operator === '' && rest.trim() !== '')) {
    throw new TracestoreError(
      errorKinds.invalid,
      `attribute should be a key, or a key and a value with =, !=, >, >=, <, <= or ~ between, but is ${JSON.stringify(condition.slice(0, 100))}`,
    );
  }
  if (operator === '') return { key, text: '' };
  const text = rest.trimStart().slice(operator.length);
  const isSpaced = quoted === null ? key !== keyText : rest !== rest.trimStart();
  return { key, operator, text: isSpaced ? text.trim() : text };
}
