import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Credentials, credentials, type SessionResponse, sessionResponse } from '@spandrel/console-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { AccessService, sessionCookie } from './access.service.js';

/** Signing in and out. */
@ApiTags('session')
@Controller('api/session')
export class SessionController {
  constructor(
    private readonly access: AccessService,
    @Inject(TRACESTORE_CONFIG) private readonly config: Pick<TracestoreConfig, 'console'>,
  ) {}

  /** Returns how users sign in, and whether the sender of the request has. */
  @Get()
  @ApiResponse({ status: 200, description: 'the session', standardSchema: sessionResponse })
  async session(@Req() request: FastifyRequest): Promise<SessionResponse> {
    const user = await this.access.userOf(request);
    return { access: this.access.kind, isSignedIn: user !== undefined, user: user?.name ?? null };
  }

  /** Signs in with the token, and sets a cookie. */
  @Post()
  @HttpCode(204)
  @ApiResponse({ status: 401, description: 'Wrong token' })
  @ApiResponse({ status: 429, description: 'Too many wrong tokens: `Retry-After` says for how long' })
  async signIn(
    @Body({ schema: credentials }) { token }: Credentials,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const session = await this.access.signIn(token, request);
    if (session === undefined)
      throw new TracestoreError(errorKinds.wrongToken, 'The token does not match TRACESTORE_CONSOLE_TOKEN');
    const maxAgeS = Math.floor(this.config.console.sessionLifetimeMs / 1_000);
    void reply.header('set-cookie', cookie(session, maxAgeS, request));
  }

  /** Ends the session and removes the cookie. */
  @Delete()
  @HttpCode(204)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.access.signOut(request);
    void reply.header('set-cookie', cookie('', 0, request));
  }
}

function cookie(value: string, maxAgeS: number, { headers }: FastifyRequest): string {
  // Each proxy appends its own; the first is the browser's. A browser that lies only gets a cookie that it does not send.
  const scheme = String(headers['x-forwarded-proto'] ?? '')
    .split(',', 1)[0]
    ?.trim()
    .toLowerCase();
  const secure = scheme === 'https' ? '; Secure' : '';
  return `${sessionCookie}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}
