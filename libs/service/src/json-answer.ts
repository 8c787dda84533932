import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Sends JSON while it is produced, as fast as the client reads. An error before the first part is thrown. A later error
 * breaks the connection, so that the client cannot mistake a part for the whole.
 *
 * @param parts of the text, at least one
 */
export async function sendJsonParts(
  reply: FastifyReply,
  parts: AsyncGenerator<string, void, undefined>,
): Promise<FastifyReply> {
  const first = await parts.next();
  // Fastify destroys the connection with a stream that fails.
  const body = Readable.from(
    (async function* () {
      // Bytes that wait for the client are not on the heap.
      if (first.done !== true) yield Buffer.from(first.value);
      for await (const part of parts) yield Buffer.from(part);
    })(),
    { objectMode: true, highWaterMark: 1 },
  );
  return reply.type('application/json').send(body);
}
