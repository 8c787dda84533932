import { networkInterfaces } from 'node:os';

/**
 * The address to listen on. `::` accepts IPv6 and IPv4, but some kernels have no IPv6, and some containers have no address
 * of it: there it is `0.0.0.0`.
 *
 * @param interfaces those of this machine
 */
export function listenAddress(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string {
  const hasIpv6 = Object.values(interfaces).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
  return host === '::' && !hasIpv6 ? '0.0.0.0' : host;
}
