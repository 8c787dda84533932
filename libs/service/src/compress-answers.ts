import { pipeline, Readable, type Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { acceptedEncoding } from './accepted-encoding.js';

/** A shorter answer fits into one packet in any case. */
const leastBytes = 1_400;

/** Answers that are compressed at a time, in bytes. Further ones are sent as they are, so that none waits for others. */
const mostBytesAtOnce = 64 * 1024 * 1024;

/**
 * For JSON of 3 MB, brotli of this quality takes half the time of gzip's default and is as small; higher qualities take ten
 * times as long for 4 % less. A small window keeps the memory of one compression below 1 MB. Parts of a stream are flushed, so
 * that a client gets them when they are made.
 */
const compressors = {
  br: (): Transform =>
    createBrotliCompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 18 },
    }),
  gzip: (): Transform => createGzip({ flush: constants.Z_SYNC_FLUSH, level: 1 }),
} as const;

/**
 * Compresses JSON answers of a server if the client accepts it.
 *
 * The length of a compressed answer depends on its content. The attack BREACH guesses a secret of an answer from its length: it
 * needs answers that have a secret of the server beside text of the attacker, and a browser that requests them for the
 * attacker's page with the user's cookie. No answer contains a session or a token; the cookie is `SameSite=Strict`, and the
 * server refuses requests of other sites. So answers about the user's own data are compressed like any file.
 *
 * @param paths the beginnings of paths whose answers are compressed
 */
export function compressAnswers(fastify: FastifyInstance, paths: readonly string[]): void {
  let bytesAtOnce = 0;
  fastify.addHook('onSend', async (request, reply, payload: unknown) => {
    if (request.method === 'HEAD' || !paths.some((path) => request.url.startsWith(path))) return payload;
    if (!/^application\/(?:[\w.+-]+\+)?json\b/.test(String(reply.getHeader('content-type')))) return payload;
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'accept-encoding' : `${String(vary)}, accept-encoding`);
    const isStream = payload instanceof Readable;
    const isBytes = typeof payload === 'string' || Buffer.isBuffer(payload);
    if ((!isStream && !isBytes) || reply.hasHeader('content-encoding')) return payload;
    const bytes = isStream ? 0 : Buffer.byteLength(payload);
    if (!isStream && (bytes < leastBytes || bytesAtOnce + bytes > mostBytesAtOnce)) return payload;
    const encoding = acceptedEncoding(request.headers['accept-encoding'], ['br', 'gzip']);
    if (encoding === undefined) return payload;
    const compressor = compressors[encoding]();
    reply.header('content-encoding', encoding);
    reply.removeHeader('content-length');
    if (isStream) {
      // An error of the answer destroys the compressor, and Fastify then the connection, as without compression. A client that
      // leaves destroys the compressor, and that ends the answer.
      return pipeline(payload, compressor, () => undefined);
    }
    bytesAtOnce += bytes;
    try {
      compressor.end(payload);
      return await buffer(compressor);
    } finally {
      bytesAtOnce -= bytes;
    }
  });
}
