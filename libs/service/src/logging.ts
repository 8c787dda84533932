import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import { activeSpanIds, probePaths } from '@spandrel/telemetry';
import type { Params } from 'nestjs-pino';
import type { LogLevel } from './service.config.js';

/**
 * JSON logs, one line an event, each with the ids of the span in which it was written.
 * A request that went well is said at `debug`, a refused one at `warn`, a failed one at `error`.
 */
export function loggerParams(service: string, level: LogLevel): Params {
  return {
    pinoHttp: {
      name: service,
      level,
      mixin: activeSpanIds,
      formatters: { level: (label) => ({ level: label }) },
      autoLogging: {
        ignore: (request: IncomingMessage & { originalUrl?: string }) => probePaths.has(request.originalUrl ?? ''),
      },
      quietReqLogger: true,
      serializers: {
        req: (request: { method: string; url: string }) => ({ method: request.method, url: request.url }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error !== undefined || response.statusCode >= 500 ? 'error' : response.statusCode >= 400 ? 'warn' : 'debug',
    },
    // nestjs-pino's own default route matches nothing on Fastify. Braces: the root path as well.
    forRoutes: [{ path: '{*splat}', method: RequestMethod.ALL }],
  };
}
