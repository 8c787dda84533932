import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { SQLNamespace } from '@codemirror/lang-sql';
import type { CatalogueAnswer } from '../api/answers.ts';

type Relation = CatalogueAnswer['relations'][number];

/** Schemas, their views, and the columns of these, with what the catalogue says of each. */
export function namespaceOf({ relations, functions }: CatalogueAnswer): SQLNamespace {
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

/** Proposes functions, and columns of the views that the statement names, wherever a word begins. */
export function catalogueSource({ relations, functions }: CatalogueAnswer) {
  const functionOptions = functions.map((each): Completion => ({
    label: each.name,
    type: 'function',
    detail: `(${each.arguments})`,
    apply: `${each.name}(`,
    ...infoOf(`${each.comment ?? ''}\nGives ${each.result}`.trim()),
  }));
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[a-z_]\w*/i);
    if (word === null ? !context.explicit : isQualified(context, word.from)) return null;
    const words = new Set(context.state.doc.toString().toLowerCase().match(/\w+/g));
    const columns = relations.filter(({ name }) => words.has(name)).flatMap((relation) => relation.columns);
    const columnOptions = [...new Map(columns.map((column) => [column.name, columnOf(column)])).values()];
    return { from: word?.from ?? context.pos, options: [...columnOptions, ...functionOptions], validFor: /^\w*$/ };
  };
}

/** Behind a dot the language itself knows what may follow. */
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
