import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { FuzzFigures } from './fuzz-run.ts';

// `npm run test:fuzz` does the same for as many requests as one likes, and measures how long the healthy client waits.

const root = path.dirname(path.dirname(import.meta.dirname));
const requests = 20_000;
const timeoutMs = 900_000;

interface Result extends FuzzFigures {
  readonly broken: readonly string[];
}

it(
  'tracestore keeps its promises, whatever 20,000 requests of all protocols are like',
  async () => {
    const child = spawn(
      path.join(root, 'node_modules/.bin/node'),
      ['test/fuzz/main.ts', '--json', '--any-witness-time', '--requests', String(requests), '--seed', '1'],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [output, errors] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    await once(child, 'close');
    expect(output, errors).not.toBe('');
    const { broken, ...figures } = JSON.parse(output) as Result;
    expect(broken, JSON.stringify(figures, undefined, 1)).toEqual([]);
    expect(figures.requests).toBe(requests);
  },
  timeoutMs,
);
