import { connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { type Status, StatusSchema } from '../../../apps/tracestore/src/gen/google/rpc/status_pb.js';

/** A gRPC response as received. */
export interface GrpcResponse {
  readonly httpStatus: number;
  /** undefined when the response is not gRPC. */
  readonly grpcStatus: number | undefined;
  readonly status: Status | undefined;
  readonly acceptedEncodings: string | undefined;
  /** Includes the gRPC prefix. */
  readonly message: Buffer;
}

export interface GrpcCallOptions {
  readonly headers?: OutgoingHttpHeaders;
  /** false: the request is not ended. */
  readonly end?: boolean;
}

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** Frames a message with its gRPC prefix. */
export function grpcFrame(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/**
 * Makes a call on a new connection, with bytes that no library would send. Resolves with the response.
 *
 * @param pieces written one by one
 */
export async function callGrpc(
  address: string,
  pieces: readonly Buffer[],
  { headers = {}, end = true }: GrpcCallOptions = {},
): Promise<GrpcResponse> {
  // The client of Node resets streams when it holds more than this many megabytes to send.
  const session = connect(`http://${address}`, { maxSessionMemory: 1_000 });
  try {
    return await new Promise<GrpcResponse>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request(
        { ':method': 'POST', ':path': exportPath, 'content-type': 'application/grpc', te: 'trailers', ...headers },
        { endStream: false },
      );
      const received: Record<string, string | undefined> = {};
      const message: Buffer[] = [];
      const collect = (some: object): unknown => Object.assign(received, some);
      stream.on('response', collect).on('trailers', collect);
      stream.on('data', (data: Buffer) => message.push(data));
      stream.on('error', reject);
      const settle = (): void => {
        if (stream.rstCode === constants.NGHTTP2_NO_ERROR) resolve(responseOf(received, Buffer.concat(message)));
        else reject(new Error(`The stream was reset with ${stream.rstCode}`));
      };
      // A stream with a response before the end of the request may never close.
      stream.on('end', settle).on('close', settle);
      for (const piece of pieces) stream.write(piece);
      if (end) stream.end();
    });
  } finally {
    session.destroy();
  }
}

function responseOf(headers: Readonly<Record<string, string | undefined>>, message: Buffer): GrpcResponse {
  const details = headers['grpc-status-details-bin'];
  return {
    httpStatus: Number(headers[':status']),
    grpcStatus: headers['grpc-status'] === undefined ? undefined : Number(headers['grpc-status']),
    status: details === undefined ? undefined : fromBinary(StatusSchema, Buffer.from(details, 'base64')),
    acceptedEncodings: headers['grpc-accept-encoding'],
    message,
  };
}
