import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { NestInstrumentation } from '@opentelemetry/instrumentation-nestjs-core';

export class NestRouteInstrumentation extends NestInstrumentation {
  constructor() {
    super();
    const file = this.getRouterExecutionContextFileInstrumentation(['*']);
    file.patch({ RouterExecutionContext }, '12');
  }
}
