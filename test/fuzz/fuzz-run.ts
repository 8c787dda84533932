/** Runs the fuzzer: sends requests of all protocols in batches, beside a healthy client, and compares the stored spans. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../bench/corpus/random.ts';
import type { ExchangeResult } from './exchange-result.ts';
import { compare, type Expectation, type StoredSpan } from './compare-spans.ts';
import { type Finding, Findings } from './findings.ts';
import { GrpcClient } from './grpc-client.ts';
import { HttpClient } from './http-client.ts';
import { judge, type Judgement } from './judge.ts';
import { protocols } from './protocols/index.ts';
import { type FuzzOrigin, type FuzzRequest, pickWeighted, type Protocol } from './requests.ts';
import { type StoreOptions, StoreProcess } from './store-process.ts';
import { StoredSpans } from './stored-spans.ts';
import { WitnessClient, type WitnessStats } from './witness-client.ts';

export interface FuzzOptions extends StoreOptions {
  readonly seed: number;
  /** The maximum number of requests. */
  readonly requests: number;
  /** The maximum duration. */
  readonly seconds: number;
  /** The names of the protocols. */
  readonly protocols: readonly string[];
  /** The index of the only request to send. */
  readonly only?: number;
  /** The approximate start of spans, in ms since 1970. Requests depend on it. */
  readonly timeMs: number;
  readonly requestsInFlight: number;
  /** A slower response to the healthy client starts the search for its cause. */
  readonly slowMs: number;
}

/** The results of one protocol. */
export interface ProtocolStats {
  requests: number;
  acknowledged: number;
  /** Counts by status, or by the failure without one. */
  readonly outcomes: Record<string, number>;
  slowestMs: number;
}

export interface FuzzStats {
  readonly seed: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly protocols: Readonly<Record<string, ProtocolStats>>;
  readonly requests: number;
  readonly acknowledged: number;
  readonly storedSpans: number;
  readonly comparedSpans: number;
  readonly lost: number;
  readonly wrong: number;
  readonly unexpectedEnds: number;
  readonly peakRssMb: number;
  /** Without the pages of the program file, which do not count for a container. Sampled. */
  readonly peakAnonymousMb: number;
  /** The longest block of the event loop of tracestore, according to /metrics. */
  readonly longestStandstillMs: number;
  readonly witness: WitnessStats;
  readonly findings: readonly Finding[];
  /** Requests that kept tracestore busy while the healthy client waited. */
  readonly slowRequests: readonly Finding[];
  /** The counts of error messages in the log of tracestore, by kind. */
  readonly loggedErrors: Readonly<Record<string, number>>;
}

const batchRequests = 4_000;
/** Days pass after the second batch, and after so many batches again. */
const batchesBetweenDays = 20;
/** The maximum number of slow requests in addition to those in flight. */
const maxSlow = 64;
/**
 * From this fraction of a batch on, slow requests with spans wait for the next batch. Otherwise tracestore would be idle
 * until the last response of the batch.
 */
const postponedFrom = 0.5;
/** The prefix of the trace ids of the healthy client. */
const healthyTraceIds = 'f6f6f6f6';
const sampleMs = 500;
/** An exit of tracestore is noticed within `noticeMs`, and requests may fail because of it for `afterEndMs`. */
const noticeMs = 300;
const afterEndMs = 15_000;
/** The maximum number of slow responses whose cause is searched. */
const maxTracedStalls = 6;
const maxSuspects = 40;

/** @throws Error when the database or the store does not start or restart */
export async function runFuzz(options: FuzzOptions, say: (line: string) => void): Promise<FuzzStats> {
  const store = await StoreProcess.start(options);
  try {
    const stored = await StoredSpans.open(store.databaseUrl);
    try {
      return await new FuzzRun(options, store, stored, say).run();
    } finally {
      await stored.close();
    }
  } finally {
    await store.stop();
  }
}

interface InFlightRequest {
  readonly index: number;
  readonly bytes: number;
  readonly startedAt: number;
  endedAt: number;
}

/** A semaphore: admits a number of callers at once, in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

class FuzzRun {
  readonly #options: FuzzOptions;
  readonly #store: StoreProcess;
  readonly #stored: StoredSpans;
  readonly #say: (line: string) => void;
  readonly #chosen: readonly Protocol[];
  readonly #findings: Findings;
  readonly #slowRequests: Findings;
  #batches = 0;
  readonly #http = new HttpClient();
  readonly #grpc = new GrpcClient();
  readonly #stats = new Map<string, ProtocolStats>();
  #expectations: Expectation[] = [];
  readonly #inFlight = new Set<InFlightRequest>();
  /** Slow requests: those with spans, and those that may continue while a batch is compared. */
  readonly #slowWriters = new Set<Promise<void>>();
  readonly #slowReaders = new Set<Promise<void>>();
  #postponed: number[] = [];
  /** For protocols with a maximum number of requests in flight. */
  readonly #slots = new Map<string, Slots>();
  #recent: InFlightRequest[] = [];
  #endedAt = -Infinity;
  readonly #crashes: (readonly number[])[] = [];
  readonly #stalls: { readonly ms: number; readonly suspects: readonly number[] }[] = [];
  #storedSpans = 0;
  #comparedSpans = 0;
  #lost = 0;
  #wrong = 0;
  #longestStandstillMs = 0;

  constructor(options: FuzzOptions, store: StoreProcess, stored: StoredSpans, say: (line: string) => void) {
    this.#options = options;
    this.#store = store;
    this.#stored = stored;
    this.#say = say;
    this.#chosen = protocols.filter(({ name }) => options.protocols.includes(name));
    for (const { name, maxInFlight } of this.#chosen) {
      if (maxInFlight !== undefined) this.#slots.set(name, new Slots(maxInFlight));
      this.#stats.set(name, { requests: 0, acknowledged: 0, outcomes: {}, slowestMs: 0 });
    }
    const folder = path.join(tmpdir(), `spandrel-fuzz-${options.seed}`);
    const reproduce = (index: number): string =>
      [
        `npm run test:fuzz -- --seed ${options.seed} --time ${options.timeMs}`,
        ...(this.#chosen.length === protocols.length ? [] : [`--protocols ${options.protocols.join(',')}`]),
        `--only ${index}`,
      ].join(' ');
    this.#findings = new Findings(folder, reproduce);
    this.#slowRequests = new Findings(folder, reproduce);
  }

  async run(): Promise<FuzzStats> {
    const { requests, only, seconds, slowMs, seed } = this.#options;
    const [first, end] = only === undefined ? [1, requests + 1] : [only, only + 1];
    const witness = new WitnessClient(this.#store.ports, slowMs, ({ ms, what }) => this.#noteStall(ms, what));
    this.#store.onUnexpectedEnd = (description) => this.#noteEnd(description);
    const sampling = new AbortController();
    const sampled = this.#sample(sampling.signal);
    const startedAt = performance.now();
    let sendingMs = 0;
    for (let from = first; from < end;) {
      const to = Math.min(end, from + batchRequests);
      const batchStartedAt = performance.now();
      const deadline = startedAt + seconds * 1_000;
      const sent = await this.#sendBatch(from, to, deadline, to === end);
      sendingMs += performance.now() - batchStartedAt;
      await witness.pause();
      await this.#verify();
      await this.#traceCauses();
      from += sent;
      const perSecond = Math.round(((from - first) / sendingMs) * 1_000);
      this.#say(
        `${from - first} requests, ${perSecond}/s, ${this.#findings.all.length} kinds of findings, ${await this.#store.sampleRss()} MB`,
      );
      if (sent < to - (from - sent) || performance.now() > deadline) break;
      await witness.resume();
    }
    await Promise.all(this.#slowReaders);
    const witnessStats = await witness.stop();
    sampling.abort();
    await sampled;
    this.#http.close();
    this.#grpc.close();
    const all = [...this.#stats.values()];
    const total = all.reduce((sum, each) => sum + each.requests, 0);
    return {
      seed,
      seconds: Math.round((performance.now() - startedAt) / 1_000),
      requestsPerSecond: Math.round((total / sendingMs) * 1_000),
      protocols: Object.fromEntries(this.#stats),
      requests: total,
      acknowledged: all.reduce((sum, each) => sum + each.acknowledged, 0),
      storedSpans: this.#storedSpans,
      comparedSpans: this.#comparedSpans,
      lost: this.#lost,
      wrong: this.#wrong,
      unexpectedEnds: this.#store.unexpectedEnds.length,
      peakRssMb: this.#store.peakRssMb,
      peakAnonymousMb: this.#store.peakAnonymousMb,
      longestStandstillMs: this.#longestStandstillMs,
      witness: witnessStats,
      findings: this.#findings.all,
      slowRequests: this.#slowRequests.all,
      loggedErrors: Object.fromEntries(this.#store.errors),
    };
  }

  /**
   * Sends requests and waits for the responses to those with spans.
   *
   * @param isLast whether this is the last batch, in which nothing is postponed
   * @returns the number of sent and postponed requests
   */
  async #sendBatch(from: number, to: number, deadline: number, isLast: boolean): Promise<number> {
    const postponed = this.#postponed;
    this.#postponed = [];
    let next = from;
    const take = (): number | undefined => postponed.pop() ?? (next < to ? next++ : undefined);
    const worker = async (): Promise<void> => {
      while (performance.now() < deadline) {
        const index = take();
        if (index === undefined) return;
        await this.#store.ready;
        const { protocol, request } = this.#make(index);
        const isPostponed = !isLast && request.content !== undefined && index - from >= (to - from) * postponedFrom;
        if (request.isSlow !== true) await this.#send(index, protocol, request);
        else if (isPostponed) this.#postponed.push(index);
        else await this.#sendBeside(index, protocol, request);
      }
    };
    await Promise.all(Array.from({ length: this.#options.requestsInFlight }, worker));
    await Promise.all(this.#slowWriters);
    return next - from;
  }

  /** Sends a slow request. Resolves when another one may be sent. */
  async #sendBeside(index: number, protocol: string, request: FuzzRequest): Promise<void> {
    const pending = request.content === undefined ? this.#slowReaders : this.#slowWriters;
    const done = this.#send(index, protocol, request).finally(() => pending.delete(done));
    pending.add(done);
    if (this.#slowReaders.size + this.#slowWriters.size >= maxSlow) {
      await Promise.race([...this.#slowReaders, ...this.#slowWriters]);
    }
  }

  #make(index: number): { readonly protocol: string; readonly request: FuzzRequest } {
    const { seed, timeMs } = this.#options;
    const random = new SeededRandom(Math.imul(seed, 0x9e37_79b1) ^ index);
    const origin: FuzzOrigin = {
      random,
      seed,
      index,
      timeUnixNano: BigInt(timeMs) * 1_000_000n,
      ports: this.#store.ports,
    };
    const protocol = pickWeighted(random, this.#chosen);
    return { protocol: protocol.name, request: protocol.make(origin) };
  }

  async #send(index: number, protocol: string, request: FuzzRequest): Promise<void> {
    const slots = this.#slots.get(protocol);
    await slots?.take();
    try {
      await this.#sendAtOnce(index, protocol, request);
    } finally {
      slots?.release();
    }
  }

  async #sendAtOnce(index: number, protocol: string, request: FuzzRequest): Promise<void> {
    const bytes = request.send.pieces.reduce((sum, piece) => sum + piece.length, 0);
    const inFlight: InFlightRequest = { index, bytes, startedAt: performance.now(), endedAt: Infinity };
    this.#inFlight.add(inFlight);
    const result = await this.#exchange(request);
    inFlight.endedAt = performance.now();
    this.#inFlight.delete(inFlight);
    this.#recent.push(inFlight);
    if (this.#recent.length > 20_000) this.#recent = this.#recent.slice(-10_000);
    const judgement = judge(protocol, request, result);
    this.#count(protocol, judgement, inFlight.endedAt - inFlight.startedAt);
    // An exit of the process is one finding, not one per request in flight.
    if (result.kind === 'closed' && judgement.violations.length > 0) await sleep(noticeMs);
    const hasEnded = performance.now() - this.#endedAt < afterEndMs;
    for (const { kind, detail } of judgement.violations) {
      if (!(hasEnded && result.kind === 'closed')) this.#findings.add(kind, detail, index, request);
    }
    this.#expect(index, protocol, request, judgement, result);
  }

  #exchange({ send }: FuzzRequest): Promise<ExchangeResult> {
    return send.kind === 'grpc' ? this.#grpc.send(send) : this.#http.send(send);
  }

  #count(protocol: string, { outcome, spans }: Judgement, ms: number): void {
    const stats = this.#stats.get(protocol);
    if (stats === undefined) return;
    stats.requests++;
    if (spans === 'acknowledged') stats.acknowledged++;
    stats.outcomes[outcome] = (stats.outcomes[outcome] ?? 0) + 1;
    stats.slowestMs = Math.max(stats.slowestMs, Math.round(ms));
  }

  #expect(index: number, protocol: string, request: FuzzRequest, judgement: Judgement, result: ExchangeResult): void {
    const { content } = request;
    if (content === undefined) return;
    const { spans, rejectedSpans, rejection, isRefusedAsUndecodable } = judgement;
    if (spans !== 'acknowledged') {
      if (isRefusedAsUndecodable && content.expectations().isDecodable) {
        const said = result.kind === 'http' ? result.body.toString('utf8', 0, 300) : JSON.stringify(result);
        this.#findings.add(`${protocol}: refused completely because of one part`, said, index, request);
      }
      const noExpectation = {
        requiredSpans: [],
        possibleSpans: undefined,
        sentSpans: undefined,
        foreignSpans: 0,
        rejectedSpans: 0,
        rejection,
      };
      this.#expectations.push({ index, outcome: spans, ...noExpectation });
      return;
    }
    const { requiredSpans, possibleSpans, sentSpans, foreignSpans } = content.expectations();
    this.#comparedSpans += requiredSpans.length;
    this.#expectations.push({
      index,
      outcome: spans,
      requiredSpans,
      possibleSpans,
      sentSpans,
      foreignSpans,
      rejectedSpans,
      rejection,
    });
  }

  /** Compares the stored spans with the responses, then deletes them. */
  async #verify(): Promise<void> {
    await this.#store.ready;
    const stored = await this.#stored.read();
    this.#storedSpans += stored.length;
    const ours = stored.filter(({ traceId }) => !traceId.startsWith(healthyTraceIds));
    for (const { index, kind, detail } of compare(this.#options.seed, this.#expectations, ours, this.#senders())) {
      if (kind === 'lost') this.#lost++;
      if (kind === 'wrong') this.#wrong++;
      if (index === undefined) {
        this.#findings.add(kind, detail);
        continue;
      }
      const { protocol, request } = this.#make(index);
      this.#findings.add(`${protocol}: ${kind}`, detail, index, request);
    }
    this.#expectations = [];
    await this.#stored.clear();
    if (++this.#batches % batchesBetweenDays === 2) await this.#stored.passDays();
  }

  /** @returns a function that finds the request of this batch that contains the ids of a span, other than the one in its trace id */
  #senders(): (span: StoredSpan, named: number) => number | undefined {
    let contents: readonly { readonly index: number; readonly bytes: Buffer; readonly isJson: boolean }[] | undefined;
    return ({ traceId, spanId }, named) => {
      contents ??= this.#expectations.flatMap(({ index, outcome }) => {
        if (outcome === 'refused') return [];
        const { content, encoding } = this.#make(index).request;
        return content === undefined ? [] : [{ index, bytes: content.bytes, isJson: encoding === 'json' }];
      });
      return contents.find(({ index, bytes, isJson }) => {
        if (index === named) return false;
        const text = isJson ? bytes.toString('latin1').toLowerCase() : '';
        return [traceId, spanId].every((id) => (isJson ? text.includes(id) : bytes.includes(id, 0, 'hex')));
      })?.index;
    };
  }

  #noteStall(ms: number, what: string): void {
    if (this.#stalls.length >= maxTracedStalls) return;
    const since = performance.now() - ms;
    const suspects = [...this.#inFlight, ...this.#recent.filter(({ endedAt }) => endedAt > since)]
      .toSorted((left, right) => right.bytes - left.bytes)
      .slice(0, maxSuspects)
      .map(({ index }) => index);
    this.#stalls.push({ ms, suspects });
    this.#say(`the healthy client waited ${ms} ms for a response (${what})`);
  }

  #noteEnd(description: string): void {
    this.#say(`tracestore exited: ${description}`);
    this.#endedAt = performance.now();
    const since = this.#endedAt - 5_000;
    const suspects = [...this.#inFlight, ...this.#recent.filter(({ endedAt }) => endedAt > since)]
      .toSorted((left, right) => right.bytes - left.bytes)
      .slice(0, maxSuspects)
      .map(({ index }) => index);
    this.#crashes.push(suspects);
    this.#findings.add('tracestore exited', description);
  }

  /** Repeats the requests that were in flight during an exit or a stall one by one, to find the cause. */
  async #traceCauses(): Promise<void> {
    for (const suspects of this.#crashes.splice(0)) {
      for (const index of suspects) {
        const endsBefore = this.#store.unexpectedEnds.length;
        const { protocol, request } = this.#make(index);
        await this.#exchange(request);
        if (this.#store.unexpectedEnds.length === endsBefore) continue;
        this.#findings.add(`${protocol}: crashes tracestore: ${kindOf(request)}`, request.title, index, request);
        await this.#store.ready;
        break;
      }
      this.#crashes.length = 0;
    }
    const stall = this.#stalls.shift();
    if (stall !== undefined) {
      let most = { ms: 0, index: -1 };
      for (const index of stall.suspects) {
        await this.#store.ready;
        const before = await this.#store.cpuMs();
        await this.#exchange(this.#make(index).request);
        const ms = (await this.#store.cpuMs()) - before;
        if (ms > most.ms) most = { ms, index };
      }
      if (most.ms > this.#options.slowMs / 2 && most.index >= 0) {
        const { protocol, request } = this.#make(most.index);
        this.#slowRequests.add(
          `${protocol}: blocks tracestore: ${kindOf(request)}`,
          `${most.ms} ms of CPU; the healthy client waited ${stall.ms} ms; ${request.title}`,
          most.index,
          request,
        );
      }
      this.#stalls.length = 0;
    }
    await this.#store.ready;
    await this.#stored.clear();
  }

  async #sample(signal: AbortSignal): Promise<void> {
    for (let nr = 0; !signal.aborted; nr++) {
      await this.#store.sampleRss();
      if (nr % 4 === 0) this.#longestStandstillMs = Math.max(this.#longestStandstillMs, await this.#standstillMs());
      await sleep(sampleMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The longest block of the event loop since the last call. */
  async #standstillMs(): Promise<number> {
    const text = await fetch(`http://127.0.0.1:${this.#store.ports.http}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    })
      .then((response) => response.text())
      .catch(() => '');
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1] ?? 0);
    return Math.round(seconds * 1_000);
  }
}

/** The kind of a request: its title without numbers and details. */
function kindOf({ title }: FuzzRequest): string {
  return title.split(',')[0]?.replaceAll(/\d+/g, '#').slice(0, 80) ?? '';
}
