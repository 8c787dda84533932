import { storableText } from '../../storage/attribute-json.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { textOfJson } from '../../query/value-text.js';
import { readSql } from '../../sql.js';

const sampleBy = readSql<{
  readonly service_name: string | null;
  readonly start_min: string;
  readonly start_max: string;
  readonly key: string | null;
  readonly limit: number;
}>(import.meta.url, 'sample-spans.sql');

/** Which spans, and what of them. */
export interface SampleQuery {
  readonly serviceName: string | undefined;
  readonly startTimeMinUnixNano: bigint | undefined;
  readonly startTimeMaxUnixNano: bigint | undefined;
  /** The key whose values are returned; undefined to return all keys. */
  readonly key: string | undefined;
}

/** A key with its level, or a value, and how many spans of the sample have it. */
export interface SampledText {
  readonly level: 'span' | 'resource' | null;
  readonly text: string;
  readonly spans: number;
}

/** Keys or values that are proposed. */
const maxTexts = 500;

/** Limit of values to read. Several values can have the same text: 5, 5.0 and "5". */
const maxValues = 2_000;

/**
 * Keys or values that attributes of recent spans have, the most frequent first; not all there are, but what is worth
 * proposing. Values are texts that find the spans again.
 *
 * @throws TracestoreError
 */
export async function sampleSpans(
  database: QueryDatabaseService,
  { serviceName, startTimeMinUnixNano, startTimeMaxUnixNano, key }: SampleQuery,
  signal: AbortSignal | undefined,
): Promise<readonly SampledText[]> {
  const timeOf = (unixNano: bigint): string => timestampOf(microsecondsOf(clampUnixNano(unixNano)));
  const rows = await database.query<SampledText>(
    sampleBy.bind({
      service_name: serviceName === undefined ? null : storableText(serviceName),
      start_min: timeOf(startTimeMinUnixNano ?? firstUnixNano),
      start_max: timeOf(startTimeMaxUnixNano ?? lastUnixNano),
      key: key === undefined ? null : storableText(key),
      limit: key === undefined ? maxTexts : maxValues,
    }),
    signal,
  );
  return key === undefined ? rows : withTexts(rows);
}

/** Puts together the counts of values that have the same text. */
function withTexts(values: readonly SampledText[]): readonly SampledText[] {
  const spansByText = new Map<string, number>();
  for (const { text: json, spans } of values) {
    const text = textOfJson(json);
    spansByText.set(text, (spansByText.get(text) ?? 0) + spans);
  }
  return [...spansByText]
    .map(([text, spans]) => ({ level: null, text, spans }))
    .toSorted((left, right) => right.spans - left.spans)
    .slice(0, maxTexts);
}
