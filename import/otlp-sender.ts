import { setTimeout as sleep } from 'node:timers/promises';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { OtlpRequest } from './otlp-requests.ts';

/** What tracestore answered, when it will not answer otherwise to the same request. */
export type Answer =
  | { readonly is: 'stored'; readonly isRepeat: boolean; readonly rejectedSpans: number; readonly message: string }
  | { readonly is: 'refused'; readonly message: string };

/** The import cannot go on. The message says why. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

export interface SenderOptions {
  /** The URL of OTLP over HTTP, with its path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long requests are retried without any success. */
  readonly giveUpMs: number;
  /** Aborts requests and waits. */
  readonly signal: AbortSignal;
  /** Called when a request has to wait, with the reason. */
  readonly onWait: (reason: string, waitMs: number) => void;
}

/** Retrying helps (OTLP specification, "Failures" of OTLP/HTTP). */
const retryableStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);
/** The address or the credentials are wrong, for every request. */
const fatalStatuses: ReadonlySet<number> = new Set([301, 302, 307, 308, 401, 403, 404, 405, 415]);

const requestTimeoutMs = 120_000;
const firstWaitMs = 500;
const maxWaitMs = 30_000;
const maxAnswerBytes = 1024 * 1024;

const contentTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const;

/** Sends requests to tracestore over HTTP and repeats those that it is too busy for. */
export class OtlpSender {
  private lastSuccessMs = performance.now();

  private readonly options: SenderOptions;

  constructor(options: SenderOptions) {
    this.options = options;
  }

  /**
   * Sends a request until it has a final answer.
   *
   * @throws ImportError if the URL is not that of OTLP, or nothing succeeded for `giveUpMs`
   * @throws the reason of the signal
   */
  async send(request: OtlpRequest): Promise<Answer> {
    const { signal, giveUpMs, onWait, url } = this.options;
    const startedAtMs = performance.now();
    for (let tries = 0; ; tries += 1) {
      const attempt = await this.attempt(request);
      if (attempt.is !== 'retry') {
        this.lastSuccessMs = performance.now();
        return attempt;
      }
      if (performance.now() - Math.max(startedAtMs, this.lastSuccessMs) > giveUpMs) {
        throw new ImportError(`${url} has accepted nothing for ${Math.round(giveUpMs / 1_000)} s: ${attempt.reason}`);
      }
      const waitMs = attempt.afterMs ?? Math.min(firstWaitMs * 2 ** Math.min(tries, 10), maxWaitMs);
      onWait(attempt.reason, waitMs);
      await sleep(waitMs, undefined, { signal });
    }
  }

  private async attempt({
    body,
    encoding,
  }: OtlpRequest): Promise<Answer | { readonly is: 'retry'; readonly reason: string; readonly afterMs?: number }> {
    const { url, headers, signal } = this.options;
    let response: Response;
    let answer: Buffer;
    try {
      response = await fetch(url, {
        method: 'POST',
        body,
        headers: { ...headers, 'content-type': contentTypes[encoding] },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
      answer = await readAnswer(response);
    } catch (error) {
      signal.throwIfAborted();
      return { is: 'retry', reason: causeOf(error) };
    }
    const { status } = response;
    if (status === 200) {
      const { rejectedSpans, message } = partialSuccessOf(answer, encoding);
      return {
        is: 'stored',
        isRepeat: response.headers.get('tracestore-stored-before') === 'true',
        rejectedSpans,
        message,
      };
    }
    const message = `${status} ${statusMessageOf(answer, encoding, response.headers.get('content-type') ?? '')}`.trim();
    if (retryableStatuses.has(status)) {
      const afterMs = retryAfterMs(response.headers.get('retry-after'));
      return { is: 'retry', reason: message, ...(afterMs !== undefined && { afterMs }) };
    }
    if (fatalStatuses.has(status)) throw new ImportError(`${url} is not OTLP over HTTP of a tracestore: ${message}`);
    return { is: 'refused', message };
  }
}

/** Milliseconds of a header Retry-After, which has seconds or a date; undefined if it has neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), 10 * 60_000);
}

async function readAnswer(response: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) throw new Error('the response has more than 1 MiB');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** ExportTraceServiceResponse: partial_success = 1 { rejected_spans = 1, error_message = 2 }. */
function partialSuccessOf(
  answer: Buffer,
  encoding: OtlpRequest['encoding'],
): { readonly rejectedSpans: number; readonly message: string } {
  if (encoding === 'json') {
    const { partialSuccess } = JSON.parse(answer.toString() || '{}') as {
      readonly partialSuccess?: { readonly rejectedSpans?: string | number; readonly errorMessage?: string };
    };
    return {
      rejectedSpans: Number(partialSuccess?.rejectedSpans ?? 0),
      message: partialSuccess?.errorMessage ?? '',
    };
  }
  let rejectedSpans = 0;
  let message = '';
  for (const [field, value] of fieldsOf(answer)) {
    if (field !== 1 || !(value instanceof Uint8Array)) continue;
    for (const [inner, content] of fieldsOf(value)) {
      if (inner === 1 && typeof content === 'bigint') rejectedSpans = Number(content);
      if (inner === 2 && content instanceof Uint8Array) message = Buffer.from(content).toString();
    }
  }
  return { rejectedSpans, message };
}

/** The message of a google.rpc.Status (message = 2), or the beginning of a text. */
function statusMessageOf(answer: Buffer, encoding: OtlpRequest['encoding'], contentType: string): string {
  try {
    if (contentType.startsWith(contentTypes.protobuf) && encoding === 'protobuf') {
      const found = fieldsOf(answer).find(([field]) => field === 2)?.[1];
      return found instanceof Uint8Array ? Buffer.from(found).toString() : '';
    }
    const { message, title, detail } = JSON.parse(answer.toString()) as Readonly<Record<string, string | undefined>>;
    return message ?? [title, detail].filter(Boolean).join(': ');
  } catch {
    return answer.toString().slice(0, 200);
  }
}

function fieldsOf(bytes: Uint8Array): readonly (readonly [field: number, value: Uint8Array | bigint])[] {
  const reader = new BinaryReader(bytes);
  const fields: (readonly [number, Uint8Array | bigint])[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) fields.push([field, reader.bytes()]);
    else if (wireType === 0) fields.push([field, BigInt(reader.int64())]);
    else reader.skip(wireType);
  }
  return fields;
}

/** fetch hides the reason of a failed connection. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}
