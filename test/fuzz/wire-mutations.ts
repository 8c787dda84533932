/** Damages valid protobuf messages, by fields and by bytes. */
import type { SeededRandom } from '../../bench/corpus/random.ts';
import { awkwardIntegers, awkwardTexts, badUtf8, logUniform } from './awkward.ts';
import { type WireField, type WireType, type WireValue, walk } from './wire-tree.ts';

type Position = { readonly siblings: WireField[]; readonly index: number };
type FieldMutation = (
  random: SeededRandom,
  position: Position,
  field: WireField,
  positions: readonly Position[],
) => void;

const encoder = new TextEncoder();

const fieldMutations: Readonly<Record<string, FieldMutation>> = {
  drop: (_random, { siblings, index }) => void siblings.splice(index, 1),
  duplicate: (random, { siblings }, field) => {
    const copies = random.chance(0.05) ? logUniform(random, 300) : 1;
    for (let copy = 0; copy < copies; copy++) siblings.push(structuredClone(field));
  },
  swap: (random, { siblings, index }, field) => {
    const other = random.below(siblings.length);
    siblings[index] = siblings[other] ?? field;
    siblings[other] = field;
  },
  reverse: (_random, { siblings }) => void siblings.splice(0, siblings.length, ...siblings.toReversed()),
  move: (random, { siblings, index }, field, positions) => {
    const target = random.pick(positions).siblings;
    siblings.splice(index, 1);
    target.push(field);
  },
  renumber: (random, _position, field) => {
    field.number = random.pick([field.number + 1, Math.max(1, field.number - 1), 0, 1 + random.below(20), 2 ** 29 - 1]);
  },
  retype: (random, _position, field) => {
    field.wireType = random.below(8) as WireType;
  },
  extremeNumber: (random, _position, field) => {
    field.value = random.pick(awkwardIntegers);
    if (field.wireType === 2) field.wireType = random.pick([0, 1, 5]);
  },
  overlong: (random, _position, field) => {
    field.overlong = 1 + random.below(14);
  },
  wrongLength: (random, _position, field) => {
    field.lengthError = random.pick([-1, 1, 2, 100, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 52]);
  },
  empty: (_random, _position, field) => {
    field.value = typeof field.value === 'bigint' ? 0n : Array.isArray(field.value) ? [] : new Uint8Array();
  },
  nest: (random, _position, field) => {
    let value: WireValue = field.value;
    for (let level = logUniform(random, 150); level > 0; level--) {
      value = [{ number: field.number, wireType: 2, value } as WireField];
    }
    field.value = value;
    field.wireType = 2;
  },
  text: (random, _position, field) => setBytes(field, encoder.encode(random.pick(awkwardTexts))),
  badText: (random, _position, field) => setBytes(field, random.pick(badUtf8)),
  longText: (random, _position, field) => setBytes(field, new Uint8Array(logUniform(random, 100_000)).fill(0x61)),
  id: (random, _position, field) => {
    const id = new Uint8Array(random.pick([0, 1, 7, 8, 15, 16, 17, 32]));
    if (random.chance(0.6)) for (let at = 0; at < id.length; at++) id[at] = random.below(256);
    setBytes(field, id);
  },
  pieces: (_random, { siblings, index }, field) => {
    if (!Array.isArray(field.value) || field.value.length < 2) return;
    const half = Math.ceil(field.value.length / 2);
    const second = { ...field, value: field.value.slice(half) };
    field.value = field.value.slice(0, half);
    siblings.splice(index + 1, 0, second);
  },
  unknown: (random, { siblings, index }) => {
    const wireType = random.pick([0, 1, 2, 3, 5] as const);
    siblings.splice(index, 0, {
      number: 1 + random.below(random.pick([20, 2_000, 2 ** 29 - 1])),
      wireType,
      value: wireType === 2 ? random.id(16) : wireType === 3 ? [] : random.pick(awkwardIntegers),
    });
  },
};

const fieldMutationNames = Object.keys(fieldMutations);

/**
 * Damages some fields of a message.
 *
 * @returns descriptions of the changes
 */
export function mutateFields(random: SeededRandom, fields: WireField[], count: number): readonly string[] {
  const done: string[] = [];
  for (let nr = 0; nr < count; nr++) {
    const positions = [...walk(fields)];
    if (positions.length === 0) break;
    const position = random.pick(positions);
    const field = position.siblings[position.index];
    if (field === undefined) continue;
    const name = random.pick(fieldMutationNames);
    fieldMutations[name]?.(random, position, field, positions);
    done.push(`${name} ${field.number}`);
  }
  return done;
}

function setBytes(field: WireField, value: Uint8Array): void {
  field.value = value;
  field.wireType = 2;
}

type ByteMutation = (random: SeededRandom, bytes: Buffer) => Buffer;

const interesting: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x22, 0x7b, 0x7d, 0x5b, 0x5c];

const byteMutations: Readonly<Record<string, ByteMutation>> = {
  flip: (random, bytes) => {
    const changed = Buffer.from(bytes);
    for (let flips = 1 + random.below(4); flips > 0; flips--) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    }
    return changed;
  },
  overwrite: (random, bytes) => {
    const changed = Buffer.from(bytes);
    changed[random.below(changed.length)] = random.pick(interesting);
    return changed;
  },
  cut: (random, bytes) => Buffer.from(bytes.subarray(0, random.below(bytes.length))),
  cutInside: (random, bytes) => {
    const from = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(16))]);
  },
  splice: (random, bytes) => {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    const piece = bytes.subarray(from, from + logUniform(random, 200));
    return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
  },
  insert: (random, bytes) => {
    const at = random.below(bytes.length + 1);
    const piece = Buffer.alloc(logUniform(random, 64), random.pick(interesting));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  overlong: (random, bytes) => {
    const at = random.below(bytes.length);
    const longer = Buffer.alloc(1 + random.below(12), 0x80);
    return Buffer.concat([bytes.subarray(0, at), longer, bytes.subarray(at)]);
  },
};

const byteMutationNames = Object.keys(byteMutations);

/** Damages some bytes. @returns the damaged copy and descriptions of the changes */
export function mutateBytes(
  random: SeededRandom,
  bytes: Buffer,
  count: number,
): { readonly bytes: Buffer; readonly done: readonly string[] } {
  const done: string[] = [];
  let changed = bytes;
  for (let nr = 0; nr < count && changed.length > 0; nr++) {
    const name = random.pick(byteMutationNames);
    changed = byteMutations[name]?.(random, changed) ?? changed;
    done.push(`bytes ${name}`);
  }
  return { bytes: changed, done };
}
