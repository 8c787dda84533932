import { readFile } from 'node:fs/promises';
import type { InMemoryFlagConfiguration } from '@openfeature/server-sdk';
import { z } from 'zod';
import { faultFlags } from './fault-flags.js';

/** What a file of flags says. */
export interface FlagsFile {
  /** For OpenFeature; a fault that they leave out is on, which is the default at its evaluation. */
  readonly definitions: InMemoryFlagConfiguration;
  /** Names that no fault has: a misspelling, or a fault of another version. */
  readonly unknownNames: readonly string[];
}

const flagSchema = z
  .object({
    state: z.enum(['ENABLED', 'DISABLED']),
    variants: z.record(z.string(), z.boolean('should be true or false')),
    defaultVariant: z.string(),
    // To pass over a rule in silence would be worse than to refuse it: a fault is on or off for everybody.
    targeting: z.strictObject({}, 'is not supported').optional(),
  })
  .refine(({ variants, defaultVariant }) => Object.hasOwn(variants, defaultVariant), {
    path: ['defaultVariant'],
    message: 'should be one of the variants',
  });

const fileSchema = z.object({ flags: z.record(z.string(), flagSchema) });

const names: ReadonlySet<string> = new Set(faultFlags);

/**
 * Reads definitions in flagd's format. As flagd has it, a flag whose state is DISABLED counts as
 * absent: that takes the switch away and not the fault.
 *
 * @param text the file's content, or undefined if there is no file
 * @throws Error that says in one line what is wrong with the text
 */
export function parseFlags(text: string | undefined): FlagsFile {
  if (text === undefined) return { definitions: {}, unknownNames: [] };
  const parsed = fileSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const flags = Object.entries(parsed.data.flags);
  return {
    definitions: Object.fromEntries(
      flags.map(([name, { state, variants, defaultVariant }]) => [
        name,
        { variants, defaultVariant, disabled: state === 'DISABLED' },
      ]),
    ),
    unknownNames: flags.map(([name]) => name).filter((name) => !names.has(name)),
  };
}

/** A file's content, or undefined if there is no such file. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
