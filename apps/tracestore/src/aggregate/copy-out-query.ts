import type { Connection, Submittable } from 'pg';

/** Runs a `COPY … TO STDOUT` on a connection and passes on each message, which is a row, when it arrives. */
export class CopyOutQuery implements Submittable {
  readonly done: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private failure: Error | undefined;

  /** @param read receives the bytes of a row, which are valid until it returns */
  constructor(
    private readonly text: string,
    private readonly read: (chunk: Buffer) => void,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A caller that awaits `done` gets the failure. Without one, the rejection counts as handled.
    this.done.catch(() => undefined);
  }

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.failure !== undefined) return;
    try {
      this.read(chunk);
    } catch (error) {
      // The remaining rows still arrive.
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.failure === undefined) this.resolve();
    else this.reject(this.failure);
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
