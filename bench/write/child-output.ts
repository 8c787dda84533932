import type { GuardedProcess } from '@spandrel/embedded/parent-guard';

/** Lets a person see what a child says: on stderr, since stdout holds the result alone. */
export function forwardOutput({ stdout, stderr }: GuardedProcess): void {
  for (const stream of [stdout, stderr]) stream.on('data', (text: Buffer) => process.stderr.write(text));
}
