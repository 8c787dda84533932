import { type CorpusOptions, makeCorpus } from '../corpus/corpus.ts';

/*
 * The corpus as requests that can be sent repeatedly, each time with other bytes and the same spans. A field that OTLP
 * does not define, fixed64 number 1999, follows the message and contains a counter. So the ledger treats each one as a new
 * request, and protobuf decoders skip the field.
 */
const tag = Buffer.from([0xf9, 0x7c]);
const nonceBytes = 8;

/** The prefix of a message in gRPC: a byte that says whether it is compressed, and its length. */
const grpcPrefixBytes = 5;

/** One request in one buffer, both with and without its gRPC prefix. */
export interface ResendableRequest {
  readonly body: Buffer;
  readonly grpcMessage: Buffer;
  readonly spanCount: number;
}

export function makeRequests(options: CorpusOptions): readonly ResendableRequest[] {
  return Array.from(makeCorpus(options), ({ bytes, spanCount }) => {
    const length = bytes.length + tag.length + nonceBytes;
    const grpcMessage = Buffer.alloc(grpcPrefixBytes + length);
    grpcMessage.writeUInt32BE(length, 1);
    grpcMessage.set(bytes, grpcPrefixBytes);
    grpcMessage.set(tag, grpcPrefixBytes + bytes.length);
    return { body: grpcMessage.subarray(grpcPrefixBytes), grpcMessage, spanCount };
  });
}

/** Changes the bytes of a request in place. It must not be in flight. */
export function renew({ body }: ResendableRequest): void {
  sent += 1n;
  body.writeBigUInt64LE((processPart << 40n) | sent, body.length - nonceBytes);
}

/** Different in each process, so that two processes never send the same bytes. */
const processPart = BigInt(process.pid);
let sent = 0n;
