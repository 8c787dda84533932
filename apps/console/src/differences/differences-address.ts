import type { AttributeDifference } from '../api/types.ts';
import { isoOf, readRange, type TimeRange, writeRange } from '../range/time-range.ts';
import { attributeCondition, conditionParts, quotedKey } from '../search/attribute-condition.ts';
import { type SearchParameters, searchParametersOf } from '../search/search-parameters.ts';

const minuteMs = 60_000;

/** How long before a change its operation is compared with. */
const beforeChangeMs = 15 * minuteMs;

/** What is compared with the other traces of a search. */
export type Selection =
  | { readonly kind: 'errors' | 'slowest' }
  /** Traces of some durations, such as `1.5 s`, or that started in some time, in ISO 8601. An empty text is no bound. */
  | { readonly kind: 'area'; readonly min: string; readonly max: string; readonly from: string; readonly to: string }
  /** Traces with a span that meets a condition such as `region=south`. */
  | { readonly kind: 'attribute'; readonly condition: string };

export type SelectionKind = Selection['kind'];

/** The part of a search that narrows it. */
type Conditions = Partial<Omit<SearchParameters, 'order'>>;

/** Read the selection from the query string of the page; failed traces by default. */
export function selectionOf(parameters: URLSearchParams): Selection {
  const text = (name: string): string => parameters.get(name) ?? '';
  switch (text('select')) {
    case 'slowest':
      return { kind: 'slowest' };
    case 'area':
      return {
        kind: 'area',
        min: text('areaMin'),
        max: text('areaMax'),
        from: text('areaFrom'),
        to: text('areaTo'),
      };
    case 'attribute':
      return { kind: 'attribute', condition: text('condition') };
    default:
      return { kind: 'errors' };
  }
}

/** The parameters of the query string for a selection, for `change` of `useAddress`. */
export function writeSelection(selection: Selection): Readonly<Record<string, string>> {
  const area = selection.kind === 'area' ? selection : { min: '', max: '', from: '', to: '' };
  return {
    select: selection.kind,
    areaMin: area.min,
    areaMax: area.max,
    areaFrom: area.from,
    areaTo: area.to,
    condition: selection.kind === 'attribute' ? selection.condition : '',
  };
}

/** The URL of the page that compares selected traces with the others of a search. */
export function differencesAddress(search: Conditions, range: TimeRange, selection: Selection): string {
  return addressOf('/differences', search, range, Object.entries(writeSelection(selection)));
}

/**
 * The URL of a search for the selected traces.
 *
 * @param added conditions in addition to those of the search and the selection
 */
export function selectedTracesAddress(
  search: Conditions,
  range: TimeRange,
  selection: Selection,
  added: Conditions = {},
): string {
  const { attribute = [], ...rest } = search;
  const narrowed: Conditions = {
    ...rest,
    ...(selection.kind === 'errors' ? { status: 'error' } : {}),
    ...(selection.kind === 'area' && selection.min !== '' ? { min: selection.min } : {}),
    ...(selection.kind === 'area' && selection.max !== '' ? { max: selection.max } : {}),
    ...added,
    attribute: [
      ...attribute,
      ...(selection.kind === 'attribute' && selection.condition !== '' ? [selection.condition] : []),
      ...(added.attribute ?? []),
    ],
  };
  const hasTime = selection.kind === 'area' && selection.from !== '' && selection.to !== '';
  const time = hasTime ? readRange(new URLSearchParams({ from: selection.from, to: selection.to }), 'all') : range;
  return addressOf('/search', narrowed, time, []);
}

/** The condition that finds spans with a value; undefined if a search has none. */
export function conditionOf({
  level,
  key,
  value,
  range,
}: Pick<AttributeDifference, 'level' | 'key' | 'value' | 'range'>): Conditions | undefined {
  if (level === 'field') {
    if (value === null || (key !== 'service' && key !== 'operation' && key !== 'status')) return undefined;
    return { [key]: value };
  }
  if (range !== null) {
    return {
      attribute: [
        ...(range.min === null ? [] : [`${quotedKey(key)}>=${range.min}`]),
        ...(range.max === null ? [] : [`${quotedKey(key)}<${range.max}`]),
      ],
    };
  }
  return { attribute: [value === null ? quotedKey(key) : attributeCondition(key, value)] };
}

/** Whether a difference follows from the selection itself: the status of failed traces, or the attribute of the condition. */
export function isOfSelection(
  selection: Selection,
  { level, key }: Pick<AttributeDifference, 'level' | 'key'>,
): boolean {
  if (selection.kind === 'errors') return level === 'field' && key === 'status';
  if (selection.kind !== 'attribute' || level === 'field') return false;
  const { condition } = selection;
  return key === (conditionParts(condition)?.key ?? condition.trim());
}

/**
 * The URL of the comparison that explains a change: failed calls with others, slow calls with others, or the calls since the
 * change with those before.
 *
 * @param traces the URL of a search for the traces of the change
 */
export function differencesOfChange(traces: string): string {
  const parameters = new URLSearchParams(traces.slice(traces.indexOf('?') + 1));
  const { service, operation, status, min } = searchParametersOf(parameters);
  const range = readRange(parameters, '1h');
  const search = { service, operation };
  if (status === 'error') return differencesAddress(search, range, { kind: 'errors' });
  const area = { kind: 'area', min, max: '', from: '', to: '' } as const;
  if (min !== '' || range.kind !== 'absolute') return differencesAddress(search, range, area);
  return differencesAddress(
    search,
    { ...range, fromMs: range.fromMs - beforeChangeMs },
    { ...area, from: isoOf(range.fromMs), to: isoOf(range.toMs) },
  );
}

function addressOf(
  path: string,
  search: Conditions,
  range: TimeRange,
  more: readonly (readonly [name: string, value: string])[],
): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string): void => {
    if (value !== '') query.append(name, value);
  };
  for (const [name, value] of Object.entries(search)) {
    for (const each of typeof value === 'string' ? [value] : value) set(name, each);
  }
  for (const [name, value] of [...Object.entries(writeRange(range, '')), ...more]) set(name, value);
  return `${path}?${query.toString()}`;
}
