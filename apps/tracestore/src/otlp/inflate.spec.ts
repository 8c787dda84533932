import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { readTracestoreConfig } from '../tracestore.config.js';
import { AdmissionService, type Lease } from './admission.service.js';
import { type Compression, inflate } from './inflate.js';

const mebibyte = 1024 * 1024;
const text = Buffer.from('many spans in one request, and '.repeat(10_000));
const ofKind = (code: string): unknown => expect.objectContaining({ kind: expect.objectContaining({ code }) });

function openLease(maxBytesInFlight = 64 * mebibyte): Lease {
  const admission = new AdmissionService({ ...readTracestoreConfig({}), maxBytesInFlight }, new IngestMetricsService());
  // Another, as a request that is alone always has room.
  admission.open('127.0.0.1').grow(maxBytesInFlight / 4);
  return admission.open('127.0.0.1');
}

const compressors: readonly (readonly [string, Compression, (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['zstd', 'zstd', zstdCompressSync],
];

describe.each(compressors)('%s', (_name, compression, compress) => {
  it.each([0, 1, 100, text.length])('gives %i bytes back', async (length) => {
    const bytes = text.subarray(0, length);
    expect(await inflate(compress(bytes), compression, mebibyte, openLease())).toEqual(bytes);
  });

  it.each([0, 1, 3, 10, -100, -9, -1])('is undecodable when it is cut off at %i', async (end) => {
    const cut = compress(text).subarray(0, end);
    await expect(inflate(cut, compression, mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });

  it('is undecodable when something else follows', async () => {
    const compressed = Buffer.concat([compress(text), Buffer.from('something else')]);
    await expect(inflate(compressed, compression, mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });

  it('is stopped above the limit, however much it would be', async () => {
    const bomb = compress(Buffer.alloc(64 * mebibyte));
    const lease = openLease();
    let held = 0;
    const watched: Lease = {
      ...lease,
      grow: (bytes) => {
        held += bytes;
        lease.grow(bytes);
      },
    };
    await expect(inflate(bomb, compression, 2 * mebibyte, watched)).rejects.toEqual(ofKind('too-large'));
    expect(held).toBeLessThanOrEqual(2 * mebibyte);
  });

  it('is stopped where there is no room', async () => {
    const bomb = compress(Buffer.alloc(64 * mebibyte));
    await expect(inflate(bomb, compression, 64 * mebibyte, openLease(4 * mebibyte))).rejects.toEqual(
      ofKind('overloaded'),
    );
  });
});

describe('what is compressed in parts', () => {
  it.each<readonly [Compression, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('comes back whole from %s', async (compression, compress) => {
    const parts = [text.subarray(0, 1_000), Buffer.alloc(0), text.subarray(1_000, 1_001), text.subarray(1_001)];
    expect(await inflate(Buffer.concat(parts.map(compress)), compression, mebibyte, openLease())).toEqual(text);
  });

  it('is refused when the parts are for nothing but work', async () => {
    const frames = Buffer.concat(Array.from({ length: 2_000 }, () => zstdCompressSync(Buffer.alloc(0))));
    await expect(inflate(frames, 'zstd', mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });
});
