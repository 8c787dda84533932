import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { FailureEpisode, reasonOf } from './failure-episode.js';

let nowMs: number;
let lines: string[];
let episode: FailureEpisode;

beforeEach(() => {
  nowMs = Date.parse('2026-03-29T12:00:00Z');
  lines = [];
  const write = (text: string): void => void lines.push(text);
  episode = new FailureEpisode({ warn: write, log: write }, () => nowMs);
});

function databaseError(code: string, message: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = code;
  return new Error('The transaction failed', { cause: error });
}

const diskFull = databaseError('53100', 'could not extend file "base/5/16384": No space left on device');

describe('an episode of failed writes', () => {
  it('is logged with its cause at the beginning, and with duration and refused requests at the end', () => {
    for (let second = 0; second < 45; second += 1) {
      episode.fail(diskFull, 2);
      nowMs += 1000;
    }
    episode.succeed();
    episode.succeed();
    expect(lines).toEqual([
      'Writes fail: The database is out of disk space (could not extend file "base/5/16384": No space left on device)',
      'Writes work again after 45 s, in which 90 requests were refused; the cause was: The database is out of disk space',
    ]);
  });

  it('is logged again when the cause changes', () => {
    episode.fail(databaseError('55P03', 'canceling statement due to lock timeout'), 1);
    episode.fail(diskFull, 1);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('out of disk space');
  });

  it('reports since when writes fail, until the last failure is long ago', () => {
    episode.fail(diskFull, 1);
    nowMs += 10_000;
    episode.fail(diskFull, 3);
    expect(episode.ongoing).toEqual({
      code: 'disk-full',
      message: 'The database is out of disk space',
      since: new Date('2026-03-29T12:00:00Z'),
      refusedRequests: 4,
    });
    nowMs += 31_000;
    expect(episode.ongoing).toBeUndefined();
    expect(lines).toHaveLength(1);
  });

  it('needs more than one transaction that was cancelled, timed out or in conflict', () => {
    episode.fail(databaseError('57014', 'canceling statement due to statement timeout'), 1);
    expect(episode.ongoing).toBeUndefined();
    episode.fail(databaseError('57014', 'canceling statement due to statement timeout'), 1);
    expect(episode.ongoing?.code).toBe('statement-timeout');
  });
});

describe('the reason of a failure', () => {
  it('is the message of its root cause', () => {
    expect(reasonOf(diskFull)).toContain('No space left on device');
    expect(reasonOf(new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('and 127.0.0.1')]))).toBe(
      'connect ECONNREFUSED ::1:5432; and 127.0.0.1',
    );
    expect(reasonOf('text')).toBe('text');
  });
});
