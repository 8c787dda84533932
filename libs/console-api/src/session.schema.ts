import { z } from 'zod';

export const credentials = z.object({ token: z.string().min(1).max(1000) });
export type Credentials = z.infer<typeof credentials>;

export const sessionAnswer = z.object({
  access: z.enum(['none', 'token', 'proxy']).describe('how one signs in here'),
  isSignedIn: z.boolean(),
  user: z.string().nullable().describe('as a proxy calls whoever asks'),
});
export type SessionAnswer = z.infer<typeof sessionAnswer>;
