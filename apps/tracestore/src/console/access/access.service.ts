import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import type { ConsoleAccess } from '../../config/console.config.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { SessionStore } from './session-store.js';
import { TokenAttempts } from './token-attempts.js';

/** The cookie of a browser that has signed in with the token. */
export const sessionCookie = 'spandrel_session';

/** The name is undefined where a request need not say who sends it. */
export type User = { readonly name: string | undefined };

/** Finds out who sends a request, and signs browsers in and out. */
@Injectable()
export class AccessService {
  private readonly access: ConsoleAccess;
  private readonly attempts = new TokenAttempts();

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'console'>,
    private readonly sessions: SessionStore,
  ) {
    this.access = config.console.access;
  }

  get kind(): ConsoleAccess['kind'] {
    return this.access.kind;
  }

  /**
   * The user of a request: by its bearer token, its session or the header of a proxy.
   *
   * @returns undefined when the request has no valid credentials
   * @throws TracestoreError `tooManyAttempts`, or `unavailable` if a session cannot be checked
   */
  async userOf(request: Pick<FastifyRequest, 'headers' | 'ip'>): Promise<User | undefined> {
    const { access } = this;
    const { headers, ip } = request;
    switch (access.kind) {
      case 'none':
        return { name: undefined };
      case 'proxy': {
        const name = this.nameOf(request);
        return name === undefined ? undefined : { name };
      }
      case 'token': {
        const bearer = bearerOf(headers.authorization);
        if (bearer !== undefined) return this.isToken(bearer, access.token, ip) ? { name: undefined } : undefined;
        const session = cookieOf(headers.cookie, sessionCookie);
        const isValid = session !== undefined && (await this.sessions.touch(session, access.token));
        return isValid ? { name: undefined } : undefined;
      }
    }
  }

  /** The name of a request's user; undefined where no proxy names users. */
  nameOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
    const name = this.access.kind === 'proxy' ? headers[this.access.userHeader] : undefined;
    return typeof name === 'string' && name !== '' ? name : undefined;
  }

  /**
   * Begins a session for the holder of the token.
   *
   * @returns the session, for a cookie, or undefined when the token is wrong
   * @throws TracestoreError as `userOf`
   */
  async signIn(token: string, { ip }: Pick<FastifyRequest, 'ip'>): Promise<string | undefined> {
    if (this.access.kind !== 'token' || !this.isToken(token, this.access.token, ip)) return undefined;
    return this.sessions.begin(this.access.token);
  }

  /**
   * Ends the session of a request, for every store on the database.
   *
   * @throws TracestoreError `unavailable`
   */
  async signOut({ headers }: Pick<FastifyRequest, 'headers'>): Promise<void> {
    const session = cookieOf(headers.cookie, sessionCookie);
    if (this.access.kind === 'token' && session !== undefined) await this.sessions.end(session, this.access.token);
  }

  /** @throws TracestoreError `tooManyAttempts`, before it compares the token */
  private isToken(given: string, token: string, client: string): boolean {
    const waitMs = this.attempts.waitMs(client);
    if (waitMs > 0) {
      const retryAfterS = Math.ceil(waitMs / 1_000);
      throw new TracestoreError(errorKinds.tooManyAttempts, `Retry in ${retryAfterS} s`, { retryAfterS });
    }
    if (isSame(given, token)) return true;
    this.attempts.noteWrong(client);
    return false;
  }
}

/** Takes as long for each wrong text, also of another length. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** The token of an `Authorization: Bearer …` header (RFC 6750); the scheme is case-insensitive. */
function bearerOf(header: string | undefined): string | undefined {
  if (header?.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const separator = pair.indexOf('=');
    if (separator > 0 && pair.slice(0, separator).trim() === name) return pair.slice(separator + 1).trim();
  }
  return undefined;
}
