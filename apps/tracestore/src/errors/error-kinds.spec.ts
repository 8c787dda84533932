import { readFileSync } from 'node:fs';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { errorKinds, type ErrorKind } from './error-kinds.js';

/** OTLP specification, "Retryable Response Codes". */
const retryableHttp = new Set([429, 502, 503, 504]);
const retryableGrpc = new Set([
  grpcStatus.CANCELLED,
  grpcStatus.DEADLINE_EXCEEDED,
  grpcStatus.ABORTED,
  grpcStatus.OUT_OF_RANGE,
  grpcStatus.UNAVAILABLE,
  grpcStatus.DATA_LOSS,
]);

/** Errors that OTLP never responds with. */
const notOfOtlp: ReadonlySet<ErrorKind> = new Set([
  errorKinds.cancelled,
  errorKinds.timedOut,
  errorKinds.noReader,
  errorKinds.tooManyAttempts,
]);

describe('the table of errors', () => {
  it.each(Object.values<ErrorKind>(errorKinds).filter((kind) => !notOfOtlp.has(kind)))(
    'says the same about a retry of $code over HTTP and gRPC',
    (kind) => {
      const retry = kind.retryAfterS !== undefined;
      expect(retryableHttp.has(kind.status)).toBe(retry);
      // RESOURCE_EXHAUSTED is retryable if it carries a RetryInfo, as it does with retryAfterS.
      expect(kind.grpcStatus === grpcStatus.RESOURCE_EXHAUSTED ? retry : retryableGrpc.has(kind.grpcStatus)).toBe(
        retry,
      );
    },
  );

  it('has a different code for each error', () => {
    const codes = Object.values(errorKinds).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('agrees with the responses in docs/ingest.md', () => {
    const page = readFileSync(new URL('../../../../docs/ingest.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([\w-]+)` +\| +(\d*|–) +\| +(.*?) +\| +(never|\d+ s) +\|/gm)];
    expect(rows.length).toBeGreaterThan(10);
    const kinds = Object.values<ErrorKind>(errorKinds);
    const expected = rows.map(([, code, http = '', grpc = '']) => {
      const kind = kinds.find((each) => each.code === code);
      return [
        code,
        // Some errors have no response in one of the protocols.
        /^\d/.test(http) ? String(kind?.status) : http,
        grpc in grpcStatus ? grpcStatus[kind?.grpcStatus ?? 0] : grpc,
        kind?.retryAfterS === undefined ? 'never' : `${kind.retryAfterS} s`,
      ];
    });
    expect(rows.map((row) => row.slice(1))).toEqual(expected);
  });
});
