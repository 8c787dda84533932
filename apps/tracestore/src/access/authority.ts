import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/** Host and port of an HTTP request's authority (RFC 9110, section 7.2). */
export interface Authority {
  /** In lower case, without brackets and without the dot at the end of an absolute name. */
  readonly host: string;
  /** Undefined where the default of the scheme is meant. */
  readonly port: number | undefined;
}

/** `host` or `host:port`. User information is not valid in HTTP. No two parts can match the same character. */
const authorityPattern = /^(?:\[([\da-f:.]{2,45})\]|([^\s[\]:@/?#\\]{1,255}))(?::(\d{0,5}))?$/i;

/** @returns undefined when the text is not an authority */
export function parseAuthority(text: string): Authority | undefined {
  const [, address, name, port] = authorityPattern.exec(text) ?? [];
  const host = address ?? name;
  if (host === undefined || (address !== undefined && !isIPv6(address))) return undefined;
  return {
    host: host.toLowerCase().replace(/\.$/, ''),
    port: port === undefined || port === '' ? undefined : Number(port),
  };
}

/**
 * Every authority that a request names: that of its `Host` header and that of an absolute-form target. Node and the
 * router read them differently, so a check must look at both.
 *
 * @returns undefined when one of them is malformed, or the header is missing or there more than once (RFC 9112, section 3.2)
 */
export function authoritiesOf({
  rawHeaders,
  url = '',
}: Pick<IncomingMessage, 'rawHeaders' | 'url'>): readonly Authority[] | undefined {
  let header: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (header !== undefined) return undefined;
    header = rawHeaders[index + 1];
  }
  const fromHeader = header === undefined ? undefined : parseAuthority(header);
  if (fromHeader === undefined) return undefined;
  if (url.startsWith('/') || url === '*') return [fromHeader];
  const fromTarget = parseAuthority(/^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '');
  return fromTarget === undefined ? undefined : [fromHeader, fromTarget];
}
