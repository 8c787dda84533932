import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** An OTLP/HTTP receiver that counts spans and stores none, for measurements of exporters. */
export interface SpanSink {
  readonly url: string;
  readonly spanCount: () => number;
  close(): void;
}

export async function startSpanSink(): Promise<SpanSink> {
  let spans = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      spans += countMessages(Buffer.concat(chunks), pathToSpans);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spanCount: () => spans, close: () => server.close() };
}

/** Field numbers from an ExportTraceServiceRequest to its spans: resource_spans, scope_spans, spans. */
const pathToSpans = [1, 2, 2] as const;

export function countMessages(message: Uint8Array, [field, ...below]: readonly number[]): number {
  if (field === undefined) return 1;
  let count = 0;
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === field) count += countMessages(reader.bytes(), below);
    else reader.skip(wireType, number);
  }
  return count;
}
