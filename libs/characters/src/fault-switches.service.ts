import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { OpenFeature, ProviderEvents, TypedInMemoryProvider } from '@openfeature/server-sdk';
import { type FaultFlag, faultFlags, FaultSwitches } from './fault-flags.js';
import { parseFlags, readIfPresent } from './flags-file.js';

const openFeatureDomain = 'faults';

/**
 * Turns faults on and off by the flags of a file, which OpenFeature evaluates, and follows changes of the file.
 *
 * The file is read at intervals, which takes 0.1 ms. Unlike a watch, this notices every change on every file system: an
 * edit, a rename over the file, and the symlinks that Kubernetes swaps for a ConfigMap. An invalid file changes
 * nothing.
 */
export class FileFaultSwitches extends FaultSwitches implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Faults');
  private readonly provider = new TypedInMemoryProvider();
  private readonly client = OpenFeature.getClient(openFeatureDomain);
  private readonly evaluateOnChange = (): Promise<void> => this.evaluate();
  private flagsThatAreOn: ReadonlySet<FaultFlag> = new Set(faultFlags);
  /** Null before the first read. */
  private lastText: string | undefined | null = null;
  private lastComplaint: string | undefined;
  private poll: NodeJS.Timeout | undefined;

  /**
   * @param path the file of flags; if it does not exist, every fault is on
   * @param pollMs interval of the reads
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
      this.lastComplaint = undefined;
      if (text === undefined) this.complain(`${this.path} is missing: every fault is on`);
      const { definitions, unknownNames } = parseFlags(text);
      if (unknownNames.length > 0) this.complain(`${this.path}: there is no fault called ${unknownNames.join(' or ')}`);
      this.provider.putConfiguration(definitions);
    } catch (error) {
      this.complain(`${this.path} changes nothing: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Logs each reason once, because an unreadable file fails at every poll. */
  private complain(message: string): void {
    if (message !== this.lastComplaint) this.logger.warn(message);
    this.lastComplaint = message;
  }

  /**
   * Evaluates every flag with OpenFeature and caches the values. One evaluation takes 13 µs and a dozen promises, too
   * much for every step of a request, and the values only change with the definitions.
   */
  private async evaluate(): Promise<void> {
    const answers = await Promise.all(faultFlags.map((flag) => this.client.getBooleanValue(flag, true)));
    this.flagsThatAreOn = new Set(faultFlags.filter((_, index) => answers[index]));
    const off = faultFlags.filter((_, index) => !answers[index]);
    this.logger.log(off.length === 0 ? 'All faults are on' : `Faults that are off: ${off.join(', ')}`);
  }
}
