import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fromBinary, fromJsonString, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { callGrpc, grpcFrame } from './grpc-wire.ts';
import type { RunningTracestore } from './running-tracestore.ts';

/** Sends a request with one protocol, encoding and compression. */
export type Send = (
  store: RunningTracestore,
  request: ExportTraceServiceRequest,
) => Promise<ExportTraceServiceResponse>;

/** All protocols, encodings and compressions of a Collector. */
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

/** OTLP JSON: the JSON of protobuf with hex ids and integer enum values. */
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

/** POSTs bytes and returns the response with any status. */
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
  const response = await post(tracesUrl, body, { 'content-type': 'application/x-protobuf', ...headers });
  if (response.status !== 200 || response.headers.get('content-type') !== 'application/x-protobuf') {
    throw new Error(`${response.status} ${response.headers.get('content-type')} ${response.body.toString()}`);
  }
  return fromBinary(ExportTraceServiceResponseSchema, response.body);
}

async function sendJson(
  { tracesUrl }: RunningTracestore,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<ExportTraceServiceResponse> {
  const response = await post(tracesUrl, body, { 'content-type': 'application/json', ...headers });
  if (response.status !== 200 || response.headers.get('content-type')?.startsWith('application/json') !== true) {
    throw new Error(`${response.status} ${response.headers.get('content-type')} ${response.body.toString()}`);
  }
  return fromJsonString(ExportTraceServiceResponseSchema, response.body.toString());
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

/** Compresses with zstd, as a Collector does and grpc-js cannot. */
async function sendGrpcWithZstd(address: string, message: Buffer): Promise<ExportTraceServiceResponse> {
  const response = await callGrpc(address, [grpcFrame(zstdCompressSync(message), 1)], {
    headers: { 'grpc-encoding': 'zstd' },
  });
  if (response.grpcStatus !== 0) throw new Error(`${response.grpcStatus} ${response.status?.message}`);
  return fromBinary(ExportTraceServiceResponseSchema, response.message.subarray(5));
}
