import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an upstream answers: a body with a status, or never. */
export type ScriptedAnswer = { readonly status: number; readonly body: string } | 'never';

export interface Upstream {
  readonly url: string;
  /** The headers of every request so far. */
  readonly requests: readonly IncomingMessage['headers'][];
  stop(): Promise<void>;
}

/** Starts a real HTTP server on a port of its own, which answers by its script and repeats the last line. */
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
