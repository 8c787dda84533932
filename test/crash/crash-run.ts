import { chownSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../bench/corpus/random.ts';
import { peakRssBytes } from '../../bench/process-accounting.ts';
import { freePort } from '@spandrel/testing/free-port';
import { prepareDatabases, preparePostgres, query } from '@spandrel/embedded/postgres';
import { databaseUser, removeFolder } from '@spandrel/embedded/unprivileged';
import { detectGrpcResponse, detectPostgresCommit, startCuttingProxy } from './cutting-proxy.ts';
import { GrpcCaller } from './grpc-caller.ts';
import { numberedRequests } from './numbered-requests.ts';
import { collector, postgres, store, type Victim } from './victims.ts';

export interface CrashOptions {
  /** How long failures are injected under load. */
  readonly seconds: number;
  /** Determines the order of the failures. */
  readonly seed: number;
  readonly spansPerRequest: number;
  readonly requestsInFlight: number;
}

/** The result of a run. Counts are spans unless stated otherwise. */
export interface CrashStats {
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** Acknowledged and not stored. */
  readonly lost: number;
  /** Stored more than once. */
  readonly duplicates: number;
  /** Requests that are stored in part. */
  readonly tornRequests: number;
  /** Stored without their dictionary entries. */
  readonly incomplete: number;
  /** Stored but not acknowledged: the response was lost. */
  readonly storedUnacknowledged: number;
  /** How often the sender repeated a request without a response, and because the queue of the Collector was full. */
  readonly resentRequests: number;
  readonly refusedRequests: number;
  readonly killsOfPostgres: number;
  readonly killsOfStore: number;
  readonly killsOfCollector: number;
  readonly cutConnections: number;
  /** Responses lost after the work was done, between sender and Collector, Collector and store, store and database. */
  readonly lostResponsesToSender: number;
  readonly lostResponsesToCollector: number;
  readonly lostCommits: number;
  readonly databaseStalls: number;
  /** A lower bound, since a killed store loses its last count. 0 without /metrics. */
  readonly ledgerHits: number;
  /** The peak memory of the store processes, in MB; 0 except on Linux. */
  readonly storePeakMb: number;
  readonly unexpectedEnds: number;
  readonly drainSeconds: number;
}

const storedRequests = readFileSync(new URL('stored-requests.sql', import.meta.url), 'utf8');

/** Longer than the longest retry interval of the Collector. */
const quietMs = 6_000;
const drainTimeoutMs = 600_000;
const callTimeoutMs = 10_000;
const pauseAfterRefusalMs = 50;
/** The size of the Collector's queue. A full queue rejects requests. */
const queueRequests = 500;

/**
 * Runs sender, Collector, store and PostgreSQL under full load, with a proxy between each pair. For a time it kills
 * processes and cuts connections. Then it waits until the Collector has delivered its queue.
 *
 * @throws Error when a process does not start or the queue is not delivered
 */
export async function runCrashes(options: CrashOptions, say: (line: string) => void): Promise<CrashStats> {
  const user = databaseUser();
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-crash-'));
  const databaseFolder = mkdtempSync(path.join(tmpdir(), 'spandrel-crash-'));
  if (user !== undefined) chownSync(databaseFolder, user.uid >>> 0, user.gid >>> 0);
  const closing: (() => Promise<void> | void)[] = [
    () => {
      for (const used of [folder, databaseFolder]) removeFolder(used);
    },
  ];
  try {
    return await run(options, say, folder, databaseFolder, closing);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function run(
  { seconds, seed, spansPerRequest, requestsInFlight }: CrashOptions,
  say: (line: string) => void,
  folder: string,
  databaseFolder: string,
  closing: (() => Promise<void> | void)[],
): Promise<CrashStats> {
  const databasePort = await freePort();
  const { url: superuserUrl, passwords } = await preparePostgres({
    folder: databaseFolder,
    port: databasePort,
    durable: true,
  });
  const database = postgres(databaseFolder, databasePort, superuserUrl);
  const begin = async (victim: Victim): Promise<void> => {
    closing.push(() => victim.stop());
    await victim.start();
  };
  await begin(database);
  const { tracestore: ownerUrl } = await prepareDatabases(superuserUrl, passwords);
  const storeUrl = new URL(ownerUrl);
  const toDatabase = await startCuttingProxy(databasePort, detectPostgresCommit);
  closing.push(() => toDatabase.close());
  storeUrl.port = String(toDatabase.port);
  const storePorts = {
    http: await freePort(),
    otlpHttp: await freePort(),
    otlpGrpc: await freePort(),
    jaegerGrpc: await freePort(),
    tempo: await freePort(),
  };
  const theStore = store(storeUrl.href, storePorts);
  await begin(theStore);
  const toStore = await startCuttingProxy(storePorts.otlpGrpc, detectGrpcResponse);
  closing.push(() => toStore.close());
  const collectorPort = await freePort();
  const theCollector = collector({ folder, port: collectorPort, storePort: toStore.port, queueRequests });
  await begin(theCollector);
  const toCollector = await startCuttingProxy(collectorPort, detectGrpcResponse);
  closing.push(() => toCollector.close());
  const watch = watchStore(theStore, storePorts.http);
  closing.push(() => watch.stop());
  say('PostgreSQL, tracestore and Collector are up');

  const random = new SeededRandom(seed);
  const victims = { killPostgres: database, killStore: theStore, killCollector: theCollector } as const;
  let cutConnections = 0;
  let databaseStalls = 0;
  const cut = (proxy: { cut(): void }) => () => {
    cutConnections++;
    proxy.cut();
  };
  const breakages: readonly (readonly [name: string, act: () => Promise<void> | void])[] = [
    ...Object.entries(victims).map(
      ([name, victim]) => [name, killAndRestart(victim, () => random.below(1_500))] as const,
    ),
    ['cutSender', cut(toCollector)],
    ['cutCollector', cut(toStore)],
    ['cutDatabase', cut(toDatabase)],
    ['loseResponseToSender', () => toCollector.loseResponse()],
    ['loseResponseToCollector', () => toStore.loseResponse()],
    ['loseCommit', () => toDatabase.loseResponse()],
    [
      'stallDatabase',
      () => {
        databaseStalls++;
        toDatabase.stall(500 + random.below(1_500));
      },
    ],
  ];

  const over = new AbortController();
  const sender = new Sender(new GrpcCaller(toCollector.port, callTimeoutMs), random, seed, spansPerRequest);
  const sending = sender.run(requestsInFlight, over.signal);
  const repairs: Promise<void>[] = [];
  const deadline = performance.now() + seconds * 1000;
  let bag: (typeof breakages)[number][] = [];
  while (performance.now() < deadline) {
    await sleep(200 + random.below(1_000));
    // Each kind once before any kind is repeated.
    if (bag.length === 0) bag = [...breakages];
    const [next] = bag.splice(random.below(bag.length), 1);
    if (next === undefined) continue;
    const [name, act] = next;
    say(
      `${Math.max(0, (deadline - performance.now()) / 1000)
        .toFixed(0)
        .padStart(4)} s left: ${name}`,
    );
    // The next failure may begin before the repair.
    repairs.push(Promise.resolve(act()));
  }
  over.abort();
  await sending;
  sender.close();
  await Promise.all(repairs);

  const drainBegan = performance.now();
  say(
    `sent ${sender.spans('sent')} spans, ${sender.spans('acknowledged')} acknowledged; waiting for the queue of the Collector`,
  );
  await untilQuiet(ownerUrl, sender.spans('acknowledged'), say);
  const drainSeconds = Math.round((performance.now() - drainBegan - quietMs) / 1000);
  await watch.stop();

  const stored = await query<{
    readonly request: string;
    readonly spans: number;
    readonly different_spans: number;
    readonly incomplete_spans: number;
  }>(ownerUrl, storedRequests);
  const totals = { stored: 0, duplicates: 0, tornRequests: 0, incomplete: 0, storedUnacknowledged: 0, found: 0 };
  for (const row of stored) {
    const request = sender.requests.get(Number(row.request));
    if (request === undefined) throw new Error(`spans of a request that was never sent: ${row.request}`);
    totals.stored += row.spans;
    totals.duplicates += row.spans - row.different_spans;
    totals.incomplete += row.incomplete_spans;
    if (row.different_spans !== request.spanCount) totals.tornRequests++;
    if (request.acknowledged) totals.found += row.different_spans;
    else totals.storedUnacknowledged += row.different_spans;
  }
  const { found, ...counted } = totals;
  const ends = [database, theStore, theCollector].flatMap(({ unexpectedEnds }) => unexpectedEnds);
  for (const end of ends) say(`unexpected exit: ${end}`);
  return {
    sent: sender.spans('sent'),
    acknowledged: sender.spans('acknowledged'),
    ...counted,
    lost: sender.spans('acknowledged') - found,
    resentRequests: sender.resent,
    refusedRequests: sender.refused,
    killsOfPostgres: database.kills,
    killsOfStore: theStore.kills,
    killsOfCollector: theCollector.kills,
    cutConnections,
    lostResponsesToSender: toCollector.lostResponses(),
    lostResponsesToCollector: toStore.lostResponses(),
    lostCommits: toDatabase.lostResponses(),
    databaseStalls,
    ledgerHits: watch.ledgerHits(),
    storePeakMb: Math.round(watch.peakBytes() / 1e6),
    unexpectedEnds: ends.length,
    drainSeconds,
  };
}

/** Kills a process, waits, and starts it again. No other failure affects this process during that time. */
function killAndRestart(victim: Victim, downMs: () => number): () => Promise<void> {
  let busy = false;
  return async () => {
    if (busy) return;
    busy = true;
    await victim.kill();
    await sleep(downMs());
    await victim.start();
    busy = false;
  };
}

interface SentRequest {
  readonly spanCount: number;
  acknowledged: boolean;
}

/** A sender with a constant number of requests in flight. It repeats some of the requests without a response. */
class Sender {
  readonly requests = new Map<number, SentRequest>();
  resent = 0;
  refused = 0;
  readonly #caller: GrpcCaller;
  readonly #random: SeededRandom;
  readonly #seed: number;
  readonly #spansPerRequest: number;

  constructor(caller: GrpcCaller, random: SeededRandom, seed: number, spansPerRequest: number) {
    this.#caller = caller;
    this.#random = random;
    this.#seed = seed;
    this.#spansPerRequest = spansPerRequest;
  }

  spans(of: 'sent' | 'acknowledged'): number {
    let sum = 0;
    for (const { spanCount, acknowledged } of this.requests.values())
      if (of === 'sent' || acknowledged) sum += spanCount;
    return sum;
  }

  async run(requestsInFlight: number, over: AbortSignal): Promise<void> {
    const source = numberedRequests(this.#seed, this.#spansPerRequest);
    const worker = async (): Promise<void> => {
      while (!over.aborted) {
        const { value: request } = source.next();
        if (request === undefined) return;
        const { number, spanCount, grpcMessage } = request;
        const entry: SentRequest = { spanCount, acknowledged: false };
        this.requests.set(number, entry);
        entry.acknowledged = await this.#offer(grpcMessage, over);
      }
    };
    await Promise.all(Array.from({ length: requestsInFlight }, worker));
  }

  close(): void {
    this.#caller.close();
  }

  /** Sends a request until it is accepted. Without a response, it gives up at random. */
  async #offer(grpcMessage: Buffer, over: AbortSignal): Promise<boolean> {
    for (;;) {
      const outcome = await this.#caller.export(grpcMessage);
      if (outcome === 'acknowledged') return true;
      if (outcome === 'refused') this.refused++;
      await sleep(pauseAfterRefusalMs);
      if (over.aborted || (outcome === 'unknown' && this.#random.chance(0.5))) return false;
      if (outcome === 'unknown') this.resent++;
    }
  }
}

/** Waits until the queue is delivered and no more spans arrive. */
async function untilQuiet(url: string, acknowledged: number, say: (line: string) => void): Promise<void> {
  const deadline = performance.now() + drainTimeoutMs;
  let before = -1;
  for (;;) {
    const [row] = await query<{ count: number }>(url, 'SELECT count(*)::float8 AS count FROM ps_trace.span');
    const count = row?.count ?? 0;
    if (count === before) {
      if (count < acknowledged) say(`no more spans arrive; at least ${acknowledged - count} are missing`);
      return;
    }
    if (performance.now() > deadline) throw new Error(`the Collector still delivers after ${drainTimeoutMs / 1000} s`);
    before = count;
    await sleep(quietMs);
  }
}

/** Sums the ledger metrics of all store processes and measures their memory. */
interface StoreWatch {
  readonly ledgerHits: () => number;
  readonly peakBytes: () => number;
  stop(): Promise<void>;
}

function watchStore(victim: Victim, port: number): StoreWatch {
  const over = new AbortController();
  let before = 0;
  let ledgerHits = 0;
  let peakBytes = 0;
  const measure = async (): Promise<void> => {
    if (process.platform !== 'linux' || victim.pid === undefined) return;
    peakBytes = Math.max(peakBytes, await peakRssBytes(victim.pid));
  };
  const scrape = async (): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(2_000) });
    if (!response.ok) return;
    const text = await response.text();
    const now = Number(/^\w*ledger_hits\w*(?:\{[^}]*\})? ([\d.e+]+)$/m.exec(text)?.[1] ?? 0);
    ledgerHits += now < before ? now : now - before;
    before = now;
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      // The process may be down.
      await measure().catch(() => {});
      await scrape().catch(() => {});
      await sleep(250);
    }
  })();
  return {
    ledgerHits: () => ledgerHits,
    peakBytes: () => peakBytes,
    stop: async () => {
      over.abort();
      await watching;
    },
  };
}
