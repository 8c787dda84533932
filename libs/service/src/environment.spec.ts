import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeVariables, EnvironmentError, parseEnvironment, variable } from './environment.js';

const shape = {
  PORT: variable.port(3001),
  UPSTREAM_URL: variable.url(['http', 'https'], 'http://127.0.0.1:3002'),
  DATABASE_URL: variable.url(['postgres']),
  LOG_LEVEL: variable.oneOf(['info', 'debug'], 'info'),
  TIMEOUT_MS: variable.integer(100, 1, 1000, 'ms'),
};

describe('parseEnvironment', () => {
  it('fills in defaults, also for a variable with an empty value', () => {
    expect(parseEnvironment(shape, { environment: { DATABASE_URL: 'postgres://db/x', PORT: '' } })).toEqual({
      PORT: 3001,
      UPSTREAM_URL: 'http://127.0.0.1:3002',
      DATABASE_URL: 'postgres://db/x',
      LOG_LEVEL: 'info',
      TIMEOUT_MS: 100,
    });
  });

  it('lists every invalid variable with its value and what it must be', () => {
    const environment = { PORT: '70000', UPSTREAM_URL: 'ftp://x', LOG_LEVEL: 'loud', TIMEOUT_MS: '1.5' };
    const parse = () => parseEnvironment(shape, { environment });
    expect(parse).toThrow(EnvironmentError);
    expect(parse).toThrow(
      [
        'The environment has 5 errors:',
        '  PORT must be a TCP port from 1 to 65535, got "70000"',
        '  UPSTREAM_URL must be a URL that starts with http:// or https://, got "ftp://x"',
        '  DATABASE_URL must be a URL that starts with postgres://, but is not set',
        '  LOG_LEVEL must be one of info, debug, got "loud"',
        '  TIMEOUT_MS must be an integer from 1 to 1000 (ms), got "1.5"',
      ].join('\n'),
    );
  });

  it.each([
    'mysql://user:s3cret@db/x',
    'mysql://user:p@s3cret@db/x',
    'mysql://s3cret@db/x',
    'mysql://db/x?password=s3cret',
    'mysql://db/x?sslkey=/etc/s3cret',
    'postgres://user:s3cret@db:99999/x',
    'postgres//user:s3cret@db/x',
    'host=db password=s3cret',
    's3cret',
  ])('shows nothing of the secret %s', (DATABASE_URL) => {
    const parse = () => parseEnvironment({ DATABASE_URL: variable.databaseUrl() }, { environment: { DATABASE_URL } });
    expect(parse).toThrow('DATABASE_URL must be a URL that starts with postgres:// or postgresql://, got a value that');
    expect(parse).not.toThrow('s3cret');
  });

  it.each(['ftp://user:s3cret@host/', 'ftp://s3cret@host/', 'ftp://host/?token=s3cret', 'host password=s3cret'])(
    'shows nothing of the URL %s, which may contain a password',
    (UPSTREAM_URL) => {
      const environment = { UPSTREAM_URL, DATABASE_URL: 'postgres://db/x' };
      const parse = () => parseEnvironment(shape, { environment });
      expect(parse).toThrow('http:// or https://, got a value that is not shown');
      expect(parse).not.toThrow('s3cret');
    },
  );

  it('shows nothing of a secret among several invalid values, whatever was derived from its schema', () => {
    const token = variable.secret(z.string().min(16, 'must be longer'), { value: 'a token' }).describe('The token.');
    const parse = () => parseEnvironment({ ...shape, TOKEN: token }, { environment: { TOKEN: 's3cret' } });
    expect(parse).toThrow('  TOKEN must be longer, got a value that is not shown');
    expect(parse).not.toThrow('s3cret');
  });

  describe('with a rule about two variables', () => {
    const rule = {
      variables: ['PORT', 'TIMEOUT_MS'] as const,
      check: ({ PORT, TIMEOUT_MS }: { readonly PORT: number; readonly TIMEOUT_MS: number }) =>
        PORT < TIMEOUT_MS ? { variable: 'PORT', message: `must be at least ${TIMEOUT_MS}` } : undefined,
    };
    const parse = (environment: Readonly<Record<string, string>>) => () =>
      parseEnvironment(shape, { environment: { DATABASE_URL: 'postgres://db/x', ...environment }, rules: [rule] });

    it('accepts what satisfies the rule', () => {
      expect(parse({ PORT: '100' })()).toMatchObject({ PORT: 100 });
    });

    it('lists what violates the rule together with invalid values', () => {
      expect(parse({ PORT: '99', LOG_LEVEL: 'loud' })).toThrow(
        'The environment has 2 errors:\n  LOG_LEVEL must be one of info, debug, got "loud"\n  PORT must be at least 100',
      );
    });

    it('skips the rule if one of its variables is invalid', () => {
      expect(parse({ PORT: '99', TIMEOUT_MS: '0' })).toThrow(/^The environment has 1 error:\n {2}TIMEOUT_MS/);
    });
  });
});

describe('describeVariables', () => {
  it('returns value, default and meaning', () => {
    expect(
      describeVariables({
        TIMEOUT_MS: shape.TIMEOUT_MS.describe('Maximum time.'),
        DATABASE_URL: variable.databaseUrl().describe('The database.'),
        FILE: variable.path('/opt/x.json', '`x.json`').describe('A file.'),
      }),
    ).toEqual([
      { name: 'TIMEOUT_MS', value: 'an integer from 1 to 1000 (ms)', defaultText: '100', meaning: 'Maximum time.' },
      {
        name: 'DATABASE_URL',
        value: 'a URL that starts with postgres:// or postgresql://',
        defaultText: undefined,
        meaning: 'The database.',
      },
      { name: 'FILE', value: 'a path of a file', defaultText: '`x.json`', meaning: 'A file.' },
    ]);
  });

  it('refuses a variable without a description', () => {
    expect(() => describeVariables({ PORT: shape.PORT })).toThrow('PORT has no description');
  });
});
