import { z } from 'zod';

/** The names that a URL of a link pattern may have in braces. `attribute:KEY` is the value of an attribute. */
const placeholders = ['value', 'traceId', 'spanId', 'service', 'operation', 'startUnixMs', 'endUnixMs'] as const;

/** A link from spans, or from an attribute, to another tool. */
export const linkPattern = z.strictObject({
  attribute: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('key of the attribute that gets the link; without it, every span has the link'),
  title: z.string().min(1).max(100).describe('text of the link'),
  url: z
    .string()
    .max(2000)
    .refine(
      isSafeUrl,
      `must be an http or https URL without a placeholder in its host, with placeholders of ${placeholders.map((name) => `{${name}}`).join(', ')} and {attribute:KEY}`,
    ),
});
export type LinkPattern = z.infer<typeof linkPattern>;

/** The most patterns. */
export const linkPatterns = z.array(linkPattern).max(100);

export const linkPatternsResponse = z.object({ patterns: linkPatterns });
export type LinkPatternsResponse = z.infer<typeof linkPatternsResponse>;

/** Whether a pattern makes only URLs of one http or https host, and has only known placeholders. */
function isSafeUrl(url: string): boolean {
  const [origin] = /^https?:\/\/[^/?#{}\\\s]+/.exec(url) ?? [];
  if (origin === undefined) return false;
  const rest = url.slice(origin.length);
  if (rest !== '' && !/^[/?#]/.test(rest)) return false;
  const filled = rest.replaceAll(/\{(attribute:[^{}]+|\w+)\}/g, (whole, name: string) =>
    name.startsWith('attribute:') || placeholders.some((known) => known === name) ? 'x' : whole,
  );
  return !/[{}\s]/.test(filled) && URL.canParse(origin + filled);
}
