import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Aborted when whoever asked is gone before the answer is whole. */
export function abortSignalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/**
 * Sends JSON as it is made, as fast as the client takes it. What fails before the first part is thrown; what fails later
 * breaks the connection, so that nobody takes a part for the whole.
 *
 * @param parts of the text, never none
 */
export async function sendJsonParts(
  reply: FastifyReply,
  parts: AsyncGenerator<string, void, undefined>,
): Promise<FastifyReply> {
  const first = await parts.next();
  // Fastify destroys the connection with a stream that fails.
  const body = Readable.from(
    (async function* () {
      if (first.done !== true) yield first.value;
      yield* parts;
    })(),
    { objectMode: true, highWaterMark: 1 },
  );
  return reply.type('application/json').send(body);
}
