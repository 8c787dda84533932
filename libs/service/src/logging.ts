import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import { activeSpanIds, probePaths } from '@spandrel/telemetry';
import type { Params } from 'nestjs-pino';
import { type LoggerOptions, pino } from 'pino';
import { withoutSecrets } from './secrets.js';
import type { LogLevel } from './service.config.js';

/** Writes log lines outside of Nest. */
export interface ProcessLogger {
  info(message: string): void;
  warn(message: string): void;
}

/** Makes the logger of a process that is no service, such as a command. Its lines are those of a service. */
export function createProcessLogger(service: string, level: LogLevel): ProcessLogger {
  return pino(lineOptions(service, level));
}

function lineOptions(service: string, level: LogLevel) {
  return {
    name: service,
    level,
    mixin: activeSpanIds,
    hooks: { streamWrite: withoutSecrets },
    formatters: { level: (label: string) => ({ level: label }) },
  } satisfies LoggerOptions;
}

/**
 * JSON logs, one line an event, each with the ids of the span in which it was written.
 * No line has a secret of the environment, nor the query of a URL, where clients put tokens by mistake.
 * Successful requests are logged at `debug`, rejected ones at `warn`, failed ones at `error`.
 */
export function loggerParams(service: string, level: LogLevel): Params {
  return {
    pinoHttp: {
      ...lineOptions(service, level),
      autoLogging: {
        ignore: (request: IncomingMessage & { originalUrl?: string }) => probePaths.has(request.originalUrl ?? ''),
      },
      quietReqLogger: true,
      serializers: {
        req: (request: { method: string; url: string }) => ({
          method: request.method,
          url: request.url.split('?', 1)[0],
        }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error !== undefined || response.statusCode >= 500 ? 'error' : response.statusCode >= 400 ? 'warn' : 'debug',
    },
    // nestjs-pino's own default route matches nothing on Fastify. Braces: the root path as well.
    forRoutes: [{ path: '{*splat}', method: RequestMethod.ALL }],
  };
}
