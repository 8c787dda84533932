import type { SearchQuery } from '@spandrel/console-api';
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
import { QueryError, queryErrors } from '../../query/query-error.js';

const ordered: Readonly<Record<string, OrderedOperator>> = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' };

/** A key, in quotation marks where it has characters of operators, and perhaps an operator and a value. */
const attributePattern = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^=!<>~"]+?))\s*(?:(=|!=|>=|<=|>|<|~)\s*([^]*))?$/;

/**
 * What a search's words mean to the read model.
 *
 * @throws QueryError `invalid` when an attribute's condition can't be read
 */
export function filterOf({
  service,
  operation,
  kind,
  status,
  minDurationNs,
  maxDurationNs,
  attribute,
}: Pick<
  SearchQuery,
  'service' | 'operation' | 'kind' | 'status' | 'minDurationNs' | 'maxDurationNs' | 'attribute'
>): Filter {
  return allOf(
    ...(service === undefined ? [] : [fieldIs('resource.service', service)]),
    ...(operation === undefined ? [] : [fieldIs('span.name', operation)]),
    ...(kind === undefined ? [] : [fieldIs('span.kind', kind)]),
    ...(status === undefined ? [] : [fieldIs('span.status', status)]),
    ...(minDurationNs === undefined ? [] : [fieldCompares('span.duration', 'gte', BigInt(minDurationNs))]),
    ...(maxDurationNs === undefined ? [] : [fieldCompares('span.duration', 'lte', BigInt(maxDurationNs))]),
    ...attribute.map(attributeFilter),
  );
}

function attributeFilter(condition: string): Filter {
  const [match, quoted, bare, operator, text = ''] = attributePattern.exec(condition) ?? [];
  const key = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1');
  if (match === undefined || key === undefined || key === '') {
    throw new QueryError(
      queryErrors.invalid,
      `attribute should be a key, or a key and a value with =, !=, >, >=, <, <= or ~ between, but is ${JSON.stringify(condition.slice(0, 100))}`,
    );
  }
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
      return { op: 'regex', reference, pattern: text };
    default:
      return { op: ordered[operator] ?? 'gt', reference, value };
  }
}
