import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { listenAddress } from './listen-address.js';

const ofFamily = (family: 'IPv4' | 'IPv6'): NetworkInterfaceInfo =>
  ({ address: '', netmask: '', mac: '', internal: true, cidr: null, family, scopeid: 0 }) as NetworkInterfaceInfo;

it.each([
  ['::', ['IPv4', 'IPv6'], '::'],
  ['::', ['IPv6'], '::'],
  ['::', ['IPv4'], '0.0.0.0'],
  ['0.0.0.0', ['IPv4', 'IPv6'], '0.0.0.0'],
  ['::1', ['IPv4'], '::1'],
  ['localhost', ['IPv4'], 'localhost'],
] as const)('listenAddress of %s with addresses of %j is %s', (host, families, expected) => {
  expect(listenAddress(host, { lo: families.map(ofFamily) })).toBe(expected);
});
