/** Judges responses: whether tracestore may send them, and what they say about the spans of the request. */
import { fromBinary } from '@bufbuild/protobuf';
import type { ExchangeResult } from './exchange-result.ts';
import type { FuzzRequest } from './requests.ts';
import { ExportTraceServiceResponseSchema } from './schemas.ts';

/** The judgement of one response. */
export interface Judgement {
  /** The status for the table, or the failure without one. */
  readonly outcome: string;
  readonly spans: 'acknowledged' | 'refused' | 'unknown';
  readonly rejectedSpans: number;
  /** The reason for rejected spans in the response. */
  readonly rejection: string;
  readonly violations: readonly { readonly kind: string; readonly detail: string }[];
  /** Refused as undecodable. */
  readonly isRefusedAsUndecodable: boolean;
}

const stackTrace = /\bat [^\n]{0,300}\.[cm]?[jt]s:\d+/;

/** gRPC statuses that report an internal error. */
const serverErrors: ReadonlyMap<number, string> = new Map([
  [2, 'UNKNOWN'],
  [13, 'INTERNAL'],
  [15, 'DATA_LOSS'],
]);

/** Whether an HTTP status reports an internal error: any 5xx except 503, 504, and 501 or 505 for an unusual head. */
function isServerError(status: number, protocol: string): boolean {
  const mayBeUnsupported = protocol === 'http' && (status === 501 || status === 505);
  return status >= 500 && status !== 503 && status !== 504 && !mayBeUnsupported;
}

/** Judges one response. */
export function judge(protocol: string, request: FuzzRequest, result: ExchangeResult): Judgement {
  switch (result.kind) {
    case 'http':
      return judgeHttp(protocol, request, result);
    case 'grpc':
      return judgeGrpc(protocol, request, result);
    case 'hung':
      return withoutResponse('hung', [{ kind: `${protocol}: no response in time`, detail: '' }]);
    case 'aborted':
      return withoutResponse('aborted', []);
    case 'closed':
      return withoutResponse(
        'closed',
        request.needsResponse ? [{ kind: `${protocol}: closed without a response`, detail: result.detail }] : [],
      );
    default:
      return result satisfies never;
  }
}

function withoutResponse(outcome: string, violations: Judgement['violations']): Judgement {
  return { outcome, spans: 'unknown', rejectedSpans: 0, rejection: '', violations, isRefusedAsUndecodable: false };
}

function judgeHttp(
  protocol: string,
  request: FuzzRequest,
  result: Extract<ExchangeResult, { kind: 'http' }>,
): Judgement {
  const { status, headers, body } = result;
  const violations: { kind: string; detail: string }[] = [];
  const text = status >= 400 ? body.toString('utf8', 0, 4_000) : '';
  const report = (kind: string, detail = text): void => void violations.push({ kind: `${protocol}: ${kind}`, detail });
  if (isServerError(status, protocol)) report(`response ${status}`);
  // 504 has no Retry-After: a statement that timed out would time out again.
  if (status === 503 && !headers.has('retry-after')) report('503 without Retry-After');
  if (status < 100 || Number.isNaN(status)) report('no status', body.toString('latin1', 0, 200));
  if (stackTrace.test(text)) report('stack trace in the response');
  if (request.forbidden !== undefined && status < 300) report(`accepted a ${request.forbidden}`);
  if (request.isConsoleApi === true && status < 300) {
    if (headers.get('x-content-type-options') !== 'nosniff') report('API response without nosniff', '');
    if (!(headers.get('cache-control') ?? '').includes('no-store')) report('API response without no-store', '');
  }
  const isJson = headers.get('content-type')?.includes('json') === true;
  if (isJson && body.length > 0 && body.length < 1_000_000 && !isParsable(body)) {
    report('invalid JSON in the response', body.toString('utf8', 0, 200));
  }
  let partial = { rejectedSpans: 0, rejection: '' };
  if (status === 200 && request.content !== undefined) {
    try {
      partial = partialSuccessOf(body, isJson);
    } catch (error) {
      report('acknowledged with an undecodable response', String(error));
    }
  }
  return {
    outcome: String(status),
    spans: status === 200 ? 'acknowledged' : status === 503 || status >= 500 ? 'unknown' : 'refused',
    ...partial,
    violations,
    isRefusedAsUndecodable: status === 400,
  };
}

function judgeGrpc(
  protocol: string,
  request: FuzzRequest,
  result: Extract<ExchangeResult, { kind: 'grpc' }>,
): Judgement {
  const { status, httpStatus, message, body } = result;
  const violations: { kind: string; detail: string }[] = [];
  const text = decoded(message);
  const report = (kind: string, detail = text): void => void violations.push({ kind: `${protocol}: ${kind}`, detail });
  const name = status === undefined ? undefined : serverErrors.get(status);
  if (name !== undefined) report(`response ${name}`);
  if (httpStatus >= 500) report(`response ${httpStatus}`);
  if (stackTrace.test(text)) report('stack trace in the response');
  if (status === undefined && request.needsResponse) report('response without grpc-status', String(httpStatus));
  let partial = { rejectedSpans: 0, rejection: '' };
  if (status === 0 && request.content !== undefined) {
    try {
      partial = partialSuccessOf(body.subarray(5), false);
    } catch (error) {
      report('acknowledged with an undecodable response', String(error));
    }
  }
  return {
    outcome: status === undefined ? `HTTP ${httpStatus}` : `grpc ${status}`,
    spans: status === 0 ? 'acknowledged' : status === 3 || status === 8 || status === 12 ? 'refused' : 'unknown',
    ...partial,
    violations,
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
