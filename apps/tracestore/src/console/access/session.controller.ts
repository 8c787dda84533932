import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Credentials, credentials, type SessionAnswer, sessionAnswer } from '@spandrel/console-api';
import { Problem } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessGuard, Public, sessionCookie } from './access.guard.js';

const wrongToken = { code: 'wrong-token', status: 401, title: 'The token is wrong' } as const;

/** Signing in and out. */
@ApiTags('session')
@Controller('api/session')
@UseGuards(AccessGuard)
export class SessionController {
  constructor(@Inject(AccessGuard) private readonly guard: AccessGuard) {}

  /** Whether one has to sign in, and has. */
  @Get()
  @Public()
  @ApiResponse({ status: 200, description: 'how it is', standardSchema: sessionAnswer })
  session(@Req() request: FastifyRequest): SessionAnswer {
    const user = this.guard.userOf(request);
    return { access: this.guard.kind, isSignedIn: user !== undefined, user: user?.name ?? null };
  }

  /** Takes the token and gives a cookie. */
  @Post()
  @Public()
  @HttpCode(204)
  signIn(
    @Body({ schema: credentials }) { token }: Credentials,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    const session = this.guard.sessionFor(token);
    if (session === undefined) throw new Problem(wrongToken, 'This is not the token of this store');
    void reply.header('set-cookie', cookie(session, request, ''));
  }

  /** Makes the browser forget the cookie. */
  @Delete()
  @Public()
  @HttpCode(204)
  signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply.header('set-cookie', cookie('', request, '; Max-Age=0'));
  }
}

function cookie(value: string, { headers }: FastifyRequest, suffix: string): string {
  const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
  return `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${suffix}`;
}
