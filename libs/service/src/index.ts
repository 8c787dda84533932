export { clientOf } from './client-address.js';
export { Draining, drainConnectionsOnClose, drainMs } from './draining.js';
export { EnvironmentError, parseEnvironment, variable } from './environment.js';
export { READINESS_CHECK, type ReadinessCheck } from './health.controller.js';
export { ports } from './ports.js';
export { Problem, type ProblemDetails, type ProblemKind } from './problem.js';
export { type LogLevel, type ServiceConfig, serviceVariables } from './service.config.js';
export { createService, type ServiceDefinition, startService } from './service.js';
