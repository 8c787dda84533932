/** Whether an answer is one that tracestore may give, and what it says of the request's spans. */
import { fromBinary } from '@bufbuild/protobuf';
import type { Answer } from './answers.ts';
import type { FuzzRequest } from './requests.ts';
import { ExportTraceServiceResponseSchema } from './schemas.ts';

/** What an answer comes to. */
export interface Judgement {
  /** For the table: a status, or what came instead of one. */
  readonly outcome: string;
  readonly spans: 'acknowledged' | 'refused' | 'unknown';
  readonly rejectedSpans: number;
  /** Why spans were rejected, as the answer says it. */
  readonly rejection: string;
  readonly faults: readonly { readonly kind: string; readonly detail: string }[];
  /** Refused as nothing that can be decoded. */
  readonly isRefusedAsUndecodable: boolean;
}

const stackTrace = /\bat [^\n]{0,300}\.[cm]?[jt]s:\d+/;

/** Statuses of gRPC by which a server says that the fault is its own. */
const ownFaults: ReadonlyMap<number, string> = new Map([
  [2, 'UNKNOWN'],
  [13, 'INTERNAL'],
  [15, 'DATA_LOSS'],
]);

/** Of HTTP by which it says so, but for an overload or a time that is over. */
function isOwnFault(status: number, protocol: string): boolean {
  const mayBeUnsupported = protocol === 'http' && (status === 501 || status === 505);
  return status >= 500 && status !== 503 && status !== 504 && !mayBeUnsupported;
}

/** Judges one answer. */
export function judge(protocol: string, request: FuzzRequest, answer: Answer): Judgement {
  switch (answer.kind) {
    case 'http':
      return judgeHttp(protocol, request, answer);
    case 'grpc':
      return judgeGrpc(protocol, request, answer);
    case 'hung':
      return withoutAnswer('hung', [{ kind: `${protocol}: no answer in time`, detail: '' }]);
    case 'aborted':
      return withoutAnswer('aborted', []);
    case 'closed':
      return withoutAnswer(
        'closed',
        request.mustBeAnswered ? [{ kind: `${protocol}: ended without an answer`, detail: answer.detail }] : [],
      );
    default:
      return answer satisfies never;
  }
}

function withoutAnswer(outcome: string, faults: Judgement['faults']): Judgement {
  return { outcome, spans: 'unknown', rejectedSpans: 0, rejection: '', faults, isRefusedAsUndecodable: false };
}

function judgeHttp(protocol: string, request: FuzzRequest, answer: Extract<Answer, { kind: 'http' }>): Judgement {
  const { status, headers, body } = answer;
  const faults: { kind: string; detail: string }[] = [];
  const text = status >= 400 ? body.toString('utf8', 0, 4_000) : '';
  const fault = (kind: string, detail = text): void => void faults.push({ kind: `${protocol}: ${kind}`, detail });
  if (isOwnFault(status, protocol)) fault(`answered with ${status}`);
  // A statement that took too long (504) does so again: when to retry it is not for the server to say.
  if (status === 503 && !headers.has('retry-after')) fault('503 without Retry-After');
  if (status < 100 || Number.isNaN(status)) fault('no status', body.toString('latin1', 0, 200));
  if (stackTrace.test(text)) fault('answered with a stack trace');
  if (request.mustBeRefused !== undefined && status < 300) fault(`took a ${request.mustBeRefused}`);
  if (request.isConsoleApi === true && status < 300) {
    if (headers.get('x-content-type-options') !== 'nosniff') fault('answer of the API without nosniff', '');
    if (!(headers.get('cache-control') ?? '').includes('no-store')) fault('answer of the API without no-store', '');
  }
  const isJson = headers.get('content-type')?.includes('json') === true;
  if (isJson && body.length > 0 && body.length < 1_000_000 && !isParsable(body)) {
    fault('answered with broken JSON', body.toString('utf8', 0, 200));
  }
  let partial = { rejectedSpans: 0, rejection: '' };
  if (status === 200 && request.content !== undefined) {
    try {
      partial = partialSuccessOf(body, isJson);
    } catch (error) {
      fault('acknowledged with an answer that cannot be decoded', String(error));
    }
  }
  return {
    outcome: String(status),
    spans: status === 200 ? 'acknowledged' : status === 503 || status >= 500 ? 'unknown' : 'refused',
    ...partial,
    faults,
    isRefusedAsUndecodable: status === 400,
  };
}

function judgeGrpc(protocol: string, request: FuzzRequest, answer: Extract<Answer, { kind: 'grpc' }>): Judgement {
  const { status, httpStatus, message, body } = answer;
  const faults: { kind: string; detail: string }[] = [];
  const text = decoded(message);
  const fault = (kind: string, detail = text): void => void faults.push({ kind: `${protocol}: ${kind}`, detail });
  const name = status === undefined ? undefined : ownFaults.get(status);
  if (name !== undefined) fault(`answered with ${name}`);
  if (httpStatus >= 500) fault(`answered with ${httpStatus}`);
  if (stackTrace.test(text)) fault('answered with a stack trace');
  if (status === undefined && request.mustBeAnswered) fault('answered without grpc-status', String(httpStatus));
  let partial = { rejectedSpans: 0, rejection: '' };
  if (status === 0 && request.content !== undefined) {
    try {
      partial = partialSuccessOf(body.subarray(5), false);
    } catch (error) {
      fault('acknowledged with an answer that cannot be decoded', String(error));
    }
  }
  return {
    outcome: status === undefined ? `HTTP ${httpStatus}` : `grpc ${status}`,
    spans: status === 0 ? 'acknowledged' : status === 3 || status === 8 || status === 12 ? 'refused' : 'unknown',
    ...partial,
    faults,
    isRefusedAsUndecodable: status === 3,
  };
}

function partialSuccessOf(body: Buffer, isJson: boolean): Pick<Judgement, 'rejectedSpans' | 'rejection'> {
  const { partialSuccess } = isJson
    ? (JSON.parse(body.toString()) as {
        readonly partialSuccess?: { readonly rejectedSpans?: unknown; readonly errorMessage?: unknown };
      })
    : fromBinary(ExportTraceServiceResponseSchema, body);
  return {
    rejectedSpans: Number(partialSuccess?.rejectedSpans ?? 0),
    rejection: String(partialSuccess?.errorMessage ?? ''),
  };
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function isParsable(body: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return true;
  } catch {
    return false;
  }
}
