export { acceptedEncoding } from './accepted-encoding.js';
export { addAnswerHeaders, answerHeaders, refuseConnection } from './answer-headers.js';
export { clientOf } from './client-address.js';
export { abortSignalOf, ClientSignal } from './client-signal.js';
export { ConnectionTable, limitConnections } from './connection-table.js';
export { completeDatabaseUrl, databaseTlsRule, databaseVariables, type DatabaseVariables } from './database-url.js';
export { divideConnections } from './divide-connections.js';
export { Draining, drainConnectionsOnClose, drainMs } from './draining.js';
export {
  describeVariables,
  type DocumentedVariable,
  EnvironmentError,
  type EnvironmentRule,
  parseEnvironment,
  variable,
} from './environment.js';
export { READINESS_CHECK, type ReadinessCheck, type ReadinessNote, type ReadinessReport } from './health.controller.js';
export { sendJsonParts, sendParts } from './json-answer.js';
export { ports } from './ports.js';
export { Problem, type ProblemDetails, type ProblemKind } from './problem.js';
export { ProblemDetailsFilter } from './problem-details.filter.js';
export { createProcessLogger, type ProcessLogger } from './logging.js';
export { ServiceMetrics } from './service-metrics.js';
export { type LogLevel, type ServiceConfig, serviceVariables } from './service.config.js';
export { checkingIntervalMs, defaultServerLimits, type ServerLimits } from './server-limits.js';
export { createService, endOnFailure, openApiDocumentOf, type ServiceDefinition, startService } from './service.js';
export { whenClosed } from './when-closed.js';
export { UnsentAnswers, type UnsentAnswer, type UnsentLimits } from './unsent-answers.js';
