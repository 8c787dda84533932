import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { SQLNamespace } from '@codemirror/lang-sql';
import type { CatalogueResponse } from '../api/types.ts';

type Relation = CatalogueResponse['relations'][number];

/** Columns that statements use most, in the order in which they are offered. The others follow in the order of their view. */
const commonColumns = [
  'service_name',
  'span_name',
  'start_time',
  'duration_ms',
  'status_code',
  'status_message',
  'trace_id_hex',
  'span_tags',
  'resource_tags',
  'span_kind',
  'is_root_span',
];

/** Keywords that are offered before others, such as the several hundred that only few statements use. */
const commonKeywords: ReadonlySet<string> = new Set(
  (
    'all and any as asc avg between bigint boolean by case cast coalesce count cross current_timestamp date date_bin ' +
    'date_trunc desc distinct double else end epoch except exists extract false filter first float8 from full group ' +
    'having ilike in inner int4 int8 integer intersect interval is join json jsonb last lateral left like limit max min ' +
    'not now null nullif nulls numeric offset on or order ordinality outer over partition percentile_cont precision ' +
    'right round row_number rows select similar some sum table text then time timestamp timestamptz true union unnest ' +
    'using uuid values when where window with within'
  ).split(' '),
);

/** Boosts of CodeMirror, from -99 to 99. */
const boosts = { ownColumn: 60, column: 40, view: 30, function: 0, rareKeyword: -99 } as const;

/** Schemas, views and columns with their comments. */
export function namespaceOf({ relations, functions }: CatalogueResponse): SQLNamespace {
  const schemas = new Map<string, Map<string, SQLNamespace>>();
  for (const { schema } of [...relations, ...functions]) schemas.set(schema, new Map());
  for (const [n, relation] of relations.entries()) {
    schemas.get(relation.schema)?.set(relation.name, {
      self: viewOf(relation, n),
      children: relation.columns.map((column, at) => columnOf(relation, column, at, boosts.ownColumn)),
    });
  }
  return Object.fromEntries([...schemas].map(([schema, views]) => [schema, Object.fromEntries(views)]));
}

/** The completion of a keyword. Rare ones come last. */
export function keywordOf(label: string, type: string): Completion {
  return { label, type, ...(commonKeywords.has(label.toLowerCase()) ? {} : { boost: boosts.rareKeyword }) };
}

/**
 * A completion source for columns and functions. It offers the columns of the views in the statement; before there is one, the
 * columns of all views, those of `span` and `trace` first.
 */
export function catalogueSource({ relations, functions }: CatalogueResponse) {
  const functionOptions = functions.map((each): Completion => ({
    label: each.name,
    type: 'function',
    detail: `(${each.arguments})`,
    apply: `${each.name}(`,
    boost: boosts.function,
    ...infoOf(`${each.comment ?? ''}\nReturns ${each.result}`.trim()),
  }));
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[a-z_]\w*/i);
    if (word === null ? !context.explicit : isQualified(context, word.from)) return null;
    const identifiers = new Set(context.state.doc.toString().toLowerCase().match(/\w+/g));
    const named = relations.filter(({ name }) => identifiers.has(name));
    const columns = new Map<string, Completion>();
    for (const relation of named.length === 0 ? relations : named) {
      for (const [at, column] of relation.columns.entries()) {
        if (columns.has(column.name)) continue;
        columns.set(column.name, columnOf(relation, column, at, named.length === 0 ? boosts.column : boosts.ownColumn));
      }
    }
    const from = word?.from ?? context.pos;
    // A view or a function that returns rows belongs there, and no column.
    const isSource = /\b(?:from|join)\s+$/i.test(context.state.sliceDoc(Math.max(0, from - 20), from));
    return { from, options: [...(isSource ? [] : columns.values()), ...functionOptions], validFor: /^\w*$/ };
  };
}

/** After a dot, the completion of the SQL language applies. */
function isQualified(context: CompletionContext, from: number): boolean {
  return context.state.sliceDoc(Math.max(0, from - 1), from) === '.';
}

function viewOf({ name, comment }: Relation, at: number): Completion {
  return {
    label: name,
    type: 'type',
    detail: 'view',
    boost: boosts.view,
    sortText: sortTextOf(at),
    ...infoOf(comment),
  };
}

function columnOf(
  relation: Relation,
  { name, type, comment }: Relation['columns'][number],
  at: number,
  boost: number,
): Completion {
  const common = commonColumns.indexOf(name);
  return {
    label: name,
    type: 'property',
    detail: `${type} · ${relation.name}`,
    boost,
    sortText: sortTextOf(common < 0 ? commonColumns.length + at : common),
    ...infoOf(comment),
  };
}

/** A text that sorts as the number does. */
function sortTextOf(place: number): string {
  return String(place).padStart(4, '0');
}

function infoOf(comment: string | null): Pick<Completion, 'info'> {
  return comment === null || comment === '' ? {} : { info: comment };
}
