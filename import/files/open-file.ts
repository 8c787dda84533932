import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

const chunkBytes = 1024 * 1024;
const headBytes = 64 * 1024;

/** A file that is read once, decompressed if it is gzip or zstd as a whole. */
export interface OpenedFile {
  /** The digest of the beginning: whether a file of this name is still the same. */
  readonly head: string;
  readonly chunks: AsyncIterable<Buffer>;
}

/** @param knownHead of an earlier run, whose file may have been shorter @throws Error if the file cannot be read */
export async function openFile(file: string, knownHead?: string): Promise<OpenedFile> {
  const handle = await open(file);
  try {
    const wanted = knownHead === undefined ? headBytes : Math.min(headBytes, Number(knownHead.split(':')[0]));
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, 0);
    const begin = buffer.subarray(0, bytesRead);
    const head = `${bytesRead}:${createHash('sha256').update(begin).digest('hex')}`;
    return { head, chunks: chunksOf(file, begin) };
  } finally {
    await handle.close();
  }
}

async function* chunksOf(file: string, begin: Buffer): AsyncGenerator<Buffer> {
  const stream = createReadStream(file, { highWaterMark: chunkBytes });
  const decoder = decoderOf(begin);
  // The error of either stream ends the iteration.
  if (decoder !== undefined) pipeline(stream, decoder, () => undefined);
  yield* decoder ?? stream;
}

function decoderOf(begin: Buffer): Transform | undefined {
  const magic = begin.subarray(0, 4).toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip({ chunkSize: chunkBytes });
  if (magic === '28b52ffd') return createZstdDecompress({ chunkSize: chunkBytes });
  return undefined;
}

/**
 * Reads the first chunk.
 *
 * @returns its first byte, undefined for an empty stream, and all chunks
 */
export async function peek(
  chunks: AsyncIterable<Buffer>,
): Promise<{ readonly firstByte: number | undefined; readonly chunks: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const all = async function* (): AsyncGenerator<Buffer> {
    if (first.done === true) return;
    yield first.value;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  return { firstByte: first.done === true ? undefined : first.value[0], chunks: all() };
}

/** Whether a stream with this first byte is JSON: a message with a length that begins so would have 160 MB and more. */
export function isJson(firstByte: number | undefined): boolean {
  return firstByte === undefined || firstByte <= 0x20 ? firstByte !== 0 : [0x5b, 0x7b, 0xef].includes(firstByte);
}
