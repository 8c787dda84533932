import { z } from 'zod';

const receiver = z.object({
  port: z.int().describe('on which tracestore listens'),
  url: z.string().nullable().describe('the address for senders, if it is configured'),
});

/** Where tracestore receives spans. */
export const receiversResponse = z.object({
  isLoopback: z.boolean().describe('whether only senders on the machine of tracestore reach the ports'),
  otlpHttp: receiver,
  otlpGrpc: receiver,
});
export type ReceiversResponse = z.infer<typeof receiversResponse>;
