import type { ServerResponse } from 'node:http';

const actionsOf = new WeakMap<ServerResponse, (() => void)[]>();

/**
 * Calls `action` when the response was sent, or when its connection ends before. All actions of a response share one
 * listener: Node warns of a leak at the eleventh, and Fastify and streams add several.
 */
export function whenClosed(response: ServerResponse, action: () => void): void {
  const known = actionsOf.get(response);
  if (known !== undefined) {
    known.push(action);
    return;
  }
  const actions = [action];
  actionsOf.set(response, actions);
  response.once('close', () => {
    for (const run of actions) run();
  });
}
