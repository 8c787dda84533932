import { SeededRandom } from '../corpus/random.ts';
import type { LoadedSpans } from '../queries/loaded-store.ts';

const msPerHour = 3_600_000;
const msPerDay = 24 * msPerHour;

/** The page size of Jaeger's UI. */
const pageSize = 20;

/** Values for queries, the same for all stores with the same spans. */
export interface Samples {
  readonly services: readonly string[];
  readonly operations: readonly (readonly [string, string])[];
  readonly traceIds: readonly string[];
  /** Attributes of a span, with its service. */
  readonly attributes: readonly { readonly service: string; readonly key: string; readonly value: string }[];
}

/**
 * Returns paths of Jaeger's HTTP API by the name of the result, always the same ones for the same samples.
 *
 * @param count number of different paths for each result
 */
export function httpQueries(
  samples: Samples,
  { endMs }: LoadedSpans,
  count: number,
  seed: number,
): ReadonlyMap<string, readonly string[]> {
  const random = new SeededRandom(seed);
  const many = (make: (n: number) => string): readonly string[] => Array.from({ length: count }, (_, n) => make(n));
  const search = (parameters: Readonly<Record<string, string>>, lengthMs: number): string => {
    const end = endMs - random.below(Math.max(msPerDay - lengthMs, 1));
    const query = new URLSearchParams({
      ...parameters,
      start: String((end - lengthMs) * 1000),
      end: String(end * 1000),
      limit: String(pageSize),
    });
    return `/api/traces?${query.toString()}`;
  };
  return new Map([
    ['traceById', many(() => `/api/traces/${random.pick(samples.traceIds)}`)],
    ['searchService', many(() => search({ service: random.pick(samples.services) }, msPerHour))],
    [
      'searchOperation',
      many(() => {
        const [service, operation] = random.pick(samples.operations);
        return search({ service, operation }, msPerHour);
      }),
    ],
    [
      'searchDuration',
      many(() =>
        search({ service: random.pick(samples.services), minDuration: `${300 + random.below(100)}ms` }, msPerHour),
      ),
    ],
    [
      'searchAttribute',
      many(() => {
        const { service, key, value } = random.pick(samples.attributes);
        return search({ service, tags: JSON.stringify({ [key]: value }) }, msPerDay);
      }),
    ],
    ['services', many(() => '/api/services')],
    ['operations', many(() => `/api/operations?service=${encodeURIComponent(random.pick(samples.services))}`)],
  ]);
}

/** Reads samples through Jaeger's HTTP API at a URL. */
export async function takeSamples(url: string, loaded: LoadedSpans): Promise<Samples> {
  const services = (await get<{ data: readonly string[] }>(`${url}/api/services`)).data;
  const operations: (readonly [string, string])[] = [];
  const traceIds: string[] = [];
  const attributes: Samples['attributes'][number][] = [];
  for (const [n, service] of services.entries()) {
    const { data } = await get<{ data: readonly { readonly name: string }[] }>(
      `${url}/api/operations?service=${encodeURIComponent(service)}`,
    );
    operations.push(...data.slice(0, 20).map(({ name }) => [service, name] as const));
    const end = loaded.endMs - Math.floor((msPerDay - msPerHour) * (n / services.length));
    const query = new URLSearchParams({
      service,
      start: String((end - msPerHour) * 1000),
      end: String(end * 1000),
      limit: String(pageSize),
    });
    const found = await get<UiAnswer>(`${url}/api/traces?${query.toString()}`);
    for (const { traceID, spans } of found.data) {
      traceIds.push(traceID);
      const own = spans.find(({ processID }) => processID === 'p1');
      const tag = own?.tags.find(({ key, type }) => type === 'string' && key.startsWith('attribute.'));
      if (tag !== undefined) attributes.push({ service: servicesOf(found, traceID), key: tag.key, value: tag.value });
    }
  }
  return { services, operations, traceIds, attributes };
}

interface UiAnswer {
  readonly data: readonly {
    readonly traceID: string;
    readonly spans: readonly {
      readonly processID: string;
      readonly tags: readonly { readonly key: string; readonly type: string; readonly value: string }[];
    }[];
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
  }[];
}

function servicesOf({ data }: UiAnswer, traceId: string): string {
  return data.find(({ traceID }) => traceID === traceId)?.processes['p1']?.serviceName ?? '';
}

async function get<Body>(url: string): Promise<Body> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} responds with ${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}
