import { describe, expect, it } from 'vitest';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { StatementSlots } from './statement-slots.js';

const patient = new AbortController().signal;
const limits = { total: 3, perClient: 2, waitMs: 60_000, waitingPerClient: 2 };

async function codeOf(taking: Promise<unknown>): Promise<string> {
  const error: unknown = await taking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof TracestoreError ? error.kind.code : 'none';
}

describe('slots for statements', () => {
  it('leave one for others, whatever a client takes', async () => {
    const slots = new StatementSlots(limits);
    await slots.take('greedy', patient);
    await slots.take('greedy', patient);
    const third = slots.take('greedy', patient);
    await slots.take('modest', patient);
    expect(await Promise.race([third.then(() => 'taken'), Promise.resolve('waits')])).toBe('waits');
  });

  it('go to the client that has waited longest and may have one', async () => {
    const slots = new StatementSlots(limits);
    const [first] = [await slots.take('a', patient), await slots.take('a', patient)];
    const order: string[] = [];
    void slots.take('a', patient).then(() => order.push('a'));
    const other = await slots.take('b', patient);
    void slots.take('c', patient).then(() => order.push('c'));
    other();
    await Promise.resolve();
    await Promise.resolve();
    expect(order).toEqual(['c']);
    first();
    await new Promise(setImmediate);
    expect(order).toEqual(['c', 'a']);
  });

  it('are refused as busy when none comes free in time', async () => {
    const slots = new StatementSlots({ ...limits, total: 1, perClient: 1, waitMs: 10 });
    const release = await slots.take('a', patient);
    expect(await codeOf(slots.take('b', patient))).toBe('busy');
    release();
    expect(await codeOf(slots.take('b', patient))).toBe('none');
  });

  it('are refused as busy at once when too many of a client wait', async () => {
    const slots = new StatementSlots({ ...limits, total: 1, perClient: 1 });
    await slots.take('a', patient);
    void slots.take('a', patient);
    void slots.take('a', patient);
    expect(await codeOf(slots.take('a', patient))).toBe('busy');
  });

  it('are not kept for a client that has gone', async () => {
    const slots = new StatementSlots({ ...limits, total: 1, perClient: 1 });
    const release = await slots.take('a', patient);
    const gone = new AbortController();
    const waiting = slots.take('b', gone.signal);
    gone.abort();
    expect(await codeOf(waiting)).toBe('cancelled');
    release();
    expect(await codeOf(slots.take('c', patient))).toBe('none');
  });
});
