import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fromBinary, fromJsonString, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { callGrpc, grpcFrame } from './grpc-wire.js';
import type { RunningTracestore } from './running-tracestore.js';

/** Sends a request over one protocol and encoding. */
export type Send = (
  store: RunningTracestore,
  request: ExportTraceServiceRequest,
) => Promise<ExportTraceServiceResponse>;

/** Every combination of protocol, encoding and compression that a Collector can use. */
export const waysToSend: Readonly<Record<string, Send>> = {
  gRPC: (store, request) => sendGrpc(store.grpcAddress, encodeProtobuf(request)),
  'gRPC with gzip': (store, request) => sendGrpc(store.grpcAddress, encodeProtobuf(request), { gzip: true }),
  'gRPC with zstd': (store, request) => sendGrpcWithZstd(store.grpcAddress, encodeProtobuf(request)),
  'HTTP with protobuf': (store, request) => sendProtobuf(store, encodeProtobuf(request), {}),
  'HTTP with protobuf and gzip': (store, request) =>
    sendProtobuf(store, gzipSync(encodeProtobuf(request)), { 'content-encoding': 'gzip' }),
  'HTTP with protobuf and deflate': (store, request) =>
    sendProtobuf(store, deflateSync(encodeProtobuf(request)), { 'content-encoding': 'deflate' }),
  'HTTP with protobuf and zstd': (store, request) =>
    sendProtobuf(store, zstdCompressSync(encodeProtobuf(request)), { 'content-encoding': 'zstd' }),
  'HTTP with JSON': (store, request) => sendJson(store, Buffer.from(encodeJson(request)), {}),
  'HTTP with JSON and gzip': (store, request) =>
    sendJson(store, gzipSync(encodeJson(request)), { 'content-encoding': 'gzip' }),
};

export function encodeProtobuf(request: ExportTraceServiceRequest): Buffer {
  return Buffer.from(toBinary(ExportTraceServiceRequestSchema, request));
}

/** Encodes OTLP's JSON: like protobuf's, but with ids in hex and enumerations as integers. */
export function encodeJson(request: ExportTraceServiceRequest): string {
  const idFields = new Set(['traceId', 'spanId', 'parentSpanId']);
  const json: JsonValue = toJson(ExportTraceServiceRequestSchema, request, { enumAsInteger: true });
  return JSON.stringify(json, (key, value: unknown) => {
    // JSON.stringify writes -0 as 0.
    if (Object.is(value, -0)) return '-0';
    return idFields.has(key) && typeof value === 'string'
      ? Buffer.from(value, 'base64').toString('hex').toUpperCase()
      : value;
  });
}

/** Sends bytes by POST. @returns the response, whatever its status */
export async function post(
  url: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>>,
  method = 'POST',
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Buffer }> {
  const response = await fetch(url, { method, headers, ...(method === 'GET' ? {} : { body: Buffer.from(body) }) });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

async function sendProtobuf(
  { tracesUrl }: RunningTracestore,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<ExportTraceServiceResponse> {
  const answer = await post(tracesUrl, body, { 'content-type': 'application/x-protobuf', ...headers });
  if (answer.status !== 200 || answer.headers.get('content-type') !== 'application/x-protobuf') {
    throw new Error(`${answer.status} ${answer.headers.get('content-type')} ${answer.body.toString()}`);
  }
  return fromBinary(ExportTraceServiceResponseSchema, answer.body);
}

async function sendJson(
  { tracesUrl }: RunningTracestore,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<ExportTraceServiceResponse> {
  const answer = await post(tracesUrl, body, { 'content-type': 'application/json', ...headers });
  if (answer.status !== 200 || answer.headers.get('content-type')?.startsWith('application/json') !== true) {
    throw new Error(`${answer.status} ${answer.headers.get('content-type')} ${answer.body.toString()}`);
  }
  return fromJsonString(ExportTraceServiceResponseSchema, answer.body.toString());
}

/** @throws ServiceError of grpc-js when the status is not OK */
export async function sendGrpc(
  address: string,
  message: Buffer,
  { gzip = false }: { readonly gzip?: boolean } = {},
): Promise<ExportTraceServiceResponse> {
  const client = new Client(address, credentials.createInsecure(), {
    // 2 is gzip in the enumeration of grpc-js.
    'grpc.default_compression_algorithm': gzip ? 2 : 0,
    'grpc.max_send_message_length': -1,
  });
  try {
    return await new Promise<ExportTraceServiceResponse>((resolve, reject) => {
      client.makeUnaryRequest(
        '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => fromBinary(ExportTraceServiceResponseSchema, bytes),
        message,
        (error: ServiceError | null, response?: ExportTraceServiceResponse) => {
          if (response === undefined) reject(error ?? new Error('neither error nor response'));
          else resolve(response);
        },
      );
    });
  } finally {
    client.close();
  }
}

/** Sends a request compressed with zstd, as a Collector can and grpc-js cannot. */
async function sendGrpcWithZstd(address: string, message: Buffer): Promise<ExportTraceServiceResponse> {
  const answer = await callGrpc(address, [grpcFrame(zstdCompressSync(message), 1)], {
    headers: { 'grpc-encoding': 'zstd' },
  });
  if (answer.grpcStatus !== 0) throw new Error(`${answer.grpcStatus} ${answer.status?.message}`);
  return fromBinary(ExportTraceServiceResponseSchema, answer.message.subarray(5));
}
