import { createInterface } from 'node:readline';
import type { Options } from './options.ts';
import type { LeashedProcess } from './leash.ts';
import { type Colour, paint, print } from './terminal.ts';

/** What is kept of a child's output, to be shown if it fails. */
const keptLines = 30;
const longestLine = 240;
/** The same complaint of the same service is shown once in this time, then with a count. */
const repeatAfterMs = 30_000;
const mostDistinctComplaints = 200;

const colours: readonly Colour[] = ['cyan', 'magenta', 'blue', 'green', 'yellow'];

/**
 * What one child writes: kept for a while, shown where asked for, and always shown where it is an error.
 */
export class ChildLog {
  private readonly last: string[] = [];
  private readonly complaints = new Map<string, { shownAt: number; held: number }>();
  private readonly name: string;
  private readonly showsAll: boolean;
  private readonly prefix: string;
  private readonly isAlarming: (line: string) => boolean;

  /**
   * @param index gives the child its colour
   * @param isAlarming which plain lines on standard error are shown unasked
   */
  constructor(name: string, index: number, shown: Options['logs'], isAlarming: (line: string) => boolean = () => true) {
    this.isAlarming = isAlarming;
    this.name = name;
    this.showsAll = shown === 'all' || (shown !== 'none' && shown.service === name);
    this.prefix = paint(colours[index % colours.length] ?? 'cyan', name.padEnd(10));
  }

  /** Reads both streams of a child until they end. */
  follow({ stdout, stderr }: Pick<LeashedProcess, 'stdout' | 'stderr'>): void {
    createInterface({ input: stdout }).on('line', (line) => this.take(line, false));
    createInterface({ input: stderr }).on('line', (line) => this.take(line, true));
  }

  /** The last lines, oldest first, as a person reads them. */
  lastLines(): readonly string[] {
    return this.last.map((line) => readable(parseJsonLine(line), line));
  }

  private take(line: string, fromStderr: boolean): void {
    if (line.trim() === '') return;
    this.last.push(line.slice(0, 4_000));
    if (this.last.length > keptLines) this.last.shift();
    if (this.showsAll) return print(`${this.prefix} ${line}`);
    const entry = parseJsonLine(line);
    if (entry === undefined ? fromStderr && !isStackFrame(line) && this.isAlarming(line) : isError(entry))
      this.complain(readable(entry, line), Date.now());
  }

  private complain(text: string, now: number): void {
    // Two complaints that differ in numbers and ids only are the same complaint.
    const kind = text.replaceAll(/[\da-f]{8,}|\d+/g, '#');
    const known = this.complaints.get(kind);
    if (known !== undefined && now - known.shownAt < repeatAfterMs) {
      known.held += 1;
      return;
    }
    if (this.complaints.size >= mostDistinctComplaints) this.complaints.clear();
    this.complaints.set(kind, { shownAt: now, held: 0 });
    const more = known !== undefined && known.held > 0 ? paint('dim', ` (and ${known.held} like it before)`) : '';
    print(`${paint('red', '!')} ${this.name.padEnd(10)} ${shortened(text)}${more}`);
  }
}

interface JsonLine {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
  readonly context?: unknown;
}

function parseJsonLine(line: string): JsonLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonLine;
  } catch {
    return undefined;
  }
}

/** Levels are names in our logs, numbers in those of an unconfigured pino. */
function isError({ level }: JsonLine): boolean {
  return level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
}

function readable(entry: JsonLine | undefined, line: string): string {
  if (entry === undefined) return line;
  const [message, cause] = [entry.msg, entry.err?.message].map((part) => (typeof part === 'string' ? part : ''));
  // The error's own text, with those of its causes, mostly begins with what was logged.
  const text = cause?.startsWith(message ?? '') ? cause : [message, cause].filter(Boolean).join(': ');
  return text || line;
}

/** Where an error was thrown is for whoever asks for all lines. */
function isStackFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}
