import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { whenClosed } from './when-closed.js';

/** Aborts when the client disconnects before it has the whole response. */
export function abortSignalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(raw, () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** `abortSignalOf` as a parameter of a handler. */
export const ClientSignal = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal =>
  abortSignalOf(context.switchToHttp().getResponse<FastifyReply>()),
);
