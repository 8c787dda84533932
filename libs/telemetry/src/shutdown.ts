let flush: (() => Promise<void>) | undefined;

/** Registers how to export the spans that are still in memory. The register file calls it once. */
export function onShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/** Exports the remaining spans and stops the SDK. It does nothing in a process that is not traced. */
export async function shutdownTelemetry(): Promise<void> {
  await flush?.();
}
