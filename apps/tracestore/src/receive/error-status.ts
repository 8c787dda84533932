import { create, createRegistry, toBinary, toJson } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { Encoding } from './encoding.js';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import type { TracestoreError } from '../errors/tracestore-error.js';

const registry = createRegistry(RetryInfoSchema);

/**
 * The google.rpc.Status of a refusal, with a RetryInfo when the request may be sent again: the body of an HTTP answer,
 * and in protobuf what gRPC sends as `grpc-status-details-bin`.
 */
export function encodeStatus({ kind, message }: TracestoreError, encoding: Encoding): Buffer {
  const retryAfterS = kind.retryAfterS;
  const status = create(StatusSchema, {
    code: kind.grpcStatus,
    message,
    details:
      retryAfterS === undefined
        ? []
        : [anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: BigInt(retryAfterS) } }))],
  });
  return encoding === 'json'
    ? Buffer.from(JSON.stringify(toJson(StatusSchema, status, { registry })))
    : Buffer.from(toBinary(StatusSchema, status));
}
