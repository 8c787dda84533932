import { Socket } from 'node:net';
import { type DynamicModule, Module, StandardSchemaValidationPipe, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { traceRequests } from '@spandrel/telemetry';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { addAnswerHeaders, answerHeaders, refuseConnection } from './answer-headers.js';
import { BodyReader } from './body-reader.js';
import { compressAnswers } from './compress-answers.js';
import { ConnectionTable, limitConnections } from './connection-table.js';
import { Draining, drainConnectionsOnClose } from './draining.js';
import { EnvironmentError } from './environment.js';
import type { ServiceConfig } from './service.config.js';
import { withoutSecrets } from './secrets.js';
import { ServiceMetrics } from './service-metrics.js';
import { ServiceModule } from './service.module.js';
import { standardSchemaConverter } from './openapi-schema.js';
import { checkingIntervalMs, defaultServerLimits, type ServerLimits } from './server-limits.js';
import { UnsentAnswers } from './unsent-answers.js';
import { whenClosed } from './when-closed.js';

export interface ServiceDefinition {
  /** Folder, image, Helm component and `service.name` alike. */
  readonly name: string;
  /** One sentence for the OpenAPI document. */
  readonly description: string;
  readonly module: Type | DynamicModule;
  readonly config: ServiceConfig;
  /** Addresses and networks of proxies whose `X-Forwarded-For` names the client; by default none. */
  readonly trustedProxies?: readonly string[];
  /** The beginnings of paths whose JSON answers are compressed; by default none. */
  readonly compressedPaths?: readonly string[];
  /** Where they differ from `defaultServerLimits`. */
  readonly limits?: Partial<ServerLimits>;
}

@Module({})
class RootModule {}

/**
 * Makes a service that does not listen yet: Nest on Fastify with validation, problem details,
 * logs, probes, metrics, request telemetry, `/openapi.json`, and a graceful end on SIGTERM and SIGINT.
 */
export async function createService({
  name,
  description,
  module,
  config,
  trustedProxies = [],
  compressedPaths = [],
  limits: ownLimits,
}: ServiceDefinition): Promise<NestFastifyApplication> {
  const draining = new Draining(config.SHUTDOWN_DELAY_MS ?? 0);
  const limits: ServerLimits = { ...defaultServerLimits, ...ownLimits };
  const unsent = new UnsentAnswers({ maxBytes: limits.unsentBytes, maxMs: limits.answerMs });
  const metrics = new ServiceMetrics();
  const root: DynamicModule = {
    module: RootModule,
    imports: [ServiceModule.forRoot(name, config.LOG_LEVEL, draining, unsent, metrics), module],
  };
  const app = await NestFactory.create<NestFastifyApplication>(
    root,
    new FastifyAdapter({
      return503OnClosing: false,
      // Jaeger's paths have names of services in them, of any length.
      routerOptions: { maxParamLength: 10_000 },
      trustProxy: trustedProxies.length > 0 && [...trustedProxies],
      clientErrorHandler: refuseConnection,
      frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
        void reply.headers(answerHeaders).send(error),
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      bodyLimit: limits.bodyBytes,
      http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: checkingIntervalMs },
    }),
    {
      bufferLogs: true,
      abortOnError: false,
    },
  );
  app.useLogger(app.get(Logger));
  // Nest would keep the lines back until everything is initialised, and with them what a start waits for.
  app.flushLogs();
  const fastify = app.getHttpAdapter().getInstance();
  traceRequests(fastify);
  metrics.measureRequests(fastify);
  addAnswerHeaders(fastify);
  if (compressedPaths.length > 0) compressAnswers(fastify, compressedPaths);
  drainConnectionsOnClose(fastify, draining);
  limitServer(fastify, limits, unsent);
  app.useGlobalPipes(new StandardSchemaValidationPipe());
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  SwaggerModule.setup('/', app, () => openApiDocumentOf(app, { name, description }), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
  });
  return app;
}

/** The OpenAPI document of a service: its routes, and the schemas that validate their requests. The service need not listen. */
export function openApiDocumentOf(
  app: NestFastifyApplication,
  { name, description }: Pick<ServiceDefinition, 'name' | 'description'>,
): OpenAPIObject {
  const document = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(name)
    .setDescription(description)
    .setVersion('1')
    .build();
  return SwaggerModule.createDocument(app, document, { standardSchemaConverter });
}

function limitServer(fastify: FastifyInstance, limits: ServerLimits, unsent: UnsentAnswers): void {
  limitConnections(fastify.server, new ConnectionTable(limits));
  fastify.addHook('onRoute', (route) => {
    const bodyLimit = Object.hasOwn(limits.bodyBytesOf, route.url) ? limits.bodyBytesOf[route.url] : undefined;
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
  const bodies = new BodyReader(limits);
  fastify.addHook('preParsing', (request, reply, payload) => bodies.read(request, reply, payload));
  fastify.addHook('onSend', (_request, { raw }, payload, done) => {
    // Node sets the time of the next request, or of a kept connection, when this answer is sent.
    if (raw.socket instanceof Socket) raw.socket.setTimeout(limits.answerStallMs);
    const sent = unsent.watch({ pendingBytes: () => raw.writableLength, cut: () => void raw.destroy() });
    whenClosed(raw, sent);
    done(null, payload);
  });
}

/**
 * The whole of a service's `main.ts`: reads the configuration, builds the service, listens.
 * An error at start-up prints one readable line to stderr; the exit code is 1.
 *
 * @param afterListening what else belongs to the start. The service answers meanwhile, and is not ready
 */
export async function startService<Config extends ServiceConfig>(
  configure: () => Config,
  define: (config: Config) => Omit<ServiceDefinition, 'config'>,
  afterListening: (app: NestFastifyApplication) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await endOnFailure(async () => {
    const config = configure();
    const app = await createService({ ...define(config), config });
    await app.listen({ host: config.HOST, port: config.PORT });
    await afterListening(app);
  });
}

/** Runs the main function of a process. An error prints one readable line to stderr; the exit code is 1. */
export async function endOnFailure(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const text =
      error instanceof EnvironmentError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message);
    process.stderr.write(`${withoutSecrets(text)}\n`);
    process.exit(1);
  }
}
