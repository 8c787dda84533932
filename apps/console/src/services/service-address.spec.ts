import { expect, it } from 'vitest';
import { serviceAddress, serviceOfAddress } from './service-address.ts';

const range = { kind: 'relative', last: '15m' } as const;

it.each(['web', 'a b', 'a/b', '..', '.', '', '100%41', '?x=1#y', '\\', 'Käse 🧀', '__proto__', '%2F', '\'"<b>'])(
  'the address of the service %j names it again',
  (service) => {
    const address = new URL(serviceAddress(service, range), 'http://localhost');
    expect(serviceOfAddress(address.pathname, address.searchParams)).toBe(service);
    expect(address.searchParams.get('range')).toBe('15m');
  },
);

it.each(['/services', '/services/', '/services/%E0%A4%A'])('%s names no service', (path) => {
  expect(serviceOfAddress(path, new URLSearchParams())).toBeUndefined();
});
