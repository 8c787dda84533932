import { zstdDecompressSync } from 'node:zlib';
import { TraceFileError } from '@spandrel/trace-files';

/*
 * The Collector's file exporter writes protobuf, and everything that it compresses by message, as a length of 4 bytes
 * (big-endian) and the message. A message that is compressed begins with the magic number of zstd.
 */

const lengthBytes = 4;
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * Splits a stream of messages with lengths, and decompresses them.
 *
 * @param maxBytes of a message, before and after decompression
 * @throws TraceFileError if a length is too large or the stream ends within a message
 */
export async function* readFramedMessages(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let pending: Buffer[] = [];
  let length = 0;
  let offset = 0;
  /** The bytes that are needed before anything can be read. */
  let needed = lengthBytes;
  for await (const chunk of chunks) {
    pending.push(chunk);
    length += chunk.length;
    if (length < needed) continue;
    let bytes = Buffer.concat(pending, length);
    for (;;) {
      if (bytes.length < lengthBytes) {
        needed = lengthBytes;
        break;
      }
      const size = bytes.readUInt32BE(0);
      if (size > maxBytes) {
        throw new TraceFileError(
          `the message at byte ${offset} has ${size} bytes, more than ${maxBytes}: the file is neither JSON nor OTLP with lengths of 4 bytes`,
        );
      }
      needed = lengthBytes + size;
      if (bytes.length < needed) break;
      yield decompressed(bytes.subarray(lengthBytes, needed), maxBytes, offset);
      bytes = bytes.subarray(needed);
      offset += needed;
    }
    pending = [bytes];
    length = bytes.length;
  }
  if (length > 0) throw new TraceFileError(`the file ends within the message at byte ${offset}: it is not complete`);
}

function decompressed(message: Buffer, maxBytes: number, offset: number): Buffer<ArrayBuffer> {
  if (!message.subarray(0, zstdMagic.length).equals(zstdMagic)) return Buffer.from(message);
  try {
    return Buffer.from(zstdDecompressSync(message, { maxOutputLength: maxBytes }));
  } catch (cause) {
    throw new TraceFileError(`the message at byte ${offset} cannot be decompressed: ${String(cause)}`, { cause });
  }
}
