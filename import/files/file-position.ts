import { z } from 'zod';
import type { SourceItem } from '../run-import.ts';
import { openFile } from './open-file.ts';

const positionSchema = z.object({
  /** The index of the file. */
  file: z.int().nonnegative(),
  /** How many items of it have an answer. */
  items: z.int().nonnegative(),
  /** What the file began with. */
  head: z.string(),
});

/**
 * Reads files one after the other, from a position on. The items before it are read again, but not sent.
 *
 * @param itemsOf what a file is imported as; the same items each time
 * @param onPlace told which item of which file is next
 */
export async function* readFiles(
  files: readonly string[],
  position: unknown,
  itemsOf: (chunks: AsyncIterable<Buffer>) => AsyncIterable<SourceItem>,
  onPlace: (place: string) => void,
): AsyncGenerator<SourceItem> {
  const start = positionSchema.safeParse(position).data;
  for (const [index, file] of files.entries()) {
    if (start !== undefined && index < start.file) continue;
    const resumed = index === start?.file ? start : undefined;
    let { head, chunks } = await openFile(file, resumed?.head);
    const skipped = resumed?.head === head ? resumed.items : 0;
    if (resumed !== undefined && skipped === 0) ({ head, chunks } = await openFile(file));
    let items = 0;
    for await (const item of itemsOf(chunks)) {
      items += 1;
      onPlace(`${file}, part ${items}`);
      if (items > skipped) yield { ...item, position: { file: index, items, head } };
    }
  }
}
