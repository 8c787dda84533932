import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** `sendParts` of JSON. */
export function sendJsonParts(
  reply: FastifyReply,
  parts: AsyncGenerator<string, void, undefined>,
): Promise<FastifyReply> {
  return sendParts(reply, 'application/json', parts);
}

/**
 * Sends a response while it is produced, as fast as the client reads. An error before the first part is thrown. A later error
 * breaks the connection, so that the client cannot mistake a part for the whole.
 *
 * @param parts of the text or of the bytes, at least one
 */
export async function sendParts(
  reply: FastifyReply,
  contentType: string,
  parts: AsyncGenerator<string | Uint8Array, void, undefined>,
): Promise<FastifyReply> {
  const first = await parts.next();
  // Fastify destroys the connection with a stream that fails.
  const body = Readable.from(
    (async function* () {
      // Bytes that wait for the client are not on the heap.
      if (first.done !== true) yield bytesOf(first.value);
      for await (const part of parts) yield bytesOf(part);
    })(),
    { objectMode: true, highWaterMark: 1 },
  );
  return reply.type(contentType).send(body);
}

function bytesOf(part: string | Uint8Array): Buffer {
  return typeof part === 'string' ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
}
