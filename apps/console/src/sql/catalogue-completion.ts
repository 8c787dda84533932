import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { SQLNamespace } from '@codemirror/lang-sql';
import type { CatalogueResponse } from '../api/types.ts';

type Relation = CatalogueResponse['relations'][number];

/** Schemas, views and columns with their comments. */
export function namespaceOf({ relations, functions }: CatalogueResponse): SQLNamespace {
  const schemas = new Map<string, Map<string, SQLNamespace>>();
  for (const { schema } of [...relations, ...functions]) schemas.set(schema, new Map());
  for (const relation of relations) {
    schemas.get(relation.schema)?.set(relation.name, {
      self: viewOf(relation),
      children: relation.columns.map(columnOf),
    });
  }
  return Object.fromEntries([...schemas].map(([schema, views]) => [schema, Object.fromEntries(views)]));
}

/** A completion source for functions, and for columns of the views in the statement. */
export function catalogueSource({ relations, functions }: CatalogueResponse) {
  const functionOptions = functions.map((each): Completion => ({
    label: each.name,
    type: 'function',
    detail: `(${each.arguments})`,
    apply: `${each.name}(`,
    ...infoOf(`${each.comment ?? ''}\nReturns ${each.result}`.trim()),
  }));
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[a-z_]\w*/i);
    if (word === null ? !context.explicit : isQualified(context, word.from)) return null;
    const identifiers = new Set(context.state.doc.toString().toLowerCase().match(/\w+/g));
    const columns = relations.filter(({ name }) => identifiers.has(name)).flatMap((relation) => relation.columns);
    const columnOptions = [...new Map(columns.map((column) => [column.name, columnOf(column)])).values()];
    return { from: word?.from ?? context.pos, options: [...columnOptions, ...functionOptions], validFor: /^\w*$/ };
  };
}

/** After a dot, the completion of the SQL language applies. */
function isQualified(context: CompletionContext, from: number): boolean {
  return context.state.sliceDoc(Math.max(0, from - 1), from) === '.';
}

function viewOf({ name, comment }: Relation): Completion {
  return { label: name, type: 'type', detail: 'view', ...infoOf(comment) };
}

function columnOf({ name, type, comment }: Relation['columns'][number]): Completion {
  return { label: name, type: 'property', detail: type, boost: 1, ...infoOf(comment) };
}

function infoOf(comment: string | null): Pick<Completion, 'info'> {
  return comment === null || comment === '' ? {} : { info: comment };
}
