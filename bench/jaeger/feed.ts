import { makeCorpusAside } from '../queries/corpus-thread.ts';
import { corpusOf, type LoadedSpans } from '../queries/loaded-store.ts';
import { openGrpcSender } from '../write/otlp-sender.ts';

const requestsInFlight = 4;
const prefixBytes = 5;

/** Sends the spans of a loaded store to a port with OTLP over gRPC. */
export async function feed(port: number, loaded: LoadedSpans, say: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  const sender = openGrpcSender(port);
  const underWay = new Set<Promise<void>>();
  try {
    for await (const { bytes, spanCount } of makeCorpusAside(corpusOf(loaded))) {
      if (underWay.size >= requestsInFlight) await Promise.race(underWay);
      const grpcMessage = Buffer.alloc(prefixBytes + bytes.length);
      grpcMessage.writeUInt32BE(bytes.length, 1);
      grpcMessage.set(bytes, prefixBytes);
      const body = grpcMessage.subarray(prefixBytes);
      const done = sender.send({ body, grpcMessage, spanCount }).then(() => void underWay.delete(done));
      underWay.add(done);
    }
    await Promise.all(underWay);
  } finally {
    sender.close();
  }
  say(`${loaded.spans} spans accepted in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}
