import { describe, expect, it } from 'vitest';
import { authoritiesOf, parseAuthority } from './authority.js';

describe('parseAuthority', () => {
  it.each([
    ['localhost', 'localhost', undefined],
    ['LocalHost:8080', 'localhost', 8080],
    ['localhost.', 'localhost', undefined],
    ['traces.example:', 'traces.example', undefined],
    ['[::1]:4318', '::1', 4318],
    ['[::FFFF:127.0.0.1]', '::ffff:127.0.0.1', undefined],
  ])('reads %s', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port });
  });

  it.each([
    '',
    ':8080',
    '::1',
    '[::1',
    '[::1]x',
    '[localhost]',
    '[fe80::1%25eth0]',
    'user@localhost',
    'user:pass@localhost:8080',
    'localhost:80:80',
    'localhost:port',
    'localhost:123456',
    'localhost/',
    'localhost\\@evil.example',
    'localhost evil.example',
    'x'.repeat(256),
  ])('refuses %s', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});

describe('authoritiesOf', () => {
  it.each([
    ['one Host', ['Host', 'localhost'], '/api', ['localhost']],
    ['an absolute-form target', ['Host', 'localhost'], 'http://evil.example/api', ['localhost', 'evil.example']],
    ['OPTIONS *', ['Host', 'localhost'], '*', ['localhost']],
  ])('lists the host of %s', (_, rawHeaders, url, hosts) => {
    expect(authoritiesOf({ rawHeaders, url })?.map(({ host }) => host)).toEqual(hosts);
  });

  it.each([
    ['no Host', [], '/'],
    ['an empty Host', ['Host', ''], '/'],
    ['two Hosts', ['Host', 'localhost', 'hOST', 'localhost'], '/'],
    ['a target that is neither a path nor a URL', ['Host', 'localhost'], 'evil.example/api'],
    ['a target with user information', ['Host', 'localhost'], 'http://localhost@evil.example/api'],
    ['a target without a host', ['Host', 'localhost'], 'http:///api'],
  ])('refuses %s', (_, rawHeaders, url) => {
    expect(authoritiesOf({ rawHeaders, url })).toBeUndefined();
  });
});
