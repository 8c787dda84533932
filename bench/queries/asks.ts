import { SeededRandom } from '../corpus/random.ts';
import type { BenchDatabase } from '../write/bench-database.ts';
import type { LoadedSpans } from './loaded-store.ts';
import type { Filter, ReadModel, TraceSearch } from './read-model.ts';

const msPerDay = 86_400_000;
const nsPerMs = 1_000_000n;

/** The page size of Jaeger's UI. */
const pageSize = 20;

/** The time ranges of searches. An hour is the most usual one, and the whole day the most expensive. */
const rangesMs = [900_000, 3_600_000, 21_600_000, msPerDay] as const;

/** Runs one query. @returns the number of results */
export type Ask = () => Promise<number>;

/** Makes different queries of each kind, always the same ones for the same data. */
export class Asks {
  private readonly database: BenchDatabase;
  private readonly model: ReadModel;
  private readonly loaded: LoadedSpans;
  private readonly random: SeededRandom;

  constructor(database: BenchDatabase, model: ReadModel, loaded: LoadedSpans, seed: number) {
    this.database = database;
    this.model = model;
    this.loaded = loaded;
    this.random = new SeededRandom(seed);
  }

  /** @returns queries by the name of the result */
  async make(count: number): Promise<ReadonlyMap<string, readonly Ask[]>> {
    const { model } = this;
    const traceIds = await this.sampleTraceIds(count);
    const operations = await this.sampleOperations(count);
    const services = await model.findServices();
    const attributes = await this.sampleAttributes(count);
    const many = (make: (index: number) => Ask): readonly Ask[] => Array.from({ length: count }, (_, n) => make(n));
    const { fieldIs, allOf } = model.filters;
    return new Map([
      ['traceById', traceIds.map((traceId) => () => model.getTrace(traceId))],
      ['searchService', many((n) => this.search(fieldIs('resource.service', pick(services, n)), this.range(n)))],
      [
        'searchOperation',
        operations.map(([service, name], n) =>
          this.search(allOf(fieldIs('resource.service', service), fieldIs('span.name', name)), this.range(n)),
        ),
      ],
      ['searchTime', many((n) => this.search(undefined, this.range(n)))],
      ['searchDuration', many((n) => this.byDuration(n, pick(services, n)))],
      ['searchAttribute', many((n) => this.byAttribute(n, pick(attributes, n)))],
      ['services', many(() => async () => (await model.findServices()).length)],
      ['operations', many((n) => () => model.findOperations(pick(services, n)))],
    ]);
  }

  private search(filter: Filter | undefined, range: Partial<TraceSearch>, over: Partial<TraceSearch> = {}): Ask {
    return () => this.model.search({ filter, limit: pageSize, ...range, ...over });
  }

  /** Returns ranges of several lengths that end now or at another time of the day. */
  private range(n: number): Pick<TraceSearch, 'startTimeMinUnixNano' | 'startTimeMaxUnixNano'> {
    const lengthMs = pick(rangesMs, n);
    const endMs = this.loaded.endMs - (n % 8 < 4 ? 0 : this.random.below(msPerDay - lengthMs + 1));
    return {
      startTimeMinUnixNano: BigInt(endMs - lengthMs) * nsPerMs,
      startTimeMaxUnixNano: BigInt(endMs) * nsPerMs,
    };
  }

  /** Conditions on the duration that match many, few or no spans; one with a service; a range of 20 ms; the slowest first. */
  private byDuration(n: number, service: string): Ask {
    const { allOf, fieldCompares, fieldIs } = this.model.filters;
    const atLeastMs = n % 5 === 2 ? 500 : 300 + this.random.below(105);
    const longer = fieldCompares('span.duration', 'gte', BigInt(atLeastMs) * nsPerMs);
    const range = this.range(n);
    if (n % 5 === 1) return this.search(allOf(fieldIs('resource.service', service), longer), range);
    if (n % 5 === 3) {
      const shorter = fieldCompares('span.duration', 'lte', BigInt(atLeastMs + 20) * nsPerMs);
      return this.search(allOf(longer, shorter), range);
    }
    return n % 5 === 4 ? this.search(undefined, range, { order: 'slowest' }) : this.search(longer, range);
  }

  /**
   * A value of about one span in ten thousand. Over the whole day: two values of one span only, the same with its service,
   * a value of one event, and an absent value.
   */
  private byAttribute(n: number, span: SampledSpan): Ask {
    const { allOf, attributeIs, fieldIs } = this.model.filters;
    const conditions = span.attributes.map(([key, value]) => attributeIs(key, { type: 'any', text: value }));
    const [first = [], second = []] = [conditions.slice(0, 1), conditions.slice(1, 2)];
    const day = {
      startTimeMinUnixNano: BigInt(this.loaded.endMs - msPerDay) * nsPerMs,
      startTimeMaxUnixNano: BigInt(this.loaded.endMs) * nsPerMs,
    };
    switch (n % 5) {
      case 0:
        return this.search(allOf(...first), this.range(n));
      case 1:
        return this.search(allOf(...first, ...second), day);
      case 2:
        return this.search(allOf(fieldIs('resource.service', span.service), ...first, ...second), day);
      case 3:
        return this.search(attributeIs('cache.key', { type: 'string', value: span.cacheKey }), day);
      default: {
        const key = `attribute.key_${String(2 + 4 * this.random.below(24)).padStart(2, '0')}`;
        return this.search(attributeIs(key, { type: 'string', value: `value-${1000 + n}` }), day);
      }
    }
  }

  private async sampleTraceIds(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      const [row] = await this.database.query<{ id: string }>(
        `SELECT replace(trace_ids[1]::text, '-', '') AS id FROM tracestore.span_block
         WHERE start_max >= $1 ORDER BY start_max LIMIT 1`,
        [this.anyTime()],
      );
      if (row !== undefined) ids.push(row.id);
    }
    return ids;
  }

  private async sampleOperations(count: number): Promise<readonly (readonly [string, string])[]> {
    const rows = await this.database.query<{ service_name: string; span_name: string }>(
      'SELECT service_name, span_name FROM tracestore.operation ORDER BY id',
    );
    return Array.from({ length: count }, () => {
      const { service_name: service, span_name: name } = this.random.pick(rows);
      return [service, name] as const;
    });
  }

  private async sampleAttributes(count: number): Promise<readonly SampledSpan[]> {
    const sampled: SampledSpan[] = [];
    // Most traces have a span with that event.
    while (sampled.length < count) {
      const [traceId] = await this.sampleTraceIds(1);
      const [row] = await this.database.query<{ service: string; attributes: SampledSpan['attributes']; key: string }>(
        `SELECT o.service_name AS service, e.attributes ->> 'cache.key' AS key,
           (SELECT json_agg(json_build_array(t.key, t.value)) FROM jsonb_each_text(s.attributes) t
            WHERE t.value NOT IN ('true', 'false')) AS attributes
         FROM tracestore.span s
         JOIN tracestore.event e ON e.trace_id = s.trace_id AND e.span_id = s.span_id
         JOIN tracestore.operation o ON o.id = s.operation_id
         WHERE s.trace_id = $1 AND e.trace_id = $1 AND e.name = 'cache.miss'
         LIMIT 1`,
        [traceId],
      );
      if (row !== undefined) sampled.push({ service: row.service, attributes: row.attributes, cacheKey: row.key });
    }
    return sampled;
  }

  private anyTime(): Date {
    return new Date(this.loaded.endMs - msPerDay + this.random.below(msPerDay - 900_000));
  }
}

interface SampledSpan {
  readonly service: string;
  /** Key and text of the value. */
  readonly attributes: readonly (readonly [string, string])[];
  /** A value of its event that no other event has. */
  readonly cacheKey: string;
}

function pick<Item>(items: readonly Item[], n: number): Item {
  const item = items[n % items.length];
  if (item === undefined) throw new RangeError('the list to pick from is empty');
  return item;
}
