import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A response of an upstream, or none. */
export type ScriptedResponse = { readonly status: number; readonly body: string } | 'never';

export interface Upstream {
  readonly url: string;
  /** The headers of all requests so far. */
  readonly requests: readonly IncomingMessage['headers'][];
  stop(): Promise<void>;
}

/** Starts an HTTP server on a free port. It sends the given responses in order and repeats the last one. */
export async function startUpstream(...script: readonly ScriptedResponse[]): Promise<Upstream> {
  const requests: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const scripted = script[requests.length - 1] ?? script.at(-1) ?? 'never';
    if (scripted === 'never') return;
    response.writeHead(scripted.status, { 'content-type': 'application/json' }).end(scripted.body);
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
