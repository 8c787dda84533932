import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { shutdownTelemetry } from './shutdown.js';

/**
 * Exports the remaining spans at shutdown. Nest calls this hook after the HTTP server has closed, so the spans of requests
 * in flight are included.
 */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await shutdownTelemetry();
  }
}
