import { type Authority, parseAuthority } from './authority.js';

/**
 * An entry of a list of allowed origins: an origin as browsers send it (`https://shop.example`,
 * `http://localhost:3000`). `*.` before the host allows every subdomain, `*` as the port every port, and `*` alone every
 * origin.
 */
export const originPattern =
  /^(?:\*|[a-z][a-z\d+.-]*:\/\/(?:\[[\da-f:.]+\]|(?:\*\.)?[\w-]+(?:\.[\w-]+)*)(?::(?:\d{1,5}|\*))?)$/i;

const defaultPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** An origin, or the pattern of one. */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  /** Undefined where the scheme has no default port and none is written. */
  readonly port: number | '*' | undefined;
}

/** The origins whose pages may use a server (WHATWG Fetch, "CORS protocol"). */
export class OriginList {
  private readonly allowsAll: boolean;
  private readonly patterns: readonly Origin[];

  /** @param patterns texts that match `originPattern` */
  constructor(patterns: readonly string[]) {
    this.allowsAll = patterns.includes('*');
    this.patterns = patterns.flatMap((pattern) => {
      const anyPort = pattern.endsWith(':*');
      const origin = parseOrigin(anyPort ? pattern.slice(0, -2) : pattern);
      return origin === undefined ? [] : [anyPort ? { ...origin, port: '*' as const } : origin];
    });
  }

  get isEmpty(): boolean {
    return !this.allowsAll && this.patterns.length === 0;
  }

  /** @param origin the value of an `Origin` header; `null` is never allowed */
  allows(origin: string): boolean {
    const parsed = parseOrigin(origin);
    if (parsed === undefined) return false;
    return (
      this.allowsAll ||
      this.patterns.some(
        ({ scheme, host, port }) =>
          scheme === parsed.scheme &&
          (port === '*' || port === parsed.port) &&
          (host.startsWith('*.')
            ? parsed.host.length >= host.length && parsed.host.endsWith(host.slice(1))
            : host === parsed.host),
      )
    );
  }
}

/** Whether an `Origin` header is that of a page which the server at this authority has served. */
export function isOwnOrigin(origin: string, authority: Authority): boolean {
  const parsed = parseOrigin(origin);
  return (
    parsed !== undefined &&
    parsed.host === authority.host &&
    parsed.port === (authority.port ?? defaultPorts.get(parsed.scheme))
  );
}

function parseOrigin(text: string): Origin | undefined {
  const separator = text.indexOf('://');
  if (separator < 1) return undefined;
  const scheme = text.slice(0, separator).toLowerCase();
  const authority = parseAuthority(text.slice(separator + 3));
  return authority && { scheme, host: authority.host, port: authority.port ?? defaultPorts.get(scheme) };
}
