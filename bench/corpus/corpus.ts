import {
  type AttributeValue,
  type CorpusBatch,
  type CorpusEvent,
  type CorpusSpan,
  encodeRequest,
} from './otlp-writer.ts';
import { SeededRandom } from './random.ts';

/** The shape of the traces of a corpus. */
export type CorpusShape = 'services' | 'clickhouse';

export interface CorpusOptions {
  /**
   * `services`: traces of about 30 spans over 6 services. A span has 8 to 11 attributes, 20 % of the spans have an event,
   * and 2 % are errors. `clickhouse`: traces of 10 spans. A span has 11 attributes out of 97 keys, as in the published
   * benchmark of Jaeger's ClickHouse storage.
   */
  readonly shape: CorpusShape;
  readonly spans: number;
  readonly spansPerRequest: number;
  readonly seed: number;
  /** When the first trace starts, in ns since 1970. */
  readonly startTimeUnixNano: bigint;
  /** The time over which the starts of the traces are distributed, in ns. */
  readonly durationNano: bigint;
}

export interface CorpusRequest {
  /** An `ExportTraceServiceRequest`. */
  readonly bytes: Uint8Array;
  readonly spanCount: number;
}

const serviceNames = ['gateway', 'catalog', 'cart', 'payment', 'stock', 'account'] as const;
const instancesPerService = 5;
const routesPerService = 90;
const scopes = [
  ['@opentelemetry/instrumentation-http', '0.301.0'],
  ['@opentelemetry/instrumentation-pg', '0.77.0'],
] as const;

/**
 * Generates OTLP requests that depend on the options only. A request has whole traces, grouped as by a Collector: spans
 * with the same resource and scope are together.
 */
export function* makeCorpus(options: CorpusOptions): Generator<CorpusRequest, void> {
  const random = new SeededRandom(options.seed);
  const spansPerTrace = options.shape === 'services' ? 30 : 10;
  const traceCount = Math.ceil(options.spans / spansPerTrace);
  let pending = new Pending();
  for (let trace = 0, made = 0; made < options.spans; trace++) {
    const start = options.startTimeUnixNano + (options.durationNano * BigInt(trace)) / BigInt(traceCount);
    const size = options.shape === 'services' ? 20 + random.below(21) : spansPerTrace;
    for (const placed of makeTrace(random, options.shape, start, Math.min(size, options.spans - made)))
      pending.add(placed);
    made = pending.total;
    if (pending.count >= options.spansPerRequest) {
      yield pending.take();
      pending = new Pending(made);
    }
  }
  if (pending.count > 0) yield pending.take();
}

interface PlacedSpan {
  readonly service: number;
  readonly instance: number;
  readonly scope: number;
  readonly span: CorpusSpan;
}

class Pending {
  readonly #batches = new Map<number, { readonly batch: Omit<CorpusBatch, 'spans'>; readonly spans: CorpusSpan[] }>();
  count = 0;

  readonly #before: number;

  constructor(before = 0) {
    this.#before = before;
  }

  get total(): number {
    return this.#before + this.count;
  }

  add({ service, instance, scope, span }: PlacedSpan): void {
    const key = (service * instancesPerService + instance) * scopes.length + scope;
    let batch = this.#batches.get(key);
    if (batch === undefined) {
      const [scopeName, scopeVersion] = scopes[scope] ?? scopes[0];
      batch = { batch: { resourceAttributes: resourceOf(service, instance), scopeName, scopeVersion }, spans: [] };
      this.#batches.set(key, batch);
    }
    batch.spans.push(span);
    this.count++;
  }

  take(): CorpusRequest {
    const batches = [...this.#batches.values()].map(({ batch, spans }) => ({ ...batch, spans }));
    return { bytes: encodeRequest(batches), spanCount: this.count };
  }
}

function resourceOf(service: number, instance: number): CorpusBatch['resourceAttributes'] {
  const name = serviceNames[service] ?? 'unknown';
  return [
    ['service.name', name],
    ['service.namespace', 'shop'],
    ['service.version', '1.17.3'],
    ['service.instance.id', `7b1f2a6e-0c7d-4f0e-9a55-${String(service * 100 + instance).padStart(12, '0')}`],
    ['k8s.pod.name', `${name}-6d5f7c9b8-${String(instance).padStart(5, 'x')}`],
    ['k8s.namespace.name', 'shop'],
    ['host.name', `node-${instance % 3}`],
    ['process.pid', 1],
    ['telemetry.sdk.language', 'nodejs'],
    ['telemetry.sdk.name', 'opentelemetry'],
    ['telemetry.sdk.version', '3.1.0'],
  ];
}

/** Generates the spans of one trace. The parent of a span is an earlier one, and its time contains the span's. */
function* makeTrace(
  random: SeededRandom,
  shape: CorpusShape,
  start: bigint,
  size: number,
): Generator<PlacedSpan, void> {
  const traceId = random.id(16);
  const customer = random.below(100_000);
  const made: {
    readonly span: CorpusSpan;
    readonly service: number;
    readonly instance: number;
    readonly route: number;
  }[] = [];
  for (let index = 0; index < size; index++) {
    const parent = index === 0 ? undefined : made[random.below(Math.min(made.length, 8))];
    const service = parent === undefined ? 0 : random.chance(0.4) ? calleeOf(random, parent.service) : parent.service;
    const instance = service === parent?.service ? parent.instance : random.below(instancesPerService);
    const kind = parent === undefined || service !== parent.service ? 2 : random.chance(0.6) ? 3 : 1;
    const parentStart = parent?.span.startTimeUnixNano ?? start;
    const parentLength = Number((parent?.span.endTimeUnixNano ?? start) - parentStart);
    const startTimeUnixNano = parentStart + BigInt(parent === undefined ? 0 : random.below(parentLength / 2 + 1));
    const length =
      parent === undefined ? 5_000_000 + random.below(400_000_000) : random.below(parentLength / 2 + 1) + 1000;
    const endTimeUnixNano = startTimeUnixNano + BigInt(length);
    const failed = random.chance(0.02);
    const route = parent?.route ?? popularRoute(random);
    const span: CorpusSpan = {
      traceId,
      spanId: random.id(8),
      parentSpanId: parent?.span.spanId,
      name: nameOf(kind, service, route),
      kind,
      startTimeUnixNano,
      endTimeUnixNano,
      attributes:
        shape === 'services'
          ? serviceAttributes(random, kind, service, route, customer, failed)
          : wideAttributes(random),
      events: random.chance(0.2) ? [makeEvent(random, startTimeUnixNano, failed)] : [],
      errorMessage: failed ? 'upstream connect error or disconnect/reset before headers' : undefined,
    };
    made.push({ span, service, instance, route });
    yield { service, instance, scope: kind === 3 ? 1 : 0, span };
  }
}

/** A service always calls the same two others, for the same route. */
function calleeOf(random: SeededRandom, service: number): number {
  return (service + 1 + random.below(2)) % serviceNames.length;
}

/** Some are requested much more often than others. */
function popularRoute(random: SeededRandom): number {
  return Math.floor((random.below(routesPerService) * random.below(routesPerService)) / routesPerService);
}

function nameOf(kind: number, service: number, route: number): string {
  if (kind === 2) return `${route % 3 === 0 ? 'POST' : 'GET'} ${routeOf(service, route)}`;
  if (kind === 3) return `SELECT ${serviceNames[service]}_${route}`;
  return `${serviceNames[service]}.step_${route}`;
}

function routeOf(service: number, route: number): string {
  return `/${serviceNames[service]}/${route}/:id`;
}

function makeEvent(random: SeededRandom, start: bigint, failed: boolean): CorpusEvent {
  const timeUnixNano = start + BigInt(random.below(1_000_000));
  if (!failed) return { name: 'cache.miss', timeUnixNano, attributes: [['cache.key', `item:${random.below(1000)}`]] };
  return {
    name: 'exception',
    timeUnixNano,
    attributes: [
      ['exception.type', 'Error'],
      ['exception.message', 'socket hang up'],
      ['exception.stacktrace', 'Error: socket hang up\n    at Socket.socketOnEnd (node:_http_client:599:25)'],
    ],
  };
}

const peers = Array.from({ length: 50 }, (_, index) => `10.1.0.${index}`);
const userAgents = ['axios/1.21', 'node', 'k6/2.3'];

function serviceAttributes(
  random: SeededRandom,
  kind: number,
  service: number,
  route: number,
  customer: number,
  failed: boolean,
): CorpusSpan['attributes'] {
  if (kind === 3) {
    return [
      ['db.system.name', 'postgresql'],
      ['db.namespace', 'shop'],
      ['db.operation.name', 'SELECT'],
      ['db.collection.name', `${serviceNames[service]}_${route}`],
      ['db.query.text', `SELECT * FROM ${serviceNames[service]}_${route} WHERE id = $1`],
      ['server.address', `db-${service}`],
      ['server.port', 5432],
      ['db.response.returned_rows', random.below(500)],
      ...(random.chance(0.2) ? ([['thread.id', 1 + random.below(8)]] as const) : []),
    ];
  }
  const attributes: (readonly [string, AttributeValue])[] = [
    ['http.request.method', route % 3 === 0 ? 'POST' : 'GET'],
    ['http.route', routeOf(service, route)],
    ['url.path', `/${serviceNames[service]}/${route}/${random.below(1000)}`],
    ['url.scheme', 'http'],
    ['http.response.status_code', failed ? 503 : 200],
    ['client.address', random.pick(peers)],
    ['user_agent.original', random.pick(userAgents)],
    ['server.port', 8080],
  ];
  if (random.chance(0.2)) attributes.push(['customer.id', `c-${customer}`]);
  if (random.chance(0.2)) attributes.push(['cart.total', random.below(10_000) / 100 + 0.01]);
  if (random.chance(0.2)) attributes.push(['cache.hit', random.chance(0.5)]);
  return attributes;
}

const wideKeys = Array.from({ length: 97 }, (_, index) => `attribute.key_${String(index).padStart(2, '0')}`);

function wideAttributes(random: SeededRandom): CorpusSpan['attributes'] {
  const first = random.below(wideKeys.length);
  return Array.from({ length: 11 }, (_, index) => {
    const key = (first + index * 7) % wideKeys.length;
    const value = random.below(1000);
    return [wideKeys[key] ?? '', key % 4 === 0 ? value : key % 4 === 1 ? value % 2 === 0 : `value-${value}`] as const;
  });
}
