import { randomBytes } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { readTracestoreConfig } from '../config/tracestore.config.js';
import { AdmissionService, type Reservation } from './admission.service.js';
import { type Compression, inflate as inflateOf } from './inflate.js';
import { GrowingBytes } from './request-body.js';

const mebibyte = 1024 * 1024;
const text = Buffer.from('many spans in one request, and '.repeat(10_000));
const ofKind = (code: string): unknown => expect.objectContaining({ kind: expect.objectContaining({ code }) });

const local = '127.0.0.1';

function inflate(
  compressed: Buffer,
  compression: Compression,
  maxBytes: number,
  reservation: Reservation,
): Promise<Buffer> {
  return inflateOf(compressed, compression, maxBytes, reservation, local);
}

function openLease(maxBytesInFlight = 64 * mebibyte): Reservation {
  const admission = new AdmissionService({ ...readTracestoreConfig({}), maxBytesInFlight }, new IngestMetricsService());
  // A second request, because one that is alone always has room.
  admission.open(local).grow(maxBytesInFlight / 4);
  return admission.open(local);
}

const compressors: readonly (readonly [string, Compression, (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['zstd', 'zstd', zstdCompressSync],
];

describe.each(compressors)('%s', (_name, compression, compress) => {
  it.each([0, 1, 100, text.length])('decompresses %i bytes', async (length) => {
    const bytes = text.subarray(0, length);
    expect(await inflate(compress(bytes), compression, mebibyte, openLease())).toEqual(bytes);
  });

  it('decompresses a body that is written to the decoder in parts', async () => {
    const bytes = Buffer.concat([randomBytes(mebibyte + 1), Buffer.alloc(3 * mebibyte, text), randomBytes(mebibyte)]);
    expect((await inflate(compress(bytes), compression, 8 * mebibyte, openLease())).equals(bytes)).toBe(true);
  });

  it.each([0, 1, 3, 10, -100, -9, -1])('is undecodable when it is truncated at %i', async (end) => {
    const cut = compress(text).subarray(0, end);
    await expect(inflate(cut, compression, mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });

  it('is undecodable when other bytes follow', async () => {
    const compressed = Buffer.concat([compress(text), Buffer.from('something else')]);
    await expect(inflate(compressed, compression, mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });

  it('stops at the limit, whatever the size of the result would be', async () => {
    const bomb = compress(Buffer.alloc(64 * mebibyte));
    const reservation = openLease();
    let held = 0;
    const watched: Reservation = {
      ...reservation,
      grow: (bytes) => {
        held += bytes;
        reservation.grow(bytes);
      },
    };
    await expect(inflate(bomb, compression, 2 * mebibyte, watched)).rejects.toEqual(ofKind('too-large'));
    expect(held).toBeLessThanOrEqual(2 * mebibyte);
  });

  it('never holds a result twice', async () => {
    const reservation = openLease(256 * mebibyte);
    let held = 0;
    let mostHeld = 0;
    const watched: Reservation = {
      ...reservation,
      grow: (bytes) => (mostHeld = Math.max(mostHeld, (held += bytes))),
      shrink: (bytes) => (held -= bytes),
    };
    const whole = await inflate(compress(Buffer.alloc(8 * mebibyte, text)), compression, 64 * mebibyte, watched);
    expect(whole.equals(Buffer.alloc(8 * mebibyte, text))).toBe(true);
    expect(mostHeld).toBe(whole.length);
  });

  it('stops when the reservation has no room', async () => {
    const bomb = compress(Buffer.alloc(64 * mebibyte));
    await expect(inflate(bomb, compression, 64 * mebibyte, openLease(4 * mebibyte))).rejects.toEqual(
      ofKind('overloaded'),
    );
  });
});

describe('a body that is compressed in parts', () => {
  it.each<readonly [Compression, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('is decompressed completely: %s', async (compression, compress) => {
    const parts = [text.subarray(0, 1_000), Buffer.alloc(0), text.subarray(1_000, 1_001), text.subarray(1_001)];
    expect(await inflate(Buffer.concat(parts.map(compress)), compression, mebibyte, openLease())).toEqual(text);
  });

  it('is refused when it has too many parts without content', async () => {
    const frames = Buffer.concat(Array.from({ length: 2_000 }, () => zstdCompressSync(Buffer.alloc(0))));
    await expect(inflate(frames, 'zstd', mebibyte, openLease())).rejects.toEqual(ofKind('undecodable'));
  });
});

describe('GrowingBytes of unknown length', () => {
  it('copies at most 16 MiB at once when its buffer grows', () => {
    const bytes = new GrowingBytes(openLease(256 * mebibyte), 64 * mebibyte);
    const capacities = new Set<number>();
    for (let count = 0; count < 40; count++) {
      bytes.append(Buffer.alloc(mebibyte, count));
      capacities.add(bytes.view().buffer.byteLength / mebibyte);
    }
    expect([...capacities]).toEqual([1, 2, 4, 8, 16, 64]);
    expect([...bytes.view().subarray(39 * mebibyte, 39 * mebibyte + 2)]).toEqual([39, 39]);
  });
});

describe('many zip bombs', { timeout: 30_000 }, () => {
  it.each(compressors)('of %s do not delay a small body', async (_name, compression, compress) => {
    const bomb = compress(Buffer.alloc(4 * mebibyte));
    const reservation = openLease(4096 * mebibyte);
    const settled: string[] = [];
    const bombs = Array.from({ length: 12 }, () =>
      inflate(bomb, compression, 64 * mebibyte, reservation).then(() => settled.push('bomb')),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    await inflateOf(compress(text), compression, 64 * mebibyte, openLease(), '192.0.2.1');
    settled.push('small');
    await Promise.all(bombs);
    // Two are decompressed at once, so some bombs may be finished before it arrives.
    expect(settled.indexOf('small')).toBeLessThan(4);
    expect(settled).toHaveLength(13);
  });

  it('that decompress to nothing do not delay a small body either', async () => {
    const empty = gzipSync(Buffer.alloc(0));
    const members = Buffer.alloc(200_000 * empty.length, empty);
    const reservation = openLease(4096 * mebibyte);
    let over = 0;
    const work = Array.from({ length: 8 }, () =>
      inflate(members, 'gzip', 64 * mebibyte, reservation).then((body) => {
        over += 1;
        return body;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    await inflate(gzipSync(text), 'gzip', mebibyte, openLease());
    expect(over).toBeLessThan(4);
    expect((await Promise.all(work)).map((body) => body.length)).toEqual(Array.from({ length: 8 }, () => 0));
  });
});
