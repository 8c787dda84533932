import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import type { GuardedProcess } from '@spandrel/embedded/parent-guard';
import { print } from './terminal.ts';

const keptLines = 30;
const maxLineLength = 240;
/** Similar errors of one child are printed once in this time. */
const repeatAfterMs = 30_000;
const maxKinds = 200;
const colours = ['cyan', 'magenta', 'blue', 'green', 'yellow'] as const;

/** The output of one child: the last lines are kept, errors are printed, all lines are printed if requested. */
export class ChildLog {
  private readonly last: string[] = [];
  private readonly printedAt = new Map<string, number>();
  private readonly name: string;
  private readonly showsAll: boolean;
  private readonly prefix: string;
  private readonly isAlarming: (line: string) => boolean;

  /**
   * @param index selects the colour
   * @param isAlarming whether a line on standard error that is not JSON is printed
   */
  constructor(name: string, index: number, showsAll: boolean, isAlarming: (line: string) => boolean = () => true) {
    this.name = name;
    this.showsAll = showsAll;
    this.isAlarming = isAlarming;
    this.prefix = styleText(colours[index % colours.length] ?? 'cyan', name.padEnd(10));
  }

  /** Reads the output of a process until it ends. */
  follow({ stdout, stderr }: Pick<GuardedProcess, 'stdout' | 'stderr'>): void {
    createInterface({ input: stdout }).on('line', (line) => this.take(line, false));
    createInterface({ input: stderr }).on('line', (line) => this.take(line, true));
  }

  /** The last lines, oldest first, with the message alone where a line is JSON. */
  lastLines(): readonly string[] {
    return this.last.map((line) => messageOf(parseJson(line), line));
  }

  private take(line: string, fromStderr: boolean): void {
    if (line.trim() === '') return;
    this.last.push(line.slice(0, 4_000));
    if (this.last.length > keptLines) this.last.shift();
    if (this.showsAll) return print(`${this.prefix} ${line}`);
    const entry = parseJson(line);
    const isStackFrame = /^\s+at /.test(line);
    const isError = entry === undefined ? fromStderr && !isStackFrame && this.isAlarming(line) : hasErrorLevel(entry);
    if (isError) this.printOnce(messageOf(entry, line).replaceAll(/\s+/g, ' '));
  }

  /** Errors that differ only in numbers and ids are similar. */
  private printOnce(text: string): void {
    const kind = text.replaceAll(/[\da-f]{8,}|\d+/g, '#');
    if (Date.now() - (this.printedAt.get(kind) ?? 0) < repeatAfterMs) return;
    if (this.printedAt.size >= maxKinds) this.printedAt.clear();
    this.printedAt.set(kind, Date.now());
    const shortened = text.length > maxLineLength ? `${text.slice(0, maxLineLength - 1)}…` : text;
    print(`${styleText('red', '!')} ${this.name.padEnd(10)} ${shortened}`);
  }
}

interface JsonLine {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

function parseJson(line: string): JsonLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonLine;
  } catch {
    return undefined;
  }
}

/** Levels are names in the logs of the services, numbers in those of an unconfigured pino. */
function hasErrorLevel({ level }: JsonLine): boolean {
  return level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
}

function messageOf(entry: JsonLine | undefined, line: string): string {
  const [message = '', cause = ''] = [entry?.msg, entry?.err?.message].map((part) =>
    typeof part === 'string' ? part : '',
  );
  // The text of an error often begins with the message of its line.
  return (cause.startsWith(message) ? cause : [message, cause].filter(Boolean).join(': ')) || line;
}
