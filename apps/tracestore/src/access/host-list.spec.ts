import { describe, expect, it } from 'vitest';
import { HostList, hostPattern } from './host-list.js';

const allows = (patterns: readonly string[], host: string): boolean =>
  new HostList(patterns).allows({ host, port: undefined });

describe('HostList', () => {
  it.each(['127.0.0.1', '10.0.0.7', '::1', '::ffff:127.0.0.1', 'localhost'])('always allows %s', (host) => {
    expect(allows([], host)).toBe(true);
  });

  it.each([
    'rebound.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.localhost',
    // What browsers turn into an address before they send it.
    '2130706433',
    '0x7f000001',
    '127.1',
  ])('does not allow %s unless it is listed', (host) => {
    expect(allows(['traces.example'], host)).toBe(false);
    expect(allows(['traces.example', host.toUpperCase()], host)).toBe(true);
    expect(allows(['*'], host)).toBe(true);
  });

  it('allows every name below a name with a wildcard, and not that name', () => {
    expect(allows(['*.svc.cluster.local'], 'spandrel-tracestore.default.svc.cluster.local')).toBe(true);
    expect(allows(['*.svc.cluster.local'], 'svc.cluster.local')).toBe(false);
    expect(allows(['*.svc.cluster.local'], 'evilsvc.cluster.local')).toBe(false);
  });
});

describe('hostPattern', () => {
  it.each(['tracestore', 'a-b.c_d.example', '*.example', '*'])('takes %s', (text) => {
    expect(hostPattern.test(text)).toBe(true);
  });

  it.each(['', 'tracestore:4318', 'http://tracestore', 'a.*.example', '*example', 'a..b', 'a b'])(
    'refuses %s',
    (text) => {
      expect(hostPattern.test(text)).toBe(false);
    },
  );
});
