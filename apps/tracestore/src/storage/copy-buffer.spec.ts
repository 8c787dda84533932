import { describe, expect, it } from 'vitest';
import { CopyBuffer } from './copy-buffer.js';

const mebibyte = 1024 * 1024;

describe('CopyBuffer', () => {
  it('has small chunks, also when rows take more than was reserved for them', () => {
    const buffer = new CopyBuffer(mebibyte);
    const rows = 40;
    for (let row = 0; row < rows; row++) {
      buffer.reserveRow(1024);
      for (let part = 0; part < 3; part++) {
        buffer.reserve(mebibyte);
        buffer.bytes.fill(row, buffer.position, buffer.position + mebibyte);
        buffer.position += mebibyte;
      }
    }
    const chunks = buffer.chunks();
    expect(buffer.length).toBe(rows * 3 * mebibyte);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(8 * mebibyte);
    const all = Buffer.concat(chunks);
    for (let row = 0; row < rows; row++) expect(all[row * 3 * mebibyte]).toBe(row);
  });
});
