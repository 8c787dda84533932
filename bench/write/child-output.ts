import type { LeashedProcess } from '../../stack/leash.ts';

/** Lets a person see what a child says: on stderr, since stdout holds the result alone. */
export function forwardOutput({ stdout, stderr }: LeashedProcess): void {
  for (const stream of [stdout, stderr]) stream.on('data', (text: Buffer) => process.stderr.write(text));
}
