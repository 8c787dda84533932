import { type Attribute, type FieldExpression, type Intrinsic, type Pipeline, printField } from '@spandrel/traceql';
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { type Fragment, listOf, type NoArguments, readFragments } from '../../sql.js';
import { comparisonsOf, expressionsOf, type FieldComparison, otherFieldsOf } from './expressions.js';
import { type Chosen, conditionSql, jsonSql, type Value, valueSql } from './field-sql.js';
import { type AttributeValue, keyOf, keyValueOf, readJson, valueOf } from './otlp-values.js';

const report = readFragments<{
  readonly fields: { readonly columns: Fragment };
  readonly no_fields: NoArguments;
  readonly compared: { readonly condition: Fragment; readonly value: Fragment };
  readonly of_event: { readonly condition: Fragment; readonly value: Fragment };
  readonly of_link: { readonly condition: Fragment; readonly value: Fragment };
  readonly choice: { readonly condition: Fragment; readonly value: Fragment; readonly otherwise: Fragment };
}>(import.meta.url, 'report.sql', ['fields', 'no_fields', 'compared', 'of_event', 'of_link', 'choice']);

/** Fields that an answer has apart from the attributes of a span. */
const ownFields: ReadonlySet<string> = new Set([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
]);

/** What a search returns of a span. */
export interface ReportedSpan {
  /** Whether the query asks for the name. */
  readonly hasName: boolean;
  readonly attributes: readonly KeyValue[];
}

/**
 * What the answer of a search says of spans: the fields of comparisons that hold, of groups, aggregates and `select`. Of several
 * events or links those count that fulfil a comparison.
 */
export class Report {
  private readonly comparisons: readonly FieldComparison[];
  private readonly others: readonly (Attribute | Intrinsic)[];

  /** @param pipeline of a simplified query */
  constructor(pipeline: Pipeline) {
    const expressions = expressionsOf(pipeline);
    this.comparisons = distinct(expressions.flatMap(comparisonsOf), ({ condition }) => printField(condition));
    this.others = distinct(expressions.flatMap(otherFieldsOf), printField);
  }

  /** A text of JSON about the row `s` of a span, for `read`. */
  sql(): Fragment {
    const columns = [
      ...this.others.map((field) => this.otherSql(field)),
      ...this.comparisons.map(({ field, condition }) =>
        report.compared.fragment({ condition: conditionSql(condition), value: focusSql(field, condition) }),
      ),
    ];
    return columns.length === 0 ? report.no_fields.fragment() : report.fields.fragment({ columns: listOf(columns) });
  }

  read(json: string): ReportedSpan {
    const values = readJson(json) as readonly unknown[];
    const reported = new Map<string, { readonly key: string; readonly value: AttributeValue | undefined }>();
    for (const [n, field] of this.others.entries()) {
      const value = valueOf(values[n], typeOf(field));
      if (value !== undefined) reported.set(printField(field), { key: field.name, value });
    }
    for (const [n, { field }] of this.comparisons.entries()) {
      const compared = values[this.others.length + n];
      if (!Array.isArray(compared)) continue;
      reported.set(printField(field), { key: field.name, value: valueOf(compared[0], typeOf(field)) });
    }
    const hasName = reported.has('name');
    for (const own of ownFields) reported.delete(own);
    const attributes = distinct([...reported.values()], ({ key, value }) => `${key} ${keyOf(value)}`)
      .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ key, value }) => keyValueOf(key, value));
    return { hasName, attributes };
  }

  /** Of an event for which a comparison holds, if there is one. */
  private otherSql(field: Attribute | Intrinsic): Fragment {
    const scope = nestedScope(field);
    const sql = jsonSql(valueSql(field));
    if (scope === undefined) return sql;
    const same = this.comparisons.filter((comparison) => nestedScope(comparison.field) === scope);
    return same.reduceRight(
      (otherwise, { condition }) =>
        report.choice.fragment({ condition: conditionSql(condition), value: focusSql(field, condition), otherwise }),
      sql,
    );
  }
}

/** The value of a field; of events or links that of the last one that fulfils a condition. */
function focusSql(field: Attribute | Intrinsic, condition: FieldExpression): Fragment {
  const scope = nestedScope(field);
  if (scope === undefined) return jsonSql(valueSql(field));
  const chosen: Chosen = { event: scope === 'event', link: scope === 'link' };
  const names = { condition: conditionSql(condition, chosen), value: jsonSql(valueSql(field, chosen)) };
  return (scope === 'event' ? report.of_event : report.of_link).fragment(names);
}

function nestedScope(field: Attribute | Intrinsic): 'event' | 'link' | undefined {
  const scope = field.node === 'attribute' ? field.scope : field.name.split(':')[0];
  return scope === 'event' || scope === 'link' ? scope : undefined;
}

function typeOf(field: Attribute | Intrinsic): Value['type'] {
  return valueSql(field).type;
}

function distinct<T>(items: readonly T[], keyOfItem: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOfItem(item), item] as const).toReversed()).values()].toReversed();
}
