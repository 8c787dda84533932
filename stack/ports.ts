import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { ports } from '@spandrel/service/ports';

export type PortName = keyof typeof ports;
export type PortPlan = Readonly<Record<PortName, number>>;

/** An address that the stack is about to listen on. */
export interface WantedPort {
  readonly name: string;
  readonly port: number;
  readonly host: string;
}

const highestPort = Math.max(...Object.values(ports));
/** With a larger offset, the highest port is out of range. */
export const maxPortOffset = 65_535 - highestPort;
/** Up to this offset, no port is in the range from which Linux chooses the ports of clients. */
const maxFreeOffset = 32_767 - highestPort;

/** Every port of the stack, moved by an offset. */
export function planPorts(offset: number): PortPlan {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, port + offset])) as PortPlan;
}

/** Returns the ports that cannot be listened on. */
export async function findTakenPorts(wanted: readonly WantedPort[]): Promise<readonly WantedPort[]> {
  const taken = await Promise.all(wanted.map(isTaken));
  return wanted.filter((_, index) => taken[index]);
}

/**
 * Finds an offset at which all ports of a stack are free at this moment. It tries random ones, so that two test runs on
 * one machine seldom try the same.
 *
 * @throws Error when none of 50 is free
 */
export async function findFreeOffset(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const offset = randomInt(1, maxFreeOffset);
    const wanted = Object.entries(planPorts(offset)).map(([name, port]) => ({ name, port, host: '127.0.0.1' }));
    if ((await findTakenPorts(wanted)).length === 0) return offset;
  }
  throw new Error('no offset was found at which all ports of the stack are free');
}

async function isTaken({ host, port }: WantedPort): Promise<boolean> {
  const server = createServer().listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch {
    return true;
  }
  server.close();
  await once(server, 'close');
  // macOS allows listening on one address while another process listens on all addresses.
  const socket = connect({ host: '127.0.0.1', port, timeout: 500 });
  try {
    await Promise.race([once(socket, 'connect'), once(socket, 'timeout').then(() => Promise.reject(new Error()))]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
