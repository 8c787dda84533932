export type { CallObserver, ObservedCall } from './call-observer.js';
export { GrpcError, type GrpcStatus, grpcStatus } from './grpc-error.js';
export { addHealth } from './grpc-health.js';
export type { GrpcCallLimits, GrpcServerLimits } from './grpc-limits.js';
export { type CallCheck, GrpcRouter, type Implementation } from './grpc-router.js';
export { type GrpcHandler, GrpcServer } from './grpc-server.js';
export {
  answerHeaders,
  answerWithoutGrpc,
  calmDown,
  clientOfStream,
  closeUnread,
  frameOf,
  isAnswered,
  isGrpc,
  prefixBytes,
  refuse,
  statusHeaders,
} from './grpc-wire.js';
