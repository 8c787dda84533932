import { createRequire } from 'node:module';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { NestInstrumentation } from '@opentelemetry/instrumentation-nestjs-core';

type ControllerMethod = (...parameters: readonly unknown[]) => unknown;

const { version: nestVersion } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };

/**
 * Adds a span for each controller method, such as `NumbersController.create`.
 *
 * The instrumentation expects a loader hook for Nest's files and ignores Nest 12 and later. Its patch works with Nest 12,
 * so it gets Nest's class directly. This needs no hook (which takes about 90 MB of each process), and a new version of
 * Nest cannot turn it off unnoticed.
 */
export class NestControllerInstrumentation extends NestInstrumentation {
  constructor() {
    super();
    withoutHandlerSpan(RouterExecutionContext.prototype);
    this.getRouterExecutionContextFileInstrumentation(['*']).patch({ RouterExecutionContext }, nestVersion);
  }
}

/**
 * The instrumentation wraps the controller's method a second time, for a span `create` with the same information as its
 * parent. This puts the method itself in place of the wrapper, which saves a fifth of the cost of tracing a small
 * request.
 */
function withoutHandlerSpan(prototype: Pick<RouterExecutionContext, 'create'>): void {
  const create = prototype.create;
  prototype.create = function (instance, _instrumentedMethod, methodName, ...rest) {
    const method: ControllerMethod = Reflect.get(instance, methodName);
    return create.call(this, instance, method, methodName, ...rest);
  };
}
