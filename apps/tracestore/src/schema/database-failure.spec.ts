import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { classifyFailure } from './database-failure.js';

function databaseError(code: string): Error {
  const error = new pg.DatabaseError('failed', 0, 'error');
  error.code = code;
  return error;
}

describe('a failure of the database', () => {
  it.each([
    ['08006', 'away'],
    ['28P01', 'away'],
    ['3D000', 'away'],
    ['42P01', 'away'],
    ['57P01', 'away'],
    ['57P03', 'away'],
    ['40P01', 'transient'],
    ['53100', 'transient'],
    ['57014', 'transient'],
    ['25006', 'transient'],
    ['22021', 'refused'],
    ['23505', 'refused'],
    ['54000', 'refused'],
  ])('with SQLSTATE %s is %s', (code, expected) => {
    expect(classifyFailure(databaseError(code))).toBe(expected);
  });

  it('of the connection is away, and a fault of this program is not worth another try', () => {
    expect(classifyFailure(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe('away');
    expect(classifyFailure(new TypeError('undefined is not a function'))).toBe('refused');
  });
});
