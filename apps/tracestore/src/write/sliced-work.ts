/** The length of a slice of long work: how long other work waits for it. */
export const sliceMs = 5;

/**
 * Runs long work in slices, one slice in each turn of the event loop, so that everything else waits for one slice at most.
 * Work items take turns, so that a short one does not wait for a long one.
 */
export class SlicedWork {
  private readonly waiting: (() => boolean)[] = [];
  private isScheduled = false;

  /**
   * Runs a work item.
   *
   * @param slice called until it returns a result other than undefined; each call should take at most `sliceMs`
   * @returns the result
   * @throws the error that `slice` throws
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
