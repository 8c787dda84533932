import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The response of an upstream: a body with a status, or none. */
export type ScriptedAnswer = { readonly status: number; readonly body: string } | 'never';

export interface Upstream {
  readonly url: string;
  /** The headers of all requests so far. */
  readonly requests: readonly IncomingMessage['headers'][];
  stop(): Promise<void>;
}

/** Starts an HTTP server that sends the responses of a script, and repeats the last one. */
export async function startUpstream(...script: readonly ScriptedAnswer[]): Promise<Upstream> {
  const requests: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const answer = script[requests.length - 1] ?? script.at(-1) ?? 'never';
    if (answer === 'never') return;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}
