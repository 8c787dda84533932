import { storableText } from '../../storage/attribute-json.js';
import { readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';

interface SampleNames {
  readonly start_min: string;
  readonly start_max: string;
  readonly limit: number;
}

const sample = readSql<SampleNames>(import.meta.url, 'sample.sql');
const keysBy = readSql<SampleNames & { readonly scopes: readonly TagScope[] }>(import.meta.url, 'find-tag-keys.sql', {
  sample,
});
const valuesBy = readSql<SampleNames & { readonly fields: readonly TagField[]; readonly key: string }>(
  import.meta.url,
  'find-tag-values.sql',
  { sample },
);

/** What can have attributes. */
export const tagScopes = ['span', 'resource', 'event', 'link', 'instrumentation'] as const;
export type TagScope = (typeof tagScopes)[number];

/** What has values: attributes of a scope, or an intrinsic that no dictionary has. */
export type TagField = TagScope | 'statusMessage' | 'event:name' | 'instrumentation:name' | 'instrumentation:version';

/** Which spans are sampled, and how many keys or values are returned. */
export interface TagRange {
  /** Nanoseconds since 1970; undefined for no bound. */
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly limit: number;
}

/** A value of an attribute, as text, with its type. */
export interface TagValue {
  readonly type: 'string' | 'int' | 'float' | 'bool';
  readonly text: string;
}

/**
 * Find the keys of attributes for completion, by scope, each in the order of code points. They are those of a sample of recent
 * spans, and of the resources and scopes that were seen last.
 *
 * @throws TracestoreError
 */
export async function findTagKeys(
  database: QueryDatabaseService,
  scopes: readonly TagScope[],
  range: TagRange,
  signal?: AbortSignal,
): Promise<ReadonlyMap<TagScope, readonly string[]>> {
  const rows = await database.query<{ scope: TagScope; key: string }>(
    keysBy.bind({ ...sampleNames(range), scopes }),
    signal,
  );
  const byScope = Map.groupBy(rows, ({ scope }) => scope);
  return new Map(scopes.map((scope) => [scope, (byScope.get(scope) ?? []).map(({ key }) => key)]));
}

/**
 * Find values for completion, in the order of their texts, from the same sample.
 *
 * @param fields where the values are; `key` is that of attributes
 * @throws TracestoreError
 */
export async function findTagValues(
  database: QueryDatabaseService,
  fields: readonly TagField[],
  key: string,
  range: TagRange,
  signal?: AbortSignal,
): Promise<readonly TagValue[]> {
  const rows = await database.query<{ json: string }>(
    valuesBy.bind({ ...sampleNames(range), fields, key: storableText(key) }),
    signal,
  );
  return rows.map(({ json }) => valueOf(json));
}

function sampleNames({ startNs, endNs, limit }: TagRange): SampleNames {
  const timeOf = (unixNano: bigint): string => timestampOf(microsecondsOf(clampUnixNano(unixNano)));
  return { start_min: timeOf(startNs ?? firstUnixNano), start_max: timeOf(endNs ?? lastUnixNano), limit };
}

/** @param json a text, a number or a boolean, as attribute-json.ts writes it: a double has a fraction */
function valueOf(json: string): TagValue {
  if (json.startsWith('"')) return { type: 'string', text: JSON.parse(json) as string };
  if (json === 'true' || json === 'false') return { type: 'bool', text: json };
  return json.includes('.') ? { type: 'float', text: String(Number(json)) } : { type: 'int', text: json };
}
