import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { classifyFailure, DatabaseUnavailableError, problemOf } from './database-failure.js';

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

describe('the kind of a problem', () => {
  it.each([
    ['53100', 'disk-full'],
    ['53200', 'out-of-memory'],
    ['53300', 'too-many-connections'],
    ['55P03', 'lock-timeout'],
    ['57014', 'statement-timeout'],
    ['40P01', 'conflict'],
    ['25006', 'read-only'],
    ['57P03', 'starting-or-stopping'],
    ['28P01', 'sign-in'],
    ['3D000', 'missing'],
    ['42P01', 'missing'],
    ['42501', 'no-right'],
    ['58030', 'io-error'],
    ['0A000', 'other'],
  ])('with SQLSTATE %s is %s', (code, expected) => {
    expect(problemOf(databaseError(code)).code).toBe(expected);
  });

  it.each([
    [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }), 'connection-refused'],
    [new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]), 'connection-refused'],
    [Object.assign(new Error('getaddrinfo ENOTFOUND database'), { code: 'ENOTFOUND' }), 'unknown-host'],
    [new Error('timeout expired'), 'no-answer'],
    [new Error('Connection terminated unexpectedly'), 'connection-lost'],
    [new Error('no more connections allowed (max_client_conn)'), 'too-many-connections'],
    ['no error at all', 'other'],
  ])('of %s is %s', (error, expected) => {
    expect(problemOf(error).code).toBe(expected);
  });

  it('is looked for in the causes of an error', () => {
    const wrapped = new DatabaseUnavailableError('No connection to the database', { cause: databaseError('53300') });
    expect(problemOf(wrapped).code).toBe('too-many-connections');
  });

  it('names neither host nor role nor value', () => {
    const error = new pg.DatabaseError('password authentication failed for user "secret"', 0, 'error');
    error.code = '28P01';
    expect(problemOf(error).message).not.toContain('secret');
  });
});
