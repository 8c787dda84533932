import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EnvironmentError, parseEnvironment, variable } from './environment.js';

const shape = {
  PORT: variable.port(3001),
  UPSTREAM_URL: variable.url(['http', 'https'], 'http://127.0.0.1:3002'),
  DATABASE_URL: variable.url(['postgres']),
  LOG_LEVEL: variable.oneOf(['info', 'debug'], 'info'),
  TIMEOUT_MS: variable.integer(100, 1, 1000),
};

describe('parseEnvironment', () => {
  it('fills in defaults, also for a variable that is set to nothing', () => {
    expect(parseEnvironment(shape, { DATABASE_URL: 'postgres://db/x', PORT: '' })).toEqual({
      PORT: 3001,
      UPSTREAM_URL: 'http://127.0.0.1:3002',
      DATABASE_URL: 'postgres://db/x',
      LOG_LEVEL: 'info',
      TIMEOUT_MS: 100,
    });
  });

  it('names every bad variable, its value and what it should be, at once', () => {
    const parse = () =>
      parseEnvironment(shape, { PORT: '70000', UPSTREAM_URL: 'ftp://x', LOG_LEVEL: 'loud', TIMEOUT_MS: '1.5' });
    expect(parse).toThrow(EnvironmentError);
    expect(parse).toThrow(
      [
        'The environment has 5 bad value(s):',
        '  PORT is "70000": should be a TCP port from 1 to 65535',
        '  UPSTREAM_URL is "ftp://x": should be a URL that starts with http:// or https://',
        '  DATABASE_URL is not set: should be set',
        '  LOG_LEVEL is "loud": should be one of info, debug',
        '  TIMEOUT_MS is "1.5": should be a whole number from 1 to 1000',
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
  ])('shows nothing of a secret that is %s', (DATABASE_URL) => {
    const parse = () => parseEnvironment({ DATABASE_URL: variable.databaseUrl() }, { DATABASE_URL });
    expect(parse).toThrow('DATABASE_URL is a value not shown here: should be a URL that starts with postgres://');
    expect(parse).not.toThrow('s3cret');
  });

  it.each(['ftp://user:s3cret@host/', 'ftp://s3cret@host/', 'ftp://host/?token=s3cret', 'host password=s3cret'])(
    'shows nothing of a URL that is %s',
    (UPSTREAM_URL) => {
      const parse = () => parseEnvironment(shape, { UPSTREAM_URL, DATABASE_URL: 'postgres://db/x' });
      expect(parse).toThrow('UPSTREAM_URL is a value not shown here');
      expect(parse).not.toThrow('s3cret');
    },
  );

  it('shows nothing of a secret in a list of several bad values', () => {
    const parse = () =>
      parseEnvironment(
        { ...shape, TOKEN: variable.secret(z.string().min(16, 'should be longer')) },
        { TOKEN: 's3cret' },
      );
    expect(parse).toThrow('  TOKEN is a value not shown here: should be longer');
    expect(parse).not.toThrow('s3cret');
  });
});
