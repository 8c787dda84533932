import { storableText } from '../../otlp/attribute-json.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSqlFile } from '../../sql-file.js';

const sampleSpansSql = readSqlFile(import.meta.url, 'sample-spans.sql');

/** Which spans, and what of them. */
export interface SampleQuestion {
  readonly serviceName: string | undefined;
  readonly startTimeMinUnixNano: bigint | undefined;
  readonly startTimeMaxUnixNano: bigint | undefined;
  /** Whose values are asked for; all keys where it is undefined. */
  readonly key: string | undefined;
}

/** A key with its level, or a value, and how many spans of the sample have it. */
export interface SampledText {
  readonly level: 'span' | 'resource' | null;
  readonly text: string;
  readonly spans: number;
}

/**
 * Keys or values that attributes of recent spans have, the most frequent first; not all there are, but what is worth
 * proposing.
 *
 * @throws QueryError
 */
export function sampleSpans(
  database: QueryDatabaseService,
  { serviceName, startTimeMinUnixNano, startTimeMaxUnixNano, key }: SampleQuestion,
  signal: AbortSignal | undefined,
): Promise<readonly SampledText[]> {
  const bounds = [startTimeMinUnixNano ?? firstUnixNano, startTimeMaxUnixNano ?? lastUnixNano];
  return database.query<SampledText>(
    sampleSpansSql,
    [
      serviceName === undefined ? null : storableText(serviceName),
      ...bounds.map((time) => timestampOf(microsecondsOf(clampUnixNano(time)))),
      key === undefined ? null : storableText(key),
    ],
    signal,
  );
}
