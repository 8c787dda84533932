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
/** Long enough for several reads of the file. */
const severalPolls = () => new Promise((done) => setTimeout(done, 10 * pollMs));

describe('libs/characters/flags.json', () => {
  it('names every fault and turns it on', async () => {
    const { flags: definitions } = JSON.parse(await readFile(defaultFlagsFile, 'utf8'));
    expect(Object.keys(definitions).toSorted()).toEqual(faultFlags.toSorted());
    path = defaultFlagsFile;
    await start();
    expect(off()).toEqual([]);
    expect(warnings()).toEqual([]);
  });
});

describe('FileFaultSwitches', () => {
  it('has the flags of the file when it has started, and turns the others on', async () => {
    await writeFile(path, flags('off', 'upper-failure', 'digit-minute-wave'));
    await start();
    expect(off()).toEqual(['digit-minute-wave', 'upper-failure']);
  });

  it('turns every fault on if there is no file, and logs that once', async () => {
    await start();
    await severalPolls();
    expect(off()).toEqual([]);
    expect(warnings()).toEqual([`${path} is missing: every fault is on`]);
  });

  it('notices that a flag is turned off and on again', async () => {
    await writeFile(path, flags('on', 'upper-failure'));
    await start();
    await writeFile(path, flags('off', 'upper-failure'));
    await expect.poll(off).toEqual(['upper-failure']);
    await writeFile(path, flags('on', 'upper-failure'));
    await expect.poll(off).toEqual([]);
  });

  it('notices an edit that changes neither the size nor the time of the file', async () => {
    const time = new Date(2026, 0, 1);
    const sameSize = ['digit-extra-process', 'upper-extra-process'] as const;
    await writeFile(path, flags('off', sameSize[0]));
    await utimes(path, time, time);
    await start();
    await writeFile(path, flags('off', sameSize[1]));
    await utimes(path, time, time);
    await expect.poll(off).toEqual([sameSize[1]]);
  });

  it('notices a file that is created, replaced by a rename and deleted', async () => {
    await start();
    await writeFile(path, flags('off', 'special-failure'));
    await expect.poll(off).toEqual(['special-failure']);
    await writeFile(`${path}.new`, flags('off', 'upper-drift'));
    await rename(`${path}.new`, path);
    await expect.poll(off).toEqual(['upper-drift']);
    await rm(path);
    await expect.poll(off).toEqual([]);
  });

  it('notices a swapped symlink to a directory, as Kubernetes updates a ConfigMap', async () => {
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
    ['no JSON', '{"flags":', /changes nothing: .*JSON/],
    ['no flags', '{}', /changes nothing: flags: /],
    [
      'a variant that is not there',
      flags('on', 'upper-drift').replace('"on":true', '"yes":true'),
      /one of the variants/,
    ],
    ['a variant of another type', flags('on', 'upper-drift').replace('true', '"true"'), /true or false/],
    [
      'rules',
      flags('on', 'upper-drift').replace('"variants"', '"targeting":{"if":[]},"variants"'),
      /upper-drift\.targeting: is not supported/,
    ],
  ])('keeps the last good flags when an edit has %s, and says so once', async (_, text, complaint) => {
    await writeFile(path, flags('off', 'upper-failure'));
    await start();
    await writeFile(path, text);
    await expect.poll(warnings).toHaveLength(1);
    await severalPolls();
    expect(warnings()).toEqual([expect.stringMatching(complaint)]);
    expect(off()).toEqual(['upper-failure']);
    await writeFile(path, flags('off', 'upper-drift'));
    await expect.poll(off).toEqual(['upper-drift']);
  });

  it('keeps the last valid flags while the file is invalid, and logs that once', async () => {
    await writeFile(path, flags('off', 'upper-failure'));
    await start();
    await rename(path, `${path}.old`);
    await symlink('flags.json', path);
    await expect.poll(() => warnings().at(-1)).toMatch('ELOOP');
    const soFar = warnings();
    await severalPolls();
    expect(warnings()).toEqual(soFar);
  });

  it('warns about an unknown flag and uses the rest', async () => {
    await writeFile(path, flags('off', 'uper-failure', 'upper-drift'));
    await start();
    expect(warnings()).toEqual([`${path}: there is no fault called uper-failure`]);
    expect(off()).toEqual(['upper-drift']);
  });

  it('treats a disabled flag as absent: the fault is on', async () => {
    await writeFile(path, flags('off', 'upper-drift').replace('ENABLED', 'DISABLED'));
    await start();
    expect(off()).toEqual([]);
  });

  it('reads the file no more after the shutdown', async () => {
    await writeFile(path, flags('on', 'upper-drift'));
    await start();
    switches.onModuleDestroy();
    await writeFile(path, flags('off', 'upper-drift'));
    await severalPolls();
    expect(off()).toEqual([]);
  });
});
