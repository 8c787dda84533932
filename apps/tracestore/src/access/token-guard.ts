import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { TokenAttempts } from './token-attempts.js';

/** Compares tokens that clients send, on every port, and limits how often a client may be wrong. */
@Injectable()
export class TokenGuard {
  private readonly attempts = new TokenAttempts();

  /**
   * @param address the IP address of the client
   * @throws TracestoreError `tooManyAttempts`, before it compares the token
   */
  isToken(given: string, token: string, address: string): boolean {
    const waitMs = this.attempts.waitMs(address);
    if (waitMs > 0) {
      const retryAfterS = Math.ceil(waitMs / 1_000);
      throw new TracestoreError(errorKinds.tooManyAttempts, `Retry in ${retryAfterS} s`, { retryAfterS });
    }
    if (isSame(given, token)) return true;
    this.attempts.noteWrong(address);
    return false;
  }
}

/** The token of an `Authorization: Bearer …` header (RFC 6750); the scheme is case-insensitive. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header?.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}

/** The header for clients whose `Authorization` is for something else. */
const tokenHeader = 'x-tracestore-token';

/**
 * The token of a client of Tempo's API: in its own header, as a bearer token, or as the password of basic authentication (RFC
 * 7617) with any user, which Grafana can send too.
 */
export function tokenOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string | undefined {
  const { authorization, [tokenHeader]: own } = headers;
  if (typeof own === 'string' && own !== '') return own;
  if (typeof authorization !== 'string') return undefined;
  return bearerOf(authorization) ?? passwordOf(authorization);
}

function passwordOf(header: string): string | undefined {
  const [, credentials = ''] = /^basic +([\w+/=-]+) *$/i.exec(header) ?? [];
  const [, password = ''] = /^[^:]*:(.+)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password === '' ? undefined : password;
}

/** Takes as long for each wrong text, also of another length. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
