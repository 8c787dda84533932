import { describe, expect, it } from 'vitest';
import { type JsonRecord, readJsonRecords } from './json-records.ts';

const options = { listName: 'resourceSpans', maxDocumentBytes: 40, maxElementBytes: 100 };

async function recordsOf(text: string, chunkBytes: number, more: Partial<typeof options> = {}) {
  const bytes = Buffer.from(text);
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  };
  const records: JsonRecord[] = [];
  for await (const record of readJsonRecords(chunks(), { ...options, ...more })) records.push(record);
  return records;
}

const document = (text: string): JsonRecord => ({ is: 'document', text });
const element = (text: string): JsonRecord => ({ is: 'element', text });
const long = `{"a":"${'x'.repeat(30)}"}`;

describe.each([1, 7, 4_096])('readJsonRecords with chunks of %i bytes', (chunkBytes) => {
  it.each([
    ['lines', '{"a":1}\n{"b":[2]}\n', [document('{"a":1}'), document('{"b":[2]}')]],
    ['documents without a separator', '{}{"a":{}}', [document('{}'), document('{"a":{}}')]],
    ['an empty file', ' \n', []],
    ['a byte order mark', '\uFEFF{"a":1}', [document('{"a":1}')]],
    ['brackets and quotes in strings', String.raw`{"a":"}]\"{["}`, [document(String.raw`{"a":"}]\"{["}`)]],
    ['a list', '[{"a":1},{"b":2}]', [element('{"a":1}'), element('{"b":2}')]],
    [
      'a document that is too large',
      `{"resourceSpans":[${long},${long}],"x":"é"}{"y":1}`,
      [element(long), element(long), document('{"y":1}')],
    ],
    ['a large document that wraps it', `{"result":{"resourceSpans":[${long}]}}`, [element(long)]],
    [
      'a list of the same name in an element',
      `{"resourceSpans":[{"resourceSpans":[{},{}],"b":"${'x'.repeat(30)}"}]}`,
      [element(`{"resourceSpans":[{},{}],"b":"${'x'.repeat(30)}"}`)],
    ],
    ['a small document with the list', '{"resourceSpans":[{}]}', [document('{"resourceSpans":[{}]}')]],
  ])('reads %s', async (_, text, expected) => {
    expect(await recordsOf(text, chunkBytes)).toEqual(expected);
  });

  it.each([
    ['{"a":1', 'the file ends within a JSON document'],
    ['{"a":1}]', 'byte 7 of the file must be JSON, got "]"'],
    ['{"a":1}\nno', 'byte 8 of the file must be JSON, got "n"'],
    ['{"a":[1}', 'byte 7 of the file must be JSON, got "}"'],
    [`{"other":[${`${long},`.repeat(10)}1]}`, 'has a part of more than'],
    [`{"resourceSpans":[{"a":"${'x'.repeat(300)}"}]}`, 'has a part of more than'],
  ])('rejects %s', async (text, message) => {
    // The size is checked after each chunk.
    await expect(recordsOf(text, Math.min(chunkBytes, 64))).rejects.toThrow(message);
  });
});

describe('readJsonRecords', () => {
  it('gives the elements of a document of any size, if the most is 0', async () => {
    expect(await recordsOf('{"data":[{}],"errors":null}', 4, { listName: 'data', maxDocumentBytes: 0 })).toEqual([
      element('{}'),
    ]);
  });
});
