import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { defaultFlagsFile } from './character.config.js';
import { faultFlags } from './fault-flags.js';
import { FileFaultSwitches } from './fault-switches.service.js';

const pollMs = 5;
let directory: string;
let path: string;
let switches: FileFaultSwitches;
let warn: MockInstance<Logger['warn']>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flags-'));
  path = join(directory, 'flags.json');
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
});

afterEach(async () => {
  switches.onModuleDestroy();
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

async function start(): Promise<void> {
  switches = new FileFaultSwitches(path, pollMs);
  await switches.onModuleInit();
}

const flags = (defaultVariant: 'on' | 'off', ...names: readonly string[]) =>
  JSON.stringify({
    flags: Object.fromEntries(
      names.map((name) => [name, { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant }]),
    ),
  });

const off = () => faultFlags.filter((flag) => !switches.isOn(flag));
const warnings = () => warn.mock.calls.map(([message]) => String(message));
/** Waits long enough for several reads of the file. */
const severalPolls = () => new Promise((done) => setTimeout(done, 10 * pollMs));

describe('flags.json', () => {
  it('has a flag for every fault and turns it on', async () => {
    const { flags: definitions } = JSON.parse(await readFile(defaultFlagsFile, 'utf8'));
    expect(Object.keys(definitions).toSorted()).toEqual(faultFlags.toSorted());
    path = defaultFlagsFile;
    await start();
    expect(off()).toEqual([]);
    expect(warnings()).toEqual([]);
  });
});

describe('FileFaultSwitches', () => {
  it('has the flags of the file after the start, and other faults on', async () => {
    await writeFile(path, flags('off', 'upper-failure', 'digit-minute-wave'));
    await start();
    expect(off()).toEqual(['digit-minute-wave', 'upper-failure']);
  });

  it('has every fault on without a file, and logs one warning', async () => {
    await start();
    await severalPolls();
    expect(off()).toEqual([]);
    expect(warnings()).toEqual([`${path} is missing; every fault is on`]);
  });

  it('follows edits that turn a fault off and on', async () => {
    await writeFile(path, flags('on', 'upper-failure'));
    await start();
    await writeFile(path, flags('off', 'upper-failure'));
    await expect.poll(off).toEqual(['upper-failure']);
    await writeFile(path, flags('on', 'upper-failure'));
    await expect.poll(off).toEqual([]);
  });

  it('follows an edit that changes neither size nor modification time', async () => {
    const time = new Date(2026, 0, 1);
    const sameSize = ['digit-extra-process', 'upper-extra-process'] as const;
    await writeFile(path, flags('off', sameSize[0]));
    await utimes(path, time, time);
    await start();
    await writeFile(path, flags('off', sameSize[1]));
    await utimes(path, time, time);
    await expect.poll(off).toEqual([sameSize[1]]);
  });

  it('follows a file that is created, renamed over and deleted', async () => {
    await start();
    await writeFile(path, flags('off', 'special-failure'));
    await expect.poll(off).toEqual(['special-failure']);
    await writeFile(`${path}.new`, flags('off', 'upper-drift'));
    await rename(`${path}.new`, path);
    await expect.poll(off).toEqual(['upper-drift']);
    await rm(path);
    await expect.poll(off).toEqual([]);
  });

  it('follows the swap of a symlink to a directory, as Kubernetes updates a ConfigMap', async () => {
    for (const [version, flag] of [
      ['1', 'upper-drift'],
      ['2', 'lower-extra-process'],
    ] as const) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'flags.json'), flags('off', flag));
      await symlink(version, join(directory, `..data-${version}`));
    }
    await rename(join(directory, '..data-1'), join(directory, '..data'));
    await symlink(join('..data', 'flags.json'), path);
    await start();
    expect(off()).toEqual(['upper-drift']);
    await rename(join(directory, '..data-2'), join(directory, '..data'));
    await expect.poll(off).toEqual(['lower-extra-process']);
  });

  it.each([
    ['invalid JSON', '{"flags":', /is ignored: .*JSON/],
    ['no flags', '{}', /is ignored: flags: /],
    ['an unknown variant', flags('on', 'upper-drift').replace('"on":true', '"yes":true'), /one of the variants/],
    ['a variant of another type', flags('on', 'upper-drift').replace('true', '"true"'), /true or false/],
    [
      'targeting rules',
      flags('on', 'upper-drift').replace('"variants"', '"targeting":{"if":[]},"variants"'),
      /upper-drift\.targeting: is not supported/,
    ],
  ])('keeps the last valid flags after an edit with %s, and logs one warning', async (_, text, warning) => {
    await writeFile(path, flags('off', 'upper-failure'));
    await start();
    await writeFile(path, text);
    await expect.poll(warnings).toHaveLength(1);
    await severalPolls();
    expect(warnings()).toEqual([expect.stringMatching(warning)]);
    expect(off()).toEqual(['upper-failure']);
    await writeFile(path, flags('off', 'upper-drift'));
    await expect.poll(off).toEqual(['upper-drift']);
  });

  it('keeps the last valid flags while the file is unreadable, and logs one warning', async () => {
    await writeFile(path, flags('off', 'upper-failure'));
    await start();
    await rename(path, `${path}.old`);
    await symlink('flags.json', path);
    await expect.poll(() => warnings().at(-1)).toMatch('ELOOP');
    const earlier = warnings();
    await severalPolls();
    expect(warnings()).toEqual(earlier);
  });

  it('logs a warning for an unknown fault and applies the other flags', async () => {
    await writeFile(path, flags('off', 'uper-failure', 'upper-drift'));
    await start();
    expect(warnings()).toEqual([`${path}: unknown faults: uper-failure`]);
    expect(off()).toEqual(['upper-drift']);
  });

  it('has the fault of a DISABLED flag on', async () => {
    await writeFile(path, flags('off', 'upper-drift').replace('ENABLED', 'DISABLED'));
    await start();
    expect(off()).toEqual([]);
  });

  it('ignores edits after it was stopped', async () => {
    await writeFile(path, flags('on', 'upper-drift'));
    await start();
    switches.onModuleDestroy();
    await writeFile(path, flags('off', 'upper-drift'));
    await severalPolls();
    expect(off()).toEqual([]);
  });
});
