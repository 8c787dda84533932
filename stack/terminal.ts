import { styleText } from 'node:util';

// Writing to a closed terminal must not end this process before its children.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Writes a line to standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs one step and prints a line with its name and its time.
 *
 * @param work returns a detail for the line, '' for none
 * @throws what `work` throws
 */
export async function step(name: string, work: () => Promise<string> | string): Promise<void> {
  const startedAt = Date.now();
  const finish = (mark: string, detail: string): void => {
    const seconds = `${((Date.now() - startedAt) / 1_000).toFixed(1)} s`.padStart(7);
    print(`  ${mark} ${name.padEnd(12)} ${seconds}  ${styleText('dim', detail)}`.trimEnd());
  };
  try {
    finish(styleText('green', '✓'), await work());
  } catch (error) {
    finish(styleText('red', '✗'), '');
    throw error;
  }
}
