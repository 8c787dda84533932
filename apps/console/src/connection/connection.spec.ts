import { beforeEach, describe, expect, it, vi } from 'vitest';
import { currentConnection, missingIn, noteMissing, noteResponse } from './connection.ts';

const startMs = 1_700_000_000_000;

describe('the connection', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: startMs });
    noteResponse(true);
  });

  it('keeps the time of the last response for the whole outage', () => {
    vi.advanceTimersByTime(5_000);
    noteMissing('tracestore');
    vi.advanceTimersByTime(60_000);
    noteMissing('database');
    expect(currentConnection()).toEqual({ missing: 'database', staleSinceMs: startMs });
    noteResponse(true);
    expect(currentConnection()).toEqual({ missing: undefined, staleSinceMs: undefined });
  });

  it('is not back with a response that needs no database', () => {
    noteMissing('database');
    noteResponse();
    expect(currentConnection().missing).toBe('database');
    noteMissing('tracestore');
    noteResponse();
    expect(currentConnection().missing).toBeUndefined();
  });

  it.each([
    [502, undefined, 'tracestore'],
    [504, 'about:blank', 'tracestore'],
    [503, 'urn:spandrel:problem:unavailable', 'database'],
    [503, 'urn:spandrel:problem:busy', undefined],
    [404, 'about:blank', undefined],
  ])('takes status %d of type %j as missing %j', (status, type, missing) => {
    expect(missingIn(status, type)).toBe(missing);
  });
});
