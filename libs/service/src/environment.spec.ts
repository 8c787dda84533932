import { describe, expect, it } from 'vitest';
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

  it('keeps a password out of its message', () => {
    const parse = () => parseEnvironment(shape, { DATABASE_URL: 'mysql://user:secret@db/x' });
    expect(parse).toThrow('mysql://user:***@db/x');
    expect(parse).not.toThrow('secret');
  });
});
