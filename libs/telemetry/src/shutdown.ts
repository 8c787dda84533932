let flush: (() => Promise<void>) | undefined;

/** Registers the function that exports the remaining spans. `register.ts` calls it once. */
export function onShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/** Whether this process was started with `register`, so that spans may be exported. */
export function isTracing(): boolean {
  return flush !== undefined;
}

/** Exports the remaining spans and stops the SDK. Without tracing, it does nothing. */
export async function shutdownTelemetry(): Promise<void> {
  await flush?.();
}
