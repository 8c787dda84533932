import type {
  Attribute,
  Binary,
  FieldExpression,
  Intrinsic,
  Literal,
  Pipeline,
  SpansetExpression,
  Stage,
} from '@spandrel/traceql';
import type { QueryResultRow } from 'pg';
import { allOf, type Fragment, listOf, type NoArguments, readFragments, readSql } from '../../sql.js';
import { blockCondition, testsDuration } from '../filter/block-condition.js';
import {
  always,
  andOf,
  type Condition,
  type DictionaryCondition,
  type DictionaryTable,
  never,
  orOf,
} from '../filter/condition.js';
import { withIds } from '../filter/dictionary-conditions.js';
import type { Level, OrderedOperator } from '../filter/filter.js';
import type { QueryConnection } from '../query-database.service.js';
import { conditionSql, conjunctsOf } from './field-sql.js';
import { fieldsOf } from './fields.js';

/*
 * What a trace must have so that a query finds it, as conditions of the read model on single spans. A block of spans is skipped if
 * it rules them out (ADR 11), and so is an operation, a resource or a scope. Every condition here is true of all spans that match,
 * and of others: statements test the candidates exactly.
 */

/** Spans that a trace must have: all of several, one of several, or one that passes a condition. */
export type TraceNeed =
  | { readonly is: 'all' | 'any'; readonly needs: readonly TraceNeed[] }
  | { readonly is: 'span'; readonly condition: Condition };

const columns = readFragments<
  Record<DictionaryTable, { readonly condition: Fragment; readonly limit: number; readonly column: string }> & {
    readonly longest_ns: NoArguments;
  }
>(import.meta.url, 'dictionaries.sql', ['operation', 'resource', 'scope', 'longest_ns']);
const lookUp = readSql<{ readonly columns: Fragment }>(import.meta.url, 'look-up.sql');

/** More rows of a dictionary than these say little about a block. */
const maxKnownIds = 1_000;

interface DictionaryRow extends QueryResultRow {
  readonly [ids: `ids_${number}`]: readonly string[];
  readonly longest_ns?: string | null;
}

/** What a trace must have, before dictionaries are looked up. */
export class Necessary {
  readonly need: TraceNeed;
  private readonly reader = new Reader();

  /** @param pipeline of a simplified query */
  constructor(pipeline: Pipeline) {
    this.need = this.ofStages(pipeline.stages);
  }

  /** Each condition of a span, with the SQL of the parts that are about a dictionary. */
  get dictionaryParts(): readonly DictionaryCondition[] {
    return [...this.reader.expressions.keys()];
  }

  /** Look up the rows of dictionaries that can match. @throws TracestoreError */
  async lookUp(connection: QueryConnection): Promise<KnownNeed> {
    const parts = this.dictionaryParts;
    const needsLongest = spansOf(this.need).some(testsDuration);
    if (parts.length === 0 && !needsLongest) return knownNeed(this.need, new Map(), Infinity);
    const list = parts.map((part, n) =>
      columns[part.table].fragment({
        condition: allOf((this.reader.expressions.get(part) ?? []).map((expression) => conditionSql(expression))),
        limit: maxKnownIds + 1,
        column: `ids_${n}`,
      }),
    );
    if (needsLongest) list.push(columns.longest_ns.fragment());
    const [row] = await connection.query<DictionaryRow>(lookUp.bind({ columns: listOf(list) }));
    const ids = new Map(
      parts.map((part, n) => {
        const found = row?.[`ids_${n}`];
        return [part, found === undefined || found.length > maxKnownIds ? undefined : found] as const;
      }),
    );
    return knownNeed(this.need, ids, Number(row?.longest_ns ?? Infinity));
  }

  private ofStages(stages: readonly Stage[]): TraceNeed {
    const needs: TraceNeed[] = [];
    for (const stage of stages)
      if (stage.node === 'filter' || stage.node === 'spansetOperation') needs.push(this.ofSpanset(stage));
    return all(needs);
  }

  private ofSpanset(spanset: SpansetExpression): TraceNeed {
    switch (spanset.node) {
      case 'filter':
        return this.reader.ofFilter(spanset.condition);
      case 'pipeline':
        return this.ofStages(spanset.stages);
      case 'spansetOperation': {
        const right = this.ofSpanset(spanset.right);
        // Negated operators return spans of the right side, whether or not there are others.
        if (spanset.operator.startsWith('!')) return right;
        const needs = [this.ofSpanset(spanset.left), right];
        return spanset.operator === '||' ? { is: 'any', needs } : all(needs);
      }
    }
  }
}

/** What a trace must have, with the ids of dictionaries. */
export interface KnownNeed {
  /** Whether no trace can have it. */
  readonly isImpossible: boolean;
  /** The conditions of single spans. */
  readonly conditions: readonly Condition[];
  /** Write what a trace must have. @param has whether it has a span that passes the condition with this index */
  formula<T>(has: (index: number) => T, combine: (is: 'all' | 'any', parts: readonly T[]) => T): T | undefined;
  /** The test of a block `b` for each condition; undefined where blocks say nothing. */
  readonly blockTests: readonly (Fragment | undefined)[];
}

function knownNeed(
  need: TraceNeed,
  ids: ReadonlyMap<DictionaryCondition, readonly string[] | undefined>,
  longestNs: number,
): KnownNeed {
  const known = withKnownIds(need, ids);
  const conditions = spansOf(known);
  const isConstant = (value: boolean, part: TraceNeed): boolean => {
    if (part.is === 'span') return part.condition.is === 'constant' && part.condition.value === value;
    const isDecided = part.is === 'any' ? value : !value;
    return isDecided
      ? part.needs.some((inner) => isConstant(value, inner))
      : part.needs.every((inner) => isConstant(value, inner));
  };
  const formula = <T>(
    part: TraceNeed,
    has: (index: number) => T,
    combine: (is: 'all' | 'any', parts: readonly T[]) => T,
  ): T | undefined => {
    if (part.is === 'span') return isConstant(true, part) ? undefined : has(conditions.indexOf(part.condition));
    const parts = part.needs.map((inner) => formula(inner, has, combine));
    const rest = parts.filter((inner) => inner !== undefined);
    if (rest.length === 0 || (part.is === 'any' && rest.length < parts.length)) return undefined;
    return combine(part.is, rest);
  };
  return {
    isImpossible: isConstant(false, known),
    conditions,
    formula: (has, combine) => formula(known, has, combine),
    blockTests: conditions.map((condition) => blockCondition(condition, true, longestNs)),
  };
}

function withKnownIds(
  need: TraceNeed,
  ids: ReadonlyMap<DictionaryCondition, readonly string[] | undefined>,
): TraceNeed {
  if (need.is !== 'span') return { is: need.is, needs: need.needs.map((inner) => withKnownIds(inner, ids)) };
  return { is: 'span', condition: withIds(need.condition, (part) => ids.get(part)) };
}

function spansOf(need: TraceNeed): readonly Condition[] {
  return need.is === 'span' ? [need.condition] : need.needs.flatMap(spansOf);
}

function all(needs: readonly TraceNeed[]): TraceNeed {
  const [only] = needs;
  if (only === undefined) return { is: 'span', condition: always };
  return needs.length === 1 ? only : { is: 'all', needs };
}

type FieldNode = Attribute | Intrinsic;

/** Reads the conditions of filters. */
class Reader {
  /** What the rows of a dictionary must fulfil. */
  readonly expressions = new Map<DictionaryCondition, readonly FieldExpression[]>();

  ofFilter(condition: FieldExpression): TraceNeed {
    const needs: TraceNeed[] = [{ is: 'span', condition: this.read(condition) }];
    // A root is a span of the trace, too.
    for (const part of conjunctsOf(condition)) {
      const service = equalText(part, 'rootServiceName');
      const name = equalText(part, 'name of root');
      if (service !== undefined || name !== undefined) {
        const root = this.rootOperation(part);
        if (root !== undefined) needs.push({ is: 'span', condition: root });
      }
    }
    return all(needs);
  }

  private rootOperation(part: FieldExpression): Condition | undefined {
    if (part.node !== 'binary' || part.left.node !== 'intrinsic') return undefined;
    const { from, to } = part.left;
    const field: FieldNode =
      part.left.name === 'rootServiceName'
        ? { node: 'attribute', scope: 'resource', name: 'service.name', ofParent: false, from, to }
        : { node: 'intrinsic', name: 'name', from, to };
    return this.read({ ...part, left: field });
  }

  private read(expression: FieldExpression): Condition {
    const table = dictionaryOf(expression);
    if (table !== undefined) return this.dictionary(table, conjunctsOf(expression));
    switch (expression.node) {
      case 'literal':
        return expression.value.type === 'bool' && expression.value.value ? always : never;
      case 'attribute':
        return this.present(expression);
      case 'intrinsic':
        return never;
      case 'unary':
        return always;
      case 'membership':
        return this.membership(expression.field, expression.operator, expression.values);
      case 'binary':
        return this.binary(expression);
    }
  }

  private binary(expression: Binary): Condition {
    const { operator, left, right } = expression;
    switch (operator) {
      case '&&': {
        const byTable = Map.groupBy(conjunctsOf(expression), (part) => dictionaryOf(part));
        return andOf(
          [...byTable].flatMap(([table, parts]) =>
            table === undefined ? parts.map((part) => this.read(part)) : [this.dictionary(table, parts)],
          ),
        );
      }
      case '||':
        return orOf([this.read(left), this.read(right)]);
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
        return never;
      default: {
        if (right.node === 'literal' && (left.node === 'attribute' || left.node === 'intrinsic'))
          return this.comparison(left, operator, right);
        if (left.node === 'literal' && right.node === 'attribute') return this.present(right);
        return andOf([...operandsOf(left), ...operandsOf(right)].map((attribute) => this.present(attribute)));
      }
    }
  }

  private membership(field: FieldNode, operator: string, values: readonly Literal[]): Condition {
    if (operator === 'IN') return orOf(values.map((value) => this.comparison(field, '=', value)));
    if (operator === 'MATCH ANY') return orOf(values.map((value) => this.comparison(field, '=~', value)));
    return field.node === 'attribute' ? this.present(field) : always;
  }

  private comparison(field: FieldNode, operator: string, { value }: Literal): Condition {
    if (value.type === 'nil') return operator === '!=' && field.node === 'attribute' ? this.present(field) : always;
    if (field.node === 'intrinsic') {
      if (field.name === 'status' && operator === '=' && value.type === 'status' && value.value === 'error')
        return { is: 'enum', level: 'span', field: 'span.status', positions: [2] };
      const ordered = ({ '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const)[operator as '<'] as
        OrderedOperator | undefined;
      if (field.name === 'duration' && ordered !== undefined && (value.type === 'duration' || value.type === 'int'))
        return { is: 'time', level: 'span', field: 'span.duration', operator: ordered, valueNs: value.value };
      return always;
    }
    if (value.type === 'string' && operator === '=') return this.equals(field, [value.value]);
    const texts = value.type === 'string' && operator === '=~' ? alternativesOf(value.value) : undefined;
    if (texts !== undefined) return this.equals(field, texts);
    return this.present(field);
  }

  /** The attribute has one of some texts, or is an array, which may have it. */
  private equals(field: Attribute, texts: readonly string[]): Condition {
    const { from, to } = field;
    const values = texts.map((value): Literal => ({ node: 'literal', value: { type: 'string', value }, from, to }));
    return this.anywhere(
      field,
      (level) =>
        orOf([
          ...texts.map((value): Condition => ({
            is: 'attribute',
            level,
            key: field.name,
            test: { is: 'equal', value: { type: 'string', value } },
          })),
          // The term of an array, see storage/block-filter.ts.
          { is: 'attribute', level, key: field.name, test: { is: 'list', list: { json: '[]', stored: ['['] } } },
        ]),
      (own) => ({ node: 'membership', operator: 'IN', field: own, values, from, to }),
    );
  }

  private present(field: Attribute): Condition {
    const { from, to } = field;
    const nil: Literal = { node: 'literal', value: { type: 'nil' }, from, to };
    return this.anywhere(
      field,
      (level) => ({ is: 'attribute', level, key: field.name, test: { is: 'present' } }),
      (own) => ({ node: 'binary', operator: '!=', left: own, right: nil, from, to }),
    );
  }

  /**
   * The condition of an attribute wherever it may be: blocks have the terms of spans, events and links, and the ids of the rows of
   * dictionaries.
   */
  private anywhere(
    field: Attribute,
    inBlock: (level: Level) => Condition,
    inDictionary: (field: Attribute) => FieldExpression,
  ): Condition {
    // The parent is another span, and every resource has a service.
    if (field.ofParent || (field.scope === 'resource' && field.name === 'service.name')) return always;
    switch (field.scope) {
      case 'any':
        return orOf([inBlock('span'), this.dictionary('resource', [inDictionary({ ...field, scope: 'resource' })])]);
      case 'resource':
        return this.dictionary('resource', [inDictionary(field)]);
      case 'instrumentation':
        return this.dictionary('scope', [inDictionary(field)]);
      default:
        return inBlock(field.scope);
    }
  }

  private dictionary(table: DictionaryTable, parts: readonly FieldExpression[]): Condition {
    const services = parts.map((part) => equalText(part, 'service')).filter((text) => text !== undefined);
    const condition = andOf(
      services.map((text) => ({
        is: 'text',
        level: 'resource',
        field: 'resource.service',
        test: { is: 'equal', text },
      })),
    );
    const part: DictionaryCondition = { is: 'dictionary', table, condition, ids: undefined };
    this.expressions.set(part, parts);
    return part;
  }
}

/** The dictionary that an expression is about alone, if there is one. */
function dictionaryOf(expression: FieldExpression): DictionaryTable | undefined {
  const tables = new Set(fieldsOf(expression).map(tableOf));
  const [only] = tables;
  return tables.size === 1 ? only : undefined;
}

function tableOf(field: FieldNode): DictionaryTable | undefined {
  if (field.node === 'intrinsic') {
    if (field.name === 'name' || field.name === 'kind') return 'operation';
    return field.name.startsWith('instrumentation:') ? 'scope' : undefined;
  }
  if (field.ofParent) return undefined;
  if (field.scope === 'resource') return field.name === 'service.name' ? 'operation' : 'resource';
  return field.scope === 'instrumentation' ? 'scope' : undefined;
}

/** The attributes that must have a value so that a comparison with this operand can be true. */
function operandsOf(operand: FieldExpression): readonly Attribute[] {
  switch (operand.node) {
    case 'attribute':
      return [operand];
    case 'unary':
      return operand.operator === '-' ? operandsOf(operand.operand) : [];
    case 'binary':
      return /^[-+*/%^]$/.test(operand.operator) ? [...operandsOf(operand.left), ...operandsOf(operand.right)] : [];
    default:
      return [];
  }
}

/** The text that a comparison wants the service, or a field of the root, to equal; undefined for another comparison. */
function equalText(part: FieldExpression, wanted: 'service' | 'rootServiceName' | 'name of root'): string | undefined {
  if (part.node !== 'binary' || part.operator !== '=' || part.right.node !== 'literal') return undefined;
  const { left, right } = part;
  if (right.value.type !== 'string' || right.value.value === '') return undefined;
  const isWanted =
    left.node === 'attribute'
      ? wanted === 'service' && left.scope === 'resource' && left.name === 'service.name' && !left.ofParent
      : left.node === 'intrinsic' && left.name === (wanted === 'name of root' ? 'rootName' : wanted);
  return isWanted ? right.value.value : undefined;
}

/** The texts that an expression matches, if these are a few alternatives without anything special. */
function alternativesOf(pattern: string): readonly string[] | undefined {
  return /^[^.*+?()[\]{}\\^$]+$/.test(pattern) ? pattern.split('|') : undefined;
}

/** What decides first about a condition of a span: a dictionary, the summary of blocks, or the rows of spans. */
export function rolesOf(condition: FieldExpression): 'dictionary' | 'blockTerms' | 'rows' {
  if (dictionaryOf(condition) !== undefined) return 'dictionary';
  const need = new Reader().ofFilter(condition);
  return spansOf(need).some((part) => blockCondition(part, true, Infinity) !== undefined) ? 'blockTerms' : 'rows';
}
