import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type RefusalKind, refusals } from './refusal.js';

/** OTLP specification, "Retryable Response Codes". */
const retryableHttp = new Set([429, 502, 503, 504]);
const retryableGrpc = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

describe('every refusal', () => {
  it.each<RefusalKind>(Object.values(refusals))('$code means the same on both protocols', (kind) => {
    const retry = kind.retryAfterSeconds !== undefined;
    expect(retryableHttp.has(kind.httpStatus)).toBe(retry);
    // RESOURCE_EXHAUSTED is retryable just when it carries a RetryInfo, as it does with retryAfterSeconds.
    expect(kind.grpcStatus === status.RESOURCE_EXHAUSTED ? retry : retryableGrpc.has(kind.grpcStatus)).toBe(retry);
  });

  it('has a code of its own', () => {
    const codes = Object.values(refusals).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
