/** A run of the fuzzer: requests of all protocols in batches, a healthy client beside them, and a look at what is stored. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../bench/corpus/random.ts';
import type { Answer } from './answers.ts';
import { compare, type Expectation, type StoredSpan } from './compare-spans.ts';
import { type Finding, Findings } from './findings.ts';
import { GrpcClient } from './grpc-client.ts';
import { HttpClient } from './http-client.ts';
import { judge, type Judgement } from './judge.ts';
import { protocols } from './protocols/index.ts';
import { type FuzzOrigin, type FuzzRequest, pickWeighted, type Protocol } from './requests.ts';
import { type StoreOptions, StoreProcess } from './store-process.ts';
import { StoredSpans } from './stored-spans.ts';
import { WitnessClient, type WitnessFigures } from './witness-client.ts';

export interface FuzzOptions extends StoreOptions {
  readonly seed: number;
  /** How many requests are sent at most. */
  readonly requests: number;
  /** For how long requests are sent at most. */
  readonly seconds: number;
  /** Names of protocols. */
  readonly protocols: readonly string[];
  /** The one request that is sent, instead of all. */
  readonly only?: number;
  /** About when spans start, ms since 1970: part of what makes a request again. */
  readonly timeMs: number;
  readonly requestsInFlight: number;
  /** From how many ms on an answer to the healthy client is slow, and its cause looked for. */
  readonly slowMs: number;
}

/** Requests of one protocol. */
export interface ProtocolFigures {
  requests: number;
  acknowledged: number;
  /** By status, or by what came instead of one. */
  readonly outcomes: Record<string, number>;
  slowestMs: number;
}

export interface FuzzFigures {
  readonly seed: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly protocols: Readonly<Record<string, ProtocolFigures>>;
  readonly requests: number;
  readonly acknowledged: number;
  readonly storedSpans: number;
  readonly comparedSpans: number;
  readonly lost: number;
  readonly wrong: number;
  readonly unexpectedEnds: number;
  readonly peakRssMb: number;
  /** Of that what is not the program's pages, which containers are not charged for; as sampled. */
  readonly peakAnonymousMb: number;
  /** The longest that tracestore's event loop stood still, ms; as far as /metrics tells. */
  readonly longestStandstillMs: number;
  readonly witness: WitnessFigures;
  readonly findings: readonly Finding[];
  /** Requests that kept tracestore busy while the healthy client waited. */
  readonly slowRequests: readonly Finding[];
  /** Kinds of errors in tracestore's log, and how often they came. */
  readonly loggedErrors: Readonly<Record<string, number>>;
}

const batchRequests = 4_000;
/** Requests that last by themselves, besides those in flight. */
const maxSlow = 64;
/**
 * Requests that last by themselves and send spans wait for the next batch from this part of a batch on: a batch ends with
 * the last answer, and tracestore would have nothing else to do until then.
 */
const postponedFrom = 0.5;
/** How trace ids of the healthy client begin. */
const healthyTraceIds = 'f6f6f6f6';
const sampleMs = 500;
/** An end of tracestore is noticed this soon, and for so long later requests may fail for it. */
const noticeMs = 300;
const afterEndMs = 15_000;
/** How many answers of the healthy client are looked into. */
const maxTracedStalls = 6;
const maxSuspects = 40;

/** @throws Error when database or store cannot start, or come back */
export async function runFuzz(options: FuzzOptions, say: (line: string) => void): Promise<FuzzFigures> {
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

interface Flight {
  readonly index: number;
  readonly bytes: number;
  readonly startedAt: number;
  endedAt: number;
}

/** Lets so many through at once, in turn. */
class Places {
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
  readonly #http = new HttpClient();
  readonly #grpc = new GrpcClient();
  readonly #figures = new Map<string, ProtocolFigures>();
  #expectations: Expectation[] = [];
  readonly #inFlight = new Set<Flight>();
  /** Requests that last by themselves: those that send spans, and those that may go on while a batch is checked. */
  readonly #slowWriters = new Set<Promise<void>>();
  readonly #slowReaders = new Set<Promise<void>>();
  #postponed: number[] = [];
  /** Of the protocols that may have few requests under way. */
  readonly #places = new Map<string, Places>();
  #recent: Flight[] = [];
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
      if (maxInFlight !== undefined) this.#places.set(name, new Places(maxInFlight));
      this.#figures.set(name, { requests: 0, acknowledged: 0, outcomes: {}, slowestMs: 0 });
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

  async run(): Promise<FuzzFigures> {
    const { requests, only, seconds, slowMs, seed } = this.#options;
    const [first, end] = only === undefined ? [1, requests + 1] : [only, only + 1];
    const witness = new WitnessClient(this.#store.ports, slowMs, ({ ms, what }) => this.#noteStall(ms, what));
    this.#store.onUnexpectedEnd = (words) => this.#noteEnd(words);
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
        `${from - first} requests, ${perSecond}/s, ${this.#findings.all.length} kinds of faults, ${await this.#store.sampleRss()} MB`,
      );
      if (sent < to - (from - sent) || performance.now() > deadline) break;
      await witness.resume();
    }
    await Promise.all(this.#slowReaders);
    const witnessFigures = await witness.stop();
    sampling.abort();
    await sampled;
    this.#http.close();
    this.#grpc.close();
    const all = [...this.#figures.values()];
    const total = all.reduce((sum, each) => sum + each.requests, 0);
    return {
      seed,
      seconds: Math.round((performance.now() - startedAt) / 1_000),
      requestsPerSecond: Math.round((total / sendingMs) * 1_000),
      protocols: Object.fromEntries(this.#figures),
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
      witness: witnessFigures,
      findings: this.#findings.all,
      slowRequests: this.#slowRequests.all,
      loggedErrors: Object.fromEntries(this.#store.errors),
    };
  }

  /**
   * Sends requests, and waits for all answers to those that send spans.
   *
   * @param isLast whether no batch follows, so that nothing is postponed
   * @returns how many were sent or postponed
   */
  async #sendBatch(from: number, to: number, deadline: number, isLast: boolean): Promise<number> {
    const postponed = this.#postponed;
    this.#postponed = [];
    let next = from;
    const take = (): number | undefined => postponed.pop() ?? (next < to ? next++ : undefined);
    const lane = async (): Promise<void> => {
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
    await Promise.all(Array.from({ length: this.#options.requestsInFlight }, lane));
    await Promise.all(this.#slowWriters);
    return next - from;
  }

  /** Sends a request that lasts by itself. Resolves when another one may be sent. */
  async #sendBeside(index: number, protocol: string, request: FuzzRequest): Promise<void> {
    const those = request.content === undefined ? this.#slowReaders : this.#slowWriters;
    const done = this.#send(index, protocol, request).finally(() => those.delete(done));
    those.add(done);
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
    const places = this.#places.get(protocol);
    await places?.take();
    try {
      await this.#sendAtOnce(index, protocol, request);
    } finally {
      places?.release();
    }
  }

  async #sendAtOnce(index: number, protocol: string, request: FuzzRequest): Promise<void> {
    const bytes = request.send.pieces.reduce((sum, piece) => sum + piece.length, 0);
    const flight: Flight = { index, bytes, startedAt: performance.now(), endedAt: Infinity };
    this.#inFlight.add(flight);
    const answer = await this.#exchange(request);
    flight.endedAt = performance.now();
    this.#inFlight.delete(flight);
    this.#recent.push(flight);
    if (this.#recent.length > 20_000) this.#recent = this.#recent.slice(-10_000);
    const judgement = judge(protocol, request, answer);
    this.#count(protocol, judgement, flight.endedAt - flight.startedAt);
    // That a process ended is one fault, not one for each request that it had.
    if (answer.kind === 'closed' && judgement.faults.length > 0) await sleep(noticeMs);
    const hasEnded = performance.now() - this.#endedAt < afterEndMs;
    for (const { kind, detail } of judgement.faults) {
      if (!(hasEnded && answer.kind === 'closed')) this.#findings.add(kind, detail, index, request);
    }
    this.#expect(index, protocol, request, judgement, answer);
  }

  #exchange({ send }: FuzzRequest): Promise<Answer> {
    return send.kind === 'grpc' ? this.#grpc.send(send) : this.#http.send(send);
  }

  #count(protocol: string, { outcome, spans }: Judgement, ms: number): void {
    const figures = this.#figures.get(protocol);
    if (figures === undefined) return;
    figures.requests++;
    if (spans === 'acknowledged') figures.acknowledged++;
    figures.outcomes[outcome] = (figures.outcomes[outcome] ?? 0) + 1;
    figures.slowestMs = Math.max(figures.slowestMs, Math.round(ms));
  }

  #expect(index: number, protocol: string, request: FuzzRequest, judgement: Judgement, answer: Answer): void {
    const { content } = request;
    if (content === undefined) return;
    const { spans, rejectedSpans, rejection, isRefusedAsUndecodable } = judgement;
    if (spans !== 'acknowledged') {
      if (isRefusedAsUndecodable && content.expectations().isDecodable) {
        const said = answer.kind === 'http' ? answer.body.toString('utf8', 0, 300) : JSON.stringify(answer);
        this.#findings.add(`${protocol}: refused as a whole for a part of it`, said, index, request);
      }
      const nothing = {
        mustHave: [],
        mayHave: undefined,
        sentSpans: undefined,
        foreignSpans: 0,
        rejectedSpans: 0,
        rejection,
      };
      this.#expectations.push({ index, answer: spans, ...nothing });
      return;
    }
    const { mustHave, mayHave, sentSpans, foreignSpans } = content.expectations();
    this.#comparedSpans += mustHave.length;
    this.#expectations.push({
      index,
      answer: spans,
      mustHave,
      mayHave,
      sentSpans,
      foreignSpans,
      rejectedSpans,
      rejection,
    });
  }

  /** Compares what is stored with what was answered, and deletes it. */
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
  }

  /** @returns a search for the request of this batch whose bytes have a span's ids, other than the one that its trace id names */
  #senders(): (span: StoredSpan, named: number) => number | undefined {
    let contents: readonly { readonly index: number; readonly bytes: Buffer; readonly isJson: boolean }[] | undefined;
    return ({ traceId, spanId }, named) => {
      contents ??= this.#expectations.flatMap(({ index, answer }) => {
        if (answer === 'refused') return [];
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
    this.#say(`the healthy client waited ${ms} ms for an answer (${what})`);
  }

  #noteEnd(words: string): void {
    this.#say(`tracestore ended: ${words}`);
    this.#endedAt = performance.now();
    const since = this.#endedAt - 5_000;
    const suspects = [...this.#inFlight, ...this.#recent.filter(({ endedAt }) => endedAt > since)]
      .toSorted((left, right) => right.bytes - left.bytes)
      .slice(0, maxSuspects)
      .map(({ index }) => index);
    this.#crashes.push(suspects);
    this.#findings.add('tracestore ended', words);
  }

  /** Sends alone what was under way when tracestore ended or stood still, to find out which request it was. */
  async #traceCauses(): Promise<void> {
    for (const suspects of this.#crashes.splice(0)) {
      for (const index of suspects) {
        const endsBefore = this.#store.unexpectedEnds.length;
        const { protocol, request } = this.#make(index);
        await this.#exchange(request);
        if (this.#store.unexpectedEnds.length === endsBefore) continue;
        this.#findings.add(`${protocol}: ends tracestore: ${kindOf(request)}`, request.title, index, request);
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
          `${protocol}: keeps tracestore busy: ${kindOf(request)}`,
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

  /** Since the last time it was asked. */
  async #standstillMs(): Promise<number> {
    const text = await fetch(`http://127.0.0.1:${this.#store.ports.http}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    })
      .then((answer) => answer.text())
      .catch(() => '');
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1] ?? 0);
    return Math.round(seconds * 1_000);
  }
}

/** What a request is, without what is its own alone. */
function kindOf({ title }: FuzzRequest): string {
  return title.split(',')[0]?.replaceAll(/\d+/g, '#').slice(0, 80) ?? '';
}
