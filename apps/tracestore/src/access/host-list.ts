import { isIP } from 'node:net';
import type { Authority } from './authority.js';

/** What `TRACESTORE_ALLOWED_HOSTS` may list: a name, `*.` and a name for every name below it, or `*` for every name. */
export const hostPattern = /^(?:\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*)$/;

/**
 * The names at which a server answers. An attacker can make a name of their own resolve to this machine, and a browser
 * then takes the attacker's page and this server for one site (DNS rebinding). No attacker can do that to an address or to
 * `localhost`, so these are always allowed.
 */
export class HostList {
  private readonly names: ReadonlySet<string>;
  private readonly suffixes: readonly string[];

  /** @param patterns texts that match `hostPattern` */
  constructor(patterns: readonly string[]) {
    const all = patterns.map((pattern) => pattern.toLowerCase());
    this.names = new Set(all);
    this.suffixes = all.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(1));
  }

  allows({ host }: Authority): boolean {
    return (
      isIP(host) !== 0 ||
      host === 'localhost' ||
      this.names.has(host) ||
      this.names.has('*') ||
      this.suffixes.some((suffix) => host.length > suffix.length && host.endsWith(suffix))
    );
  }
}
