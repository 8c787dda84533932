import { setTimeout as sleep } from 'node:timers/promises';
import { type RecordedSpan, recordingMinutes, recordSpans } from './recording.ts';

const spansPerRequest = 2_000;
const attempts = 10;
const minuteMs = 60_000;

/** What was sent. */
export interface SentRecording {
  readonly spanCount: number;
  readonly start: Date;
  readonly end: Date;
}

/**
 * When the recording starts if it is loaded now: so that it has just ended, on a multiple of five minutes. Two loads
 * within five minutes send the same bytes, which tracestore stores once.
 *
 * @param nowMs milliseconds since 1970
 * @returns milliseconds since 1970
 */
export function startOfRecording(nowMs: number): number {
  const fiveMinutesMs = 5 * minuteMs;
  return Math.floor((nowMs - recordingMinutes * minuteMs) / fiveMinutesMs) * fiveMinutesMs;
}

/**
 * Sends the recording, shifted to `startMs`, as OTLP/JSON.
 *
 * @param endpoint the address of OTLP/HTTP without a path, such as http://localhost:4318
 * @throws Error when the endpoint refuses a request, or cannot be reached in about 20 s
 */
export async function sendRecording(endpoint: string, startMs: number): Promise<SentRecording> {
  const spans = recordSpans();
  for (let first = 0; first < spans.length; first += spansPerRequest) {
    await post(`${endpoint}/v1/traces`, requestOf(spans.slice(first, first + spansPerRequest), startMs));
  }
  return { spanCount: spans.length, start: new Date(startMs), end: new Date(startMs + recordingMinutes * minuteMs) };
}

async function post(url: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let problem: string;
    try {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const text = await response.text();
      if (response.ok) return;
      problem = `${url} answers ${response.status}: ${text.slice(0, 300)}`;
      if (![429, 502, 503, 504].includes(response.status)) throw new Error(problem);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      problem = `${url} does not answer: is npm start running?`;
    }
    if (attempt === attempts) throw new Error(problem);
    await sleep(2_000);
  }
}

const kindNumbers: Readonly<Record<RecordedSpan['kind'], number>> = { internal: 1, server: 2, client: 3 };

/** The JSON of an ExportTraceServiceRequest. */
function requestOf(spans: readonly RecordedSpan[], startMs: number): string {
  const resources = Map.groupBy(spans, ({ service, serviceVersion }) => `${service} ${serviceVersion}`);
  const resourceSpans = [...resources.values()].map((own) => ({
    resource: {
      attributes: attributesOf({
        'service.name': own[0]?.service ?? '',
        'service.version': own[0]?.serviceVersion ?? '',
        'service.namespace': 'workshop',
      }),
    },
    scopeSpans: [{ scope: { name: 'workshop' }, spans: own.map((span) => spanOf(span, startMs)) }],
  }));
  return JSON.stringify({ resourceSpans });
}

function spanOf(span: RecordedSpan, startMs: number): object {
  const { spanId, parentSpanId, name, kind, startUs, endUs, attributes, error } = span;
  return {
    traceId: traceIdOf(span, startMs),
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: kindNumbers[kind],
    startTimeUnixNano: unixNano(startMs, startUs),
    endTimeUnixNano: unixNano(startMs, endUs),
    attributes: attributesOf(attributes),
    ...(error === undefined ? {} : { status: { code: 2, message: error } }),
  };
}

/** 32 hex digits. Another start makes other traces, so that two loads do not mix. */
function traceIdOf({ traceId }: RecordedSpan, startMs: number): string {
  return `${startMs.toString(16).padStart(16, '0')}${traceId}`;
}

function unixNano(startMs: number, us: number): string {
  return String(BigInt(startMs) * 1_000_000n + BigInt(us) * 1_000n);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));
}
