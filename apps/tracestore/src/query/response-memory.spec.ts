import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { errorKinds } from '../errors/error-kinds.js';
import { ResponseMemory, weightOf } from './response-memory.js';

it('refuses a response that needs more than all by itself', () => {
  const response = new ResponseMemory(100, 10).open();
  response.grow(100);
  expect(() => response.grow(1)).toThrow(errorKinds.responseTooLarge.title);
});

it('says that it is busy while others hold the memory', () => {
  const memory = new ResponseMemory(100, 10);
  const one = memory.open();
  const other = memory.open();
  one.grow(90);
  expect(() => other.grow(20)).toThrow(errorKinds.busy.title);
  one.release();
  other.grow(20);
  expect(memory.heldBytes).toBe(20);
});

it('always has memory for a small response', () => {
  const memory = new ResponseMemory(100, 10);
  memory.open().grow(100);
  const small = memory.open();
  small.grow(10);
  expect(() => small.grow(1)).toThrow(errorKinds.busy.title);
});

it('gives memory back once, and soon in the next turn', async () => {
  const memory = new ResponseMemory(100, 10);
  const response = memory.open();
  response.grow(50);
  response.releaseSoon();
  expect(memory.heldBytes).toBe(50);
  await setImmediate();
  response.release();
  expect(memory.heldBytes).toBe(0);
});

it('counts characters and values of rows, those within JSON included', () => {
  expect(weightOf({ text: 'four' })).toBe(128 + 128 + 16);
  expect(weightOf({ list: [1, null, 'a'] })).toBe(128 + 128 + 128 + 128 + 128 + 4);
});
