import { create, createRegistry, toBinary, toJson } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { Encoding } from './encoding.js';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import type { TracestoreError } from '../errors/tracestore-error.js';

const registry = createRegistry(RetryInfoSchema);

/**
 * Encodes a refusal as google.rpc.Status, with RetryInfo when a retry makes sense. It is the body of an HTTP response;
 * in protobuf it is also the value of the gRPC trailer `grpc-status-details-bin`.
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
