import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Content, ContentCache } from './content-cache.js';

it('a content cache holds only the memory of its contents, whatever is allocated between them', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // The first collection frees buffers on another thread, and the second one waits for it.
  const collectGarbage = (): void => [gc, gc].forEach((collect) => collect());
  const contents = 1_000;
  const contentBytes = 100;
  const cache = new ContentCache<{ readonly bytes: number }>(contents, 2 ** 30);
  const source = Buffer.allocUnsafeSlow(contentBytes).fill(1);
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const schemaUrl = Buffer.from('https://example.com/schema');
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let nr = 0; nr < contents; nr++) {
    source.writeUInt32LE(nr, 0);
    cache.add({ source, view, start: 0, end: contentBytes, schemaUrl }, { bytes: 0 });
    // A request takes buffers from Node's pool.
    for (let taken = 0; taken < Buffer.poolSize; taken += 1_000) Buffer.allocUnsafe(1_000);
  }
  collectGarbage();
  const kept = process.memoryUsage().arrayBuffers - before;
  expect(cache.find({ source, view, start: 0, end: contentBytes, schemaUrl })).toEqual({ bytes: 0 });
  expect(kept).toBeLessThan(10 * contents * contentBytes);
});

it('a content cache tells contents apart by their bytes and their schema URL', () => {
  const cache = new ContentCache<{ readonly bytes: number; readonly name: string }>(10, 1_000);
  const source = Buffer.from('aabb');
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const content = (start: number, end: number, schemaUrl: string): Content => {
    return { source, view, start, end, schemaUrl: Buffer.from(schemaUrl) };
  };
  cache.add(content(0, 2, ''), { bytes: 0, name: 'aa' });
  cache.add(content(0, 2, 'bb'), { bytes: 0, name: 'aa of bb' });
  expect(cache.find(content(0, 2, ''))?.name).toBe('aa');
  expect(cache.find(content(0, 2, 'bb'))?.name).toBe('aa of bb');
  expect(cache.find(content(0, 4, ''))).toBeUndefined();
  expect(cache.find(content(2, 4, 'bb'))).toBeUndefined();
});
