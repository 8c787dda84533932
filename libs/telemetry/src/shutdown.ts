let flush: (() => Promise<void>) | undefined;

/** Called once by the register file: how the spans that are still in memory get out. */
export function onShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/** Exports what is left and ends the SDK; does nothing in a process that is not traced. */
export async function shutdownTelemetry(): Promise<void> {
  await flush?.();
}
