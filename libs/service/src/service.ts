import { type DynamicModule, Module, StandardSchemaValidationPipe, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { traceRequests } from '@spandrel/telemetry';
import { Logger } from 'nestjs-pino';
import { Draining, drainConnectionsOnClose } from './draining.js';
import { EnvironmentError } from './environment.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import type { ServiceConfig } from './service.config.js';
import { ServiceModule } from './service.module.js';
import { standardSchemaConverter } from './openapi-schema.js';

export interface ServiceDefinition {
  /** Folder, image, Helm component and `service.name` alike. */
  readonly name: string;
  /** One sentence for the OpenAPI document. */
  readonly description: string;
  readonly module: Type | DynamicModule;
  readonly config: ServiceConfig;
}

@Module({})
class RootModule {}

/**
 * Makes a service that does not listen yet: Nest on Fastify with validation, problem details,
 * logs, probes, request telemetry, `/openapi.json`, and a graceful end on SIGTERM and SIGINT.
 */
export async function createService({
  name,
  description,
  module,
  config,
}: ServiceDefinition): Promise<NestFastifyApplication> {
  const draining = new Draining(config.SHUTDOWN_DELAY_MS ?? 0);
  const root: DynamicModule = {
    module: RootModule,
    imports: [ServiceModule.forRoot(name, config.LOG_LEVEL, draining), module],
  };
  const app = await NestFactory.create<NestFastifyApplication>(
    root,
    // Jaeger's paths have names of services in them, of any length.
    new FastifyAdapter({ return503OnClosing: false, routerOptions: { maxParamLength: 10_000 } }),
    {
      bufferLogs: true,
      abortOnError: false,
    },
  );
  app.useLogger(app.get(Logger));
  const fastify = app.getHttpAdapter().getInstance();
  traceRequests(fastify);
  drainConnectionsOnClose(fastify, draining);
  app.useGlobalPipes(new StandardSchemaValidationPipe());
  app.useGlobalFilters(new ProblemDetailsFilter());
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  const document = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(name)
    .setDescription(description)
    .setVersion('1')
    .build();
  SwaggerModule.setup('/', app, () => SwaggerModule.createDocument(app, document, { standardSchemaConverter }), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
  });
  return app;
}

/**
 * The whole of a service's `main.ts`: reads the configuration, builds the service, listens.
 * A fault at start-up is one readable line on stderr and exit code 1.
 */
export async function startService<Config extends ServiceConfig>(
  configure: () => Config,
  define: (config: Config) => Omit<ServiceDefinition, 'config'>,
): Promise<void> {
  try {
    const config = configure();
    const app = await createService({ ...define(config), config });
    await app.listen({ host: config.HOST, port: config.PORT });
  } catch (error) {
    const text =
      error instanceof EnvironmentError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
}
