import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { OpenFeature, ProviderEvents, TypedInMemoryProvider } from '@openfeature/server-sdk';
import { type FaultFlag, faultFlags, FaultSwitches } from './fault-flags.js';
import { parseFlags, readIfPresent } from './flags-file.js';

const openFeatureDomain = 'faults';

/**
 * The faults' switches: OpenFeature evaluates them from a file, and they follow the file's edits.
 *
 * The file is read every so often and its text compared. Unlike a watch that notices everything
 * (an edit, a rename over the file, the symlinks that Kubernetes swaps under a ConfigMap) on any file
 * system, and it costs a tenth of a millisecond. A file that makes no sense changes nothing.
 */
export class FileFaultSwitches extends FaultSwitches implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Faults');
  private readonly provider = new TypedInMemoryProvider();
  private readonly client = OpenFeature.getClient(openFeatureDomain);
  private readonly evaluateOnChange = (): Promise<void> => this.evaluate();
  private flagsThatAreOn: ReadonlySet<FaultFlag> = new Set(faultFlags);
  /** Null until the file has been looked for. */
  private lastText: string | undefined | null = null;
  private lastComplaint: string | undefined;
  private poll: NodeJS.Timeout | undefined;

  /**
   * @param path the file of flags; while there is none, every fault is on
   * @param pollMs how long an edit may go unnoticed, in milliseconds
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

  /** A file that can't be read fails at every poll, which is worth one line. */
  private complain(message: string): void {
    if (message !== this.lastComplaint) this.logger.warn(message);
    this.lastComplaint = message;
  }

  /**
   * Asks OpenFeature for every flag and remembers the answers. One answer takes it 13 µs and a dozen
   * promises, too much for every step of a request; and it changes with the definitions only.
   */
  private async evaluate(): Promise<void> {
    const answers = await Promise.all(faultFlags.map((flag) => this.client.getBooleanValue(flag, true)));
    this.flagsThatAreOn = new Set(faultFlags.filter((_, index) => answers[index]));
    const off = faultFlags.filter((_, index) => !answers[index]);
    this.logger.log(off.length === 0 ? 'All faults are on' : `Faults that are off: ${off.join(', ')}`);
  }
}
