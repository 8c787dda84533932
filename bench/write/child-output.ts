import type { LeashedProcess } from '../../stack/leash.ts';

/** Forwards the output of a child to stderr, because stdout holds only the result. */
export function forwardOutput({ stdout, stderr }: LeashedProcess): void {
  for (const stream of [stdout, stderr]) stream.on('data', (text: Buffer) => process.stderr.write(text));
}
