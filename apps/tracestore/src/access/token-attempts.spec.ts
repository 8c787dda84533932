import { describe, expect, it } from 'vitest';
import { limits } from '../limits.js';
import { TokenAttempts } from './token-attempts.js';

function attemptsAt() {
  const clock = { nowMs: 0 };
  const attempts = new TokenAttempts(() => clock.nowMs);
  const fail = (address: string, times: number): void => {
    for (let time = 0; time < times; time += 1) attempts.noteWrong(address);
  };
  return { clock, attempts, fail };
}

const perClient = limits.wrongTokensPerMinute.value;

describe('TokenAttempts', () => {
  it('lets a client wait for the rest of its minute when it is at its bound, and no other client', () => {
    const { clock, attempts, fail } = attemptsAt();
    fail('192.0.2.1', perClient - 1);
    expect(attempts.waitMs('192.0.2.1')).toBe(0);
    clock.nowMs = 10_000;
    fail('192.0.2.1', 1);
    expect(attempts.waitMs('192.0.2.1')).toBe(50_000);
    expect(attempts.waitMs('192.0.2.2')).toBe(0);
    clock.nowMs = 60_000;
    expect(attempts.waitMs('192.0.2.1')).toBe(0);
  });

  it.each([
    ['2001:db8:1:2:3::4', '2001:db8:1:2::9', true],
    ['2001:db8::1', '2001:db8:0:0:ffff::', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ])('counts %s and %s as one client: %s', (left, right, one) => {
    const { attempts, fail } = attemptsAt();
    fail(left, perClient);
    expect(attempts.waitMs(right) > 0).toBe(one);
  });

  it('leaves a first attempt to each client when all together are at their bound', () => {
    const { clock, attempts, fail } = attemptsAt();
    const clients = Math.ceil(limits.wrongTokensOfAllPerMinute.value / (perClient - 1));
    for (let client = 0; client < clients; client += 1) fail(`client ${client}`, perClient - 1);
    expect(attempts.waitMs('client 0')).toBe(60_000);
    expect(attempts.waitMs('192.0.2.7')).toBe(0);
    fail('192.0.2.7', 1);
    expect(attempts.waitMs('192.0.2.7')).toBe(60_000);
    clock.nowMs = 60_000;
    expect(attempts.waitMs('client 0')).toBe(0);
  });

  it('remembers a bounded number of clients', () => {
    const { attempts, fail } = attemptsAt();
    for (let client = 0; client <= limits.wrongTokenClients.value; client += 1) fail(`client ${client}`, 1);
    // The total is that of the clients that are remembered.
    expect(attempts.waitMs(`client ${limits.wrongTokenClients.value}`)).toBe(60_000);
    expect(attempts.waitMs('client 0')).toBe(0);
  });
});
