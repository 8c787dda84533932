import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { OpenFeature, ProviderEvents, TypedInMemoryProvider } from '@openfeature/server-sdk';
import { type FaultFlag, faultFlags, FaultSwitches } from './fault-flags.js';
import { parseFlags, readIfPresent } from './flags-file.js';

const openFeatureDomain = 'faults';

/**
 * Switches injected faults by a file of flags, which OpenFeature evaluates, and follows changes of the file.
 *
 * It polls: it reads the file periodically and compares the text, which takes 0.1 ms. Unlike a file watcher, this detects
 * every change on every file system: an edit, a rename over the file, and the symlinks that Kubernetes swaps for a
 * ConfigMap. An invalid file changes nothing.
 */
export class FileFaultSwitches extends FaultSwitches implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Faults');
  private readonly provider = new TypedInMemoryProvider();
  private readonly client = OpenFeature.getClient(openFeatureDomain);
  private readonly evaluateOnChange = (): Promise<void> => this.evaluate();
  private flagsThatAreOn: ReadonlySet<FaultFlag> = new Set(faultFlags);
  /** Null before the first read. */
  private lastText: string | undefined | null = null;
  private lastWarning: string | undefined;
  private poll: NodeJS.Timeout | undefined;

  /**
   * @param path the file of flags; every fault is on while it is missing
   * @param pollMs the interval between reads
   */
  constructor(
    private readonly path: string,
    private readonly pollMs = 500,
  ) {
    super();
  }

  override isOn(flag: FaultFlag): boolean {
    return this.flagsThatAreOn.has(flag);
  }

  async onModuleInit(): Promise<void> {
    await OpenFeature.setProviderAndWait(openFeatureDomain, this.provider);
    await this.readFile();
    await this.evaluate();
    this.client.addHandler(ProviderEvents.ConfigurationChanged, this.evaluateOnChange);
    this.scheduleNextRead();
  }

  onModuleDestroy(): void {
    clearTimeout(this.poll);
    this.poll = undefined;
    this.client.removeHandler(ProviderEvents.ConfigurationChanged, this.evaluateOnChange);
  }

  private scheduleNextRead(): void {
    this.poll = setTimeout(() => {
      void this.readFile().finally(() => {
        if (this.poll !== undefined) this.scheduleNextRead();
      });
    }, this.pollMs).unref();
  }

  private async readFile(): Promise<void> {
    try {
      const text = await readIfPresent(this.path);
      if (text === this.lastText) return;
      this.lastText = text;
      this.lastWarning = undefined;
      if (text === undefined) this.warnOnce(`${this.path} is missing; every fault is on`);
      const { definitions, unknownNames } = parseFlags(text);
      if (unknownNames.length > 0) this.warnOnce(`${this.path}: unknown faults: ${unknownNames.join(', ')}`);
      this.provider.putConfiguration(definitions);
    } catch (error) {
      this.warnOnce(`${this.path} is ignored: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Logs a warning unless it is the same as the last one: an unreadable file fails at every poll. */
  private warnOnce(message: string): void {
    if (message !== this.lastWarning) this.logger.warn(message);
    this.lastWarning = message;
  }

  /**
   * Evaluates every flag with OpenFeature and caches the values. One evaluation takes 13 µs and a dozen promises, too
   * much for every step of a request. The values change only with the definitions.
   */
  private async evaluate(): Promise<void> {
    const values = await Promise.all(faultFlags.map((flag) => this.client.getBooleanValue(flag, true)));
    this.flagsThatAreOn = new Set(faultFlags.filter((_, index) => values[index]));
    const off = faultFlags.filter((_, index) => !values[index]);
    this.logger.log(off.length === 0 ? 'All faults are on' : `Faults that are off: ${off.join(', ')}`);
  }
}
