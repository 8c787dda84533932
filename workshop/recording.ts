import { Randomness } from '../libs/characters/src/randomness.ts';

/**
 * The recording of the workshop: 30 minutes of requests of seven services, with faults to find. It is computed from a
 * seed, so every run yields the same spans. Times are relative to the start of the recording, in microseconds.
 */

/** A span of the recording. */
export interface RecordedSpan {
  /** 16 hex digits, unique in the recording. */
  readonly traceId: string;
  /** 16 hex digits, unique in the recording. */
  readonly spanId: string;
  /** The span id of the parent; undefined for a root. */
  readonly parentSpanId: string | undefined;
  readonly service: string;
  readonly serviceVersion: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  /** Microseconds after the start of the recording. */
  readonly startUs: number;
  /** Microseconds after the start of the recording; later than `startUs`. */
  readonly endUs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The message of the status; undefined for a span that did not fail. */
  readonly error: string | undefined;
}

/** The length of the recording. */
export const recordingMinutes = 30;

const seed = 20;
const minuteUs = 60_000_000;
const passwordsPerMinute = 16;
const numbersPerMinute = 10;
/** In this minute, clients ask for passwords three times as often. */
const burstMinute = 12;
/** From this minute on, backend runs its new version. */
const releaseMinute = 18;
const oldVersion = '1.0.0';
const newVersion = '1.1.0';

/** Uniform random numbers by mulberry32, which is the same on every machine. */
class SeededRandomness extends Randomness {
  private state: number;

  constructor(state: number) {
    super();
    this.state = state;
  }

  override uniform(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.integer(0, 15).toString(16)).join('');
  }
}

/** A simulated failure. Every span that it passes through has its message. */
class Failure extends Error {}

interface SpanStart {
  readonly service: string;
  readonly name: string;
  readonly kind: RecordedSpan['kind'];
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly serviceVersion?: string;
}

/** Records one trace. Its time passes only by `work`. */
class TraceRecorder {
  readonly spans: RecordedSpan[] = [];
  private readonly traceId: string;
  private readonly parents: string[] = [];
  private readonly random: SeededRandomness;
  private nowUs: number;

  constructor(random: SeededRandomness, startUs: number) {
    this.random = random;
    this.nowUs = startUs;
    this.traceId = random.hex(16);
  }

  /** The minute of the recording, from 0. */
  get minute(): number {
    return Math.floor(this.nowUs / minuteUs);
  }

  /** Lets time pass, normally distributed, at least a microsecond. */
  work(meanMs: number, deviationMs: number): void {
    this.nowUs += Math.max(1, Math.round(this.random.normal(meanMs, deviationMs) * 1_000));
  }

  /** Records a span around the work of `body`. @throws what `body` throws */
  span<Result>(
    { service, name, kind, attributes = {}, serviceVersion = oldVersion }: SpanStart,
    body: () => Result,
  ): Result {
    const spanId = this.random.hex(16);
    const parentSpanId = this.parents.at(-1);
    const startUs = this.nowUs;
    let error: string | undefined;
    this.parents.push(spanId);
    try {
      return body();
    } catch (failure) {
      error = (failure as Failure).message;
      throw failure;
    } finally {
      this.parents.pop();
      this.work(0.05, 0.01);
      const own =
        kind === 'server'
          ? { ...attributes, 'http.response.status_code': error === undefined ? 200 : 500 }
          : attributes;
      this.spans.push({
        traceId: this.traceId,
        spanId,
        parentSpanId,
        service,
        serviceVersion,
        name,
        kind,
        startUs,
        endUs: this.nowUs,
        attributes: own,
        error,
      });
    }
  }

  /** Records a request from one service to another: a client span and, below it, a server span. */
  request<Result>(caller: string, callee: string, route: string, serve: () => Result, serviceVersion?: string): Result {
    const [method = ''] = route.split(' ');
    const attributes = { 'http.request.method': method };
    return this.span({ service: caller, name: method, kind: 'client', attributes }, () => {
      this.work(0.3, 0.05);
      return this.receive(callee, route, serve, serviceVersion);
    });
  }

  /** Records the server span of a request. */
  receive<Result>(service: string, route: string, serve: () => Result, serviceVersion = oldVersion): Result {
    const [method = '', path = ''] = route.split(' ');
    const attributes = { 'http.request.method': method, 'http.route': path };
    return this.span({ service, name: route, kind: 'server', attributes, serviceVersion }, serve);
  }
}

/** Computes the spans of the recording: always the same ones, in the order in which their traces start. */
export function recordSpans(): readonly RecordedSpan[] {
  const random = new SeededRandomness(seed);
  return requestTimes(random).flatMap(({ startUs, simulate }) => {
    const trace = new TraceRecorder(random, startUs);
    try {
      simulate(trace, random);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    // A parent before its children.
    return trace.spans.toReversed();
  });
}

type Simulate = (trace: TraceRecorder, random: SeededRandomness) => void;

/** When each request starts. Requests are spread over each minute at random. */
function requestTimes(random: SeededRandomness): readonly { readonly startUs: number; readonly simulate: Simulate }[] {
  const requests = Array.from({ length: recordingMinutes }, (_, minute) => {
    const times = (count: number, simulate: Simulate) =>
      Array.from({ length: count }, () => ({
        // No request starts in the last seconds of a minute, so that it ends in the minute in which it starts.
        startUs: minute * minuteUs + random.integer(0, minuteUs - 10_000_000),
        simulate,
      }));
    return [
      ...times(passwordsPerMinute * (minute === burstMinute ? 3 : 1), simulatePassword),
      ...times(numbersPerMinute, simulateNumber),
    ];
  });
  return requests.flat().toSorted((a, b) => a.startUs - b.startUs);
}

const kinds = ['upper', 'lower', 'digit', 'special'] as const;
type CharacterKind = (typeof kinds)[number];

const characters: Readonly<Record<CharacterKind, string>> = {
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  digit: '0123456789',
  special: '!@#$%^&*<>,.:;?/+={}[]-_',
};

/** A request for a password: generator calls one service for each character, one after the other. */
function simulatePassword(trace: TraceRecorder, random: SeededRandomness): void {
  trace.receive('generator', 'GET /', () => {
    const length = random.integer(4, 8);
    const attributes = { pwlen: length };
    trace.span({ service: 'generator', name: 'generator.generate', kind: 'internal', attributes }, () => {
      for (let fetched = 0; fetched < length;) {
        for (const kind of kinds) fetched += fetchSome(kind, trace, random);
      }
    });
  });
}

function fetchSome(kind: CharacterKind, trace: TraceRecorder, random: SeededRandomness): number {
  const count = random.integer(0, 2);
  trace.span({ service: 'generator', name: `generator.${kind}s`, kind: 'internal' }, () => {
    for (let call = 0; call < count; call++) {
      trace.request('generator', kind, 'GET /', () => serveCharacter(kind, trace, random));
    }
  });
  return count;
}

function serveCharacter(service: CharacterKind, trace: TraceRecorder, random: SeededRandomness): void {
  const char = random.choose(characters[service]);
  const internal = (name: string, work: () => void): void =>
    trace.span({ service, name, kind: 'internal', attributes: { char } }, work);
  if (service === 'lower') {
    // An unnecessary call: lower ignores the response.
    internal('digit', () => trace.request('lower', 'digit', 'GET /', () => serveCharacter('digit', trace, random)));
    if ('zxr'.includes(char)) internal('extra_process_lower', () => trace.work(50, 2));
    return;
  }
  internal(`random_${service}`, () => {
    // upper gets slower during the recording.
    trace.work(service === 'upper' ? 0.5 + trace.minute / 5 : 0.3, 0.05);
  });
  internal(`process_${service}`, () => {
    trace.work(0.1, 0.02);
    if (service === 'upper' && 'ZAT'.includes(char))
      fail(trace, random, 'extra_extra_process_upper', service, char, 0.2);
    if (service === 'special' && '!@?'.includes(char)) fail(trace, random, 'extra_process_special', service, char, 0.1);
  });
  internal(`render_${service}`, () => {
    trace.work(0.2, 0.05);
    if (service === 'digit' && trace.minute % 5 === 0) trace.work(50, 5);
  });
}

/** Records a step that fails with a probability. @throws Failure */
function fail(
  trace: TraceRecorder,
  random: SeededRandomness,
  name: string,
  service: CharacterKind,
  char: string,
  probability: number,
): void {
  trace.span({ service, name, kind: 'internal', attributes: { char } }, () => {
    trace.work(2, 0.2);
    if (random.chance(probability)) throw new Failure(`FAILED to process ${char}`);
  });
}

/** A request that stores a number: frontend calls backend, which writes to its database. */
function simulateNumber(trace: TraceRecorder, random: SeededRandomness): void {
  trace.receive('frontend', 'POST /numbers', () => {
    const isNew = trace.minute >= releaseMinute;
    const serviceVersion = isNew ? newVersion : oldVersion;
    const store = (): void => {
      const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT' };
      trace.span({ service: 'backend', name: 'INSERT numbers', kind: 'client', attributes, serviceVersion }, () => {
        trace.work(1.2, 0.2);
        if (!isNew || !random.chance(0.25)) return;
        trace.work(400, 20);
        throw new Failure('canceling statement due to lock timeout');
      });
    };
    trace.request('frontend', 'backend', 'POST /numbers', store, serviceVersion);
  });
}
