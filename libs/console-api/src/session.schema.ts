import { z } from 'zod';

export const credentials = z.object({ token: z.string().min(1).max(1000) });
export type Credentials = z.infer<typeof credentials>;

export const sessionResponse = z.object({
  access: z.enum(['none', 'token', 'proxy']).describe('how users sign in'),
  isSignedIn: z.boolean(),
  user: z.string().nullable().describe('the name of the user, as the proxy sends it'),
});
export type SessionResponse = z.infer<typeof sessionResponse>;
