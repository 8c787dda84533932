import type { GuardedProcess } from '../../stack/parent-guard.ts';

/** Lets a person see what a child says: on stderr, since stdout holds the result alone. */
export function forwardOutput({ stdout, stderr }: GuardedProcess): void {
  for (const stream of [stdout, stderr]) stream.on('data', (text: Buffer) => process.stderr.write(text));
}
