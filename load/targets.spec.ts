import { describe, expect, it } from 'vitest';
import { readTargets } from './targets.ts';

describe('readTargets', () => {
  it('uses the addresses of the embedded stack by default, also for an empty variable', () => {
    expect(readTargets({ GENERATOR_URL: '' })).toEqual({
      frontend: 'http://127.0.0.1:3001',
      generator: 'http://127.0.0.1:5050',
    });
  });

  it('removes slashes at the end', () => {
    expect(readTargets({ FRONTEND_URL: 'http://frontend/base//' }).frontend).toBe('http://frontend/base');
  });

  it('lists every invalid variable with its value', () => {
    expect(() => readTargets({ FRONTEND_URL: 'frontend', GENERATOR_URL: 'ftp://generator' })).toThrow(
      'FRONTEND_URL must be a URL that starts with http:// or https://, got "frontend"\n' +
        'GENERATOR_URL must be a URL that starts with http:// or https://, got "ftp://generator"',
    );
  });
});
