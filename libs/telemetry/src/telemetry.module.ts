import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { shutdownTelemetry } from './shutdown.js';

/**
 * Exports the last spans after the last response. Nest runs this hook when the HTTP server is closed, so the spans of
 * every request are exported.
 */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await shutdownTelemetry();
  }
}
