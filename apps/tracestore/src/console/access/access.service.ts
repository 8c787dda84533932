import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import type { ConsoleAccess } from '../../config/console.config.js';
import { bearerOf, TokenGuard } from '../../access/token-guard.js';
import { SessionStore } from './session-store.js';

/** The cookie of a browser that has signed in with the token. */
export const sessionCookie = 'spandrel_session';

/** The name is undefined where a request need not say who sends it. */
export type User = { readonly name: string | undefined };

/** Finds out who sends a request, and signs browsers in and out. */
@Injectable()
export class AccessService {
  private readonly access: ConsoleAccess;

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'console'>,
    private readonly sessions: SessionStore,
    private readonly tokens: TokenGuard,
  ) {
    this.access = config.console.access;
  }

  get kind(): ConsoleAccess['kind'] {
    return this.access.kind;
  }

  /**
   * The user of a request: by its token, its session or the header of a proxy.
   *
   * @param token that the request has in its headers, by default the bearer token
   * @returns undefined when the request has no valid credentials
   * @throws TracestoreError `tooManyAttempts`, or `unavailable` if a session cannot be checked
   */
  async userOf(
    request: Pick<FastifyRequest, 'headers' | 'ip'>,
    token: string | undefined = bearerOf(request.headers.authorization),
  ): Promise<User | undefined> {
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
        if (token !== undefined) return this.tokens.isToken(token, access.token, ip) ? { name: undefined } : undefined;
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
    if (this.access.kind !== 'token' || !this.tokens.isToken(token, this.access.token, ip)) return undefined;
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
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const separator = pair.indexOf('=');
    if (separator > 0 && pair.slice(0, separator).trim() === name) return pair.slice(separator + 1).trim();
  }
  return undefined;
}
