import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '@spandrel/service';
import type { FastifyRequest } from 'fastify';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../tracestore.config.js';
import type { ConsoleAccess } from '../console.config.js';

const signIn = { code: 'sign-in', status: 401, title: 'Sign in first' } as const;
const foreign = { code: 'foreign-page', status: 403, title: 'Another site may not ask' } as const;

/** The cookie of a browser that has signed in with the token. */
export const sessionCookie = 'spandrel_session';

const publicRoute = Symbol('publicRoute');

/** Of a handler that may be called before one has signed in. */
export const Public = (): MethodDecorator => SetMetadata(publicRoute, true);

/** Who asks: undefined where nobody has to say. */
export type User = { readonly name: string | undefined };

/** Lets those use the API who may, and no page of another site in their name. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly access: ConsoleAccess;

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'console'>,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {
    this.access = config.console.access;
  }

  /** @throws Problem 401 or 403 */
  canActivate(context: ExecutionContext): true {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    this.requireOwnPage(request);
    const isPublic = this.reflector.get<boolean | undefined>(publicRoute, context.getHandler()) === true;
    if (!isPublic && this.userOf(request) === undefined) {
      throw new Problem(signIn, 'This needs the token, as `Authorization: Bearer …` or by signing in');
    }
    return true;
  }

  /** Undefined when the request is of nobody who may ask. */
  userOf({ headers }: Pick<FastifyRequest, 'headers'>): User | undefined {
    switch (this.access.kind) {
      case 'none':
        return { name: undefined };
      case 'proxy': {
        const name = headers[this.access.userHeader];
        return typeof name === 'string' && name !== '' ? { name } : undefined;
      }
      case 'token': {
        const { token } = this.access;
        const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
        if (bearer !== undefined) return isSame(bearer, token) ? { name: undefined } : undefined;
        const session = cookieOf(headers.cookie, sessionCookie);
        return session !== undefined && isSame(session, sessionOf(token)) ? { name: undefined } : undefined;
      }
    }
  }

  /** What the cookie has to be for a token that somebody gave; undefined when it is another. */
  sessionFor(token: string): string | undefined {
    return this.access.kind === 'token' && isSame(token, this.access.token) ? sessionOf(token) : undefined;
  }

  get kind(): ConsoleAccess['kind'] {
    return this.access.kind;
  }

  /**
   * Browsers say from where a page asks. And where nobody signs in, a name that someone else has made to point here would
   * let a page ask as if it were ours: only addresses and localhost are believed.
   */
  private requireOwnPage({ headers, hostname }: FastifyRequest): void {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new Problem(foreign, 'The API answers its own console and programs, not pages of other sites');
    }
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    const isBrowser = site !== undefined || headers.origin !== undefined;
    if (this.access.kind === 'none' && isBrowser && isIP(name) === 0 && name !== 'localhost') {
      throw new Problem(foreign, `Without signing in the console is at an address or localhost, not at ${name}`);
    }
  }
}

/** Stays the same over restarts and replicas, and changes with the token. */
function sessionOf(token: string): string {
  return createHmac('sha256', token).update('console session').digest('base64url');
}

/** Takes as long for each wrong text, also of another length. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
