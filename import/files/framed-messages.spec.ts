import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readFramedMessages } from './framed-messages.ts';

const frame = (message: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
};

async function messagesOf(bytes: Buffer, chunkBytes: number): Promise<readonly string[]> {
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  };
  const messages: string[] = [];
  for await (const message of readFramedMessages(chunks(), 1_000)) messages.push(message.toString());
  return messages;
}

describe.each([1, 3, 1_000])('readFramedMessages with chunks of %i bytes', (chunkBytes) => {
  it('reads plain, compressed and empty messages', async () => {
    const file = [Buffer.from('one'), Buffer.alloc(0), zstdCompressSync(Buffer.from('two'))].map(frame);
    expect(await messagesOf(Buffer.concat(file), chunkBytes)).toEqual(['one', '', 'two']);
  });

  it.each([
    [Buffer.from([0, 0, 0, 5, 1]), 'ends within the message at byte 0'],
    [Buffer.from([0, 0, 9, 0]), 'has 2304 bytes, more than 1000'],
    [frame(zstdCompressSync(Buffer.alloc(2_000))), 'cannot be decompressed'],
    [frame(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1])), 'cannot be decompressed'],
  ])('rejects a damaged file', async (file, message) => {
    await expect(messagesOf(file, chunkBytes)).rejects.toThrow(message);
  });
});
