import { describe, expect, it } from 'vitest';
import { SharedEntries } from './dictionary-entries.js';

describe('SharedEntries', () => {
  it('forget an entry a minute after it was read', () => {
    let nowMs = 0;
    const entries = new SharedEntries<string>(() => nowMs);
    entries.add('1', 'one', 10);
    nowMs = 60_000;
    expect(entries.get('1')?.entry).toBe('one');
    nowMs = 60_001;
    expect(entries.get('1')).toBeUndefined();
    entries.add('1', 'new', 10);
    expect(entries.get('1')?.entry).toBe('new');
  });

  it('hold 4 MiB, and forget the entries that were read first', () => {
    const entries = new SharedEntries<number>(() => 0);
    for (let n = 0; n < 100; n += 1) entries.add(String(n), n, 64 * 1024);
    const held = Array.from({ length: 100 }, (_, n) => n).filter((n) => entries.get(String(n)) !== undefined);
    expect(held).toEqual(Array.from({ length: 64 }, (_, n) => n + 36));
  });

  it('leave out an entry of more than 64 KiB', () => {
    const entries = new SharedEntries<string>(() => 0);
    entries.add('1', 'large', 64 * 1024 + 1);
    expect(entries.get('1')).toBeUndefined();
  });
});
