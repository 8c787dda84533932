import { Controller, Get, Headers, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { acceptedEncoding } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { encodings, WebFilesService } from './web-files.service.js';

/** Pages load nothing from other origins, and run no script that is part of a page or an attribute. */
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

/** Programs request paths below these. An unknown one is an error and not a page. */
const programPaths = /^(?:api|jaeger|tempo|v1|assets|livez|readyz|metrics|openapi\.json)(?:\/|$)/;

/** Serves the files of the console, which are the same for every user. Its data come from the API. */
@ApiExcludeController()
@Controller()
export class WebController {
  constructor(private readonly files: WebFilesService) {}

  /** The name contains a hash of the content, so browsers never revalidate the file. */
  @Get('assets/:name')
  asset(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send(`assets/${name}`, assetLifetime, request, reply);
  }

  @Get('favicon.svg')
  icon(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send('favicon.svg', 'max-age=86400', request, reply);
  }

  /**
   * Serves the document of the console at every path that a browser opens and no other route has. The document shows
   * the page that belongs to the path.
   */
  @Get('*')
  page(
    @Param('*') path: string,
    @Headers('accept') accept: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const isPage = path === '' || (accept?.includes('text/html') === true && !programPaths.test(path));
    if (!isPage) throw new NotFoundException(`Cannot ${request.method} ${request.url}`);
    if (this.files.find('index.html') === undefined) {
      throw new TracestoreError(errorKinds.consoleNotBuilt, 'Run `npm run build` to build it');
    }
    this.send('index.html', 'no-cache', request, reply);
  }

  private send(name: string, cacheControl: string, { headers }: FastifyRequest, reply: FastifyReply): void {
    const file = this.files.find(name);
    if (file === undefined) throw new TracestoreError(errorKinds.unknownFile, `${name} does not exist`);
    void reply.headers({ ...pageHeaders, 'cache-control': cacheControl, etag: file.etag, vary: 'accept-encoding' });
    if (headers['if-none-match'] === file.etag) {
      void reply.status(304).send();
      return;
    }
    const encoding = acceptedEncoding(
      headers['accept-encoding'],
      encodings.filter((each) => file.encoded.has(each)),
    );
    if (encoding !== undefined) void reply.header('content-encoding', encoding);
    void reply.type(file.type).send((encoding && file.encoded.get(encoding)) ?? file.bytes);
  }
}
