import { z } from 'zod';

export const genAiQuery = z.object({
  content: z
    .enum(['0', '1'])
    .default('0')
    .describe('1: with messages, instructions, and arguments and results of tools, which can be large'),
});
export type GenAiQuery = z.infer<typeof genAiQuery>;

const attributes = z.record(z.string(), z.unknown());

export const genAiSpan = z.object({
  spanId: z.string(),
  attributes: attributes.describe('the gen_ai attributes of the span; a long text is cut'),
  events: z.array(z.object({ name: z.string(), attributes })).describe('its gen_ai events; empty without content'),
});
export type GenAiSpan = z.infer<typeof genAiSpan>;

export const genAiResponse = z.object({
  spans: z.array(genAiSpan).describe('spans with gen_ai attributes, in the order of their starts'),
  isCut: z.boolean().describe('whether there are more than 1000 such spans, or more than 4 MB of content'),
});
export type GenAiResponse = z.infer<typeof genAiResponse>;
