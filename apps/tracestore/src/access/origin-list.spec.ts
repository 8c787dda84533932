import { describe, expect, it } from 'vitest';
import { isOwnOrigin, OriginList, originPattern } from './origin-list.js';

describe('OriginList', () => {
  it.each([
    ['https://shop.example', 'https://shop.example', true],
    ['https://shop.example:443', 'https://shop.example', true],
    ['https://Shop.example', 'https://shop.example', true],
    ['https://shop.example', 'http://shop.example', false],
    ['https://shop.example', 'https://shop.example:8443', false],
    ['https://shop.example', 'https://shop.example.evil.example', false],
    ['https://*.shop.example', 'https://a.b.shop.example', true],
    ['https://*.shop.example', 'https://shop.example', false],
    ['https://*.shop.example', 'https://evilshop.example', false],
    ['https://*.shop.example', 'https://evil.example/.shop.example', false],
    ['https://*.shop.example', 'https://user@a.shop.example', false],
    ['http://localhost:*', 'http://localhost:5173', true],
    ['http://localhost:*', 'http://localhost', true],
    ['http://localhost:*', 'http://localhost.evil.example:5173', false],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['chrome-extension://abcdef', 'chrome-extension://abcdef', true],
    ['*', 'https://anything.example', true],
    ['*', 'null', false],
    ['*', '', false],
  ])('%s, asked for %s: %s', (pattern, origin, allowed) => {
    expect(originPattern.test(pattern)).toBe(true);
    expect(new OriginList([pattern]).allows(origin)).toBe(allowed);
  });

  it('allows nothing when it is empty', () => {
    expect(new OriginList([]).allows('http://localhost:8080')).toBe(false);
  });
});

describe('originPattern', () => {
  it.each(['shop.example', 'https://shop.example/', 'https://a.*.example', 'https://*', 'null', '', 'https://a:b'])(
    'refuses %s',
    (text) => {
      expect(originPattern.test(text)).toBe(false);
    },
  );
});

describe('isOwnOrigin', () => {
  it.each([
    ['http://localhost:8080', 'localhost', 8080, true],
    ['https://traces.example', 'traces.example', undefined, true],
    ['https://traces.example', 'traces.example', 443, true],
    ['http://localhost:3000', 'localhost', 8080, false],
    ['http://127.0.0.1:8080', 'localhost', 8080, false],
    ['null', 'localhost', 8080, false],
  ])('%s at %s:%s: %s', (origin, host, port, own) => {
    expect(isOwnOrigin(origin, { host, port })).toBe(own);
  });
});
