import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { shutdownTelemetry } from './shutdown.js';

/**
 * Exports the last spans after the server has answered its last request. Nest runs this hook when
 * the HTTP server is closed, so no request that was in flight loses its spans.
 */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await shutdownTelemetry();
  }
}
