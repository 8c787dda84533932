import type { GrpcCallLimits, GrpcServerLimits } from '@spandrel/grpc';
import type { ServerLimits } from '@spandrel/service';
import { limits } from '../limits.js';
import type { TracestoreConfig } from './tracestore.config.js';

/** The bounds of connections that each port has. */
export function connectionLimitsOf({
  maxConnections,
}: Pick<TracestoreConfig, 'maxConnections'>): Pick<ServerLimits, 'connections' | 'connectionsPerClient'> {
  return {
    connections: maxConnections,
    connectionsPerClient: Math.ceil((maxConnections * limits.connectionsPercentPerClient.value) / 100),
  };
}

/** The bounds of the port of the console, its API and Jaeger's HTTP API. */
export function serverLimitsOf(config: Pick<TracestoreConfig, 'maxConnections'>): Partial<ServerLimits> {
  return {
    ...connectionLimitsOf(config),
    headersMs: limits.headersMs.value,
    requestMs: limits.apiRequestMs.value,
    keepAliveMs: limits.keepAliveMs.value,
    bodyBytes: limits.apiBodyBytes.value,
    bodyBytesOf: { '/api/session': limits.signInBodyBytes.value },
    unfinishedBodyBytes: limits.apiUnfinishedBodyBytes.value,
    bodyPieces: limits.bodyPieces.value,
    answerStallMs: limits.answerStallMs.value,
    answerMs: limits.answerMs.value,
    unsentBytes: limits.unsentBytes.value,
  };
}

/** The beginnings of the paths of that port whose answers are compressed. The files of the console are compressed by its build. */
export const compressedPaths: readonly string[] = ['/api/', '/jaeger/', '/tempo/', '/openapi.json'];

/** The bounds of each port that speaks gRPC. */
export function grpcServerLimitsOf(config: Pick<TracestoreConfig, 'maxConnections'>): GrpcServerLimits {
  return {
    ...connectionLimitsOf(config),
    callsPerConnection: limits.grpcCallsPerConnection.value,
    calls: limits.grpcCalls.value,
    refusedCalls: limits.grpcRefusedCalls.value,
    headerBytes: limits.grpcHeaderBytes.value,
    connectionBytes: limits.grpcConnectionBytes.value,
    idleMs: limits.grpcIdleMs.value,
  };
}

/** The bounds of the calls of Jaeger's storage API. A query for 10,000 trace ids with times is half of `messageBytes`. */
export const grpcCallLimits: GrpcCallLimits = {
  callsPerConnection: limits.jaegerCallsPerConnection.value,
  callsPerClient: limits.jaegerCallsPerClient.value,
  calls: limits.jaegerCalls.value,
  messageBytes: limits.jaegerMessageBytes.value,
  messageMs: limits.jaegerMessageMs.value,
  messagePieces: limits.bodyPieces.value,
  answerStallMs: limits.answerStallMs.value,
};
