import { type CorpusOptions, makeCorpus } from '../corpus/corpus.ts';

/*
 * The corpus as requests that can be sent over and over, each time with other bytes and the same spans: behind the
 * message stands a field that OTLP does not have, fixed64 number 1999, which holds a count. A store that
 * recognises retries has to take every one for a new request, and one that knows its protobuf skips the field.
 */
const tag = Buffer.from([0xf9, 0x7c]);
const nonceBytes = 8;

/** gRPC puts in front of a message: a byte that says whether it is compressed, and its length. */
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

/** Makes a request another one, in place: it must not be on its way. */
export function renew({ body }: ResendableRequest): void {
  sent += 1n;
  body.writeBigUInt64LE((processPart << 40n) | sent, body.length - nonceBytes);
}

/** Two processes never send the same. */
const processPart = BigInt(process.pid);
let sent = 0n;
