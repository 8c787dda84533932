import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { encodings, WebFilesService } from './web-files.service.js';
import { pageRoutes } from './web-routes.js';

/** Nothing but what comes from here, and nothing that stands in a page or an attribute. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

const assetLifetime = 'public, max-age=31536000, immutable';

/** The console itself. What it shows comes from the API, which asks who it is for; the files are the same for everybody. */
@ApiExcludeController()
@Controller()
export class WebController {
  constructor(private readonly files: WebFilesService) {}

  /** Every page is the same document: which one it is, it reads from its address. */
  @Get([...pageRoutes])
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (this.files.find('index.html') === undefined) {
      throw new TracestoreError(errorKinds.consoleNotBuilt, 'Run `npm run build` to build it');
    }
    this.send('index.html', 'no-cache', request, reply);
  }

  /** The name has a hash of the content, so a browser never asks twice. */
  @Get('assets/:name')
  asset(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send(`assets/${name}`, assetLifetime, request, reply);
  }

  @Get('favicon.svg')
  icon(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send('favicon.svg', 'max-age=86400', request, reply);
  }

  private send(name: string, cacheControl: string, { headers }: FastifyRequest, reply: FastifyReply): void {
    const file = this.files.find(name);
    if (file === undefined) throw new TracestoreError(errorKinds.unknownFile, `${name} does not exist`);
    void reply.headers({ ...pageHeaders, 'cache-control': cacheControl, etag: file.etag, vary: 'accept-encoding' });
    if (headers['if-none-match'] === file.etag) {
      void reply.status(304).send();
      return;
    }
    const accepted = new Set(
      String(headers['accept-encoding'] ?? '')
        .split(',')
        .map((coding) => coding.trim()),
    );
    const encoding = encodings.find((each) => accepted.has(each)) ?? 'identity';
    if (encoding !== 'identity') void reply.header('content-encoding', encoding);
    void reply.type(file.type).send(file.bytes(encoding));
  }
}
