/** A slice of long work, in ms: what others wait for it, as often as it takes. */
export const sliceMs = 5;

/**
 * Long work in slices. In a turn of the event loop there is one slice, of whatever work, so that what else there is to do
 * waits for one slice and no longer. Works take turns, so that a short one is not behind a long one.
 */
export class SlicedWork {
  private readonly waiting: (() => boolean)[] = [];
  private isScheduled = false;

  /**
   * Does some work.
   *
   * @param slice is called until it returns something; it should return after `sliceMs`
   * @returns what it returned
   * @throws what it throws
   */
  run<Result>(slice: () => Result | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        try {
          const result = slice();
          if (result === undefined) return false;
          resolve(result);
        } catch (error) {
          reject(error);
        }
        return true;
      });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const work = this.waiting.shift();
      if (work === undefined) return;
      if (!work()) this.waiting.push(work);
      if (this.waiting.length > 0) this.schedule();
    });
  }
}
