/** The most reasons that are listed. Further ones are counted together. */
const maxReasons = 20;
const maxReasonLength = 300;

/** What an import has done so far. Counts are spans. */
export interface Figures {
  readonly read: number;
  readonly stored: number;
  /** Stored by an earlier run, or found twice in this one. */
  readonly alreadyThere: number;
  readonly rejected: number;
  /** Rejected spans by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly requests: number;
  /** What the user should know about data that was not imported as it was, by remark. */
  readonly remarks: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly spansPerSecond: number;
}

/** Counts what an import does. */
export class FigureCounter {
  private read = 0;
  private stored = 0;
  private alreadyThere = 0;
  private rejected = 0;
  private requests = 0;
  private readonly reasons = new Map<string, number>();
  private readonly remarks = new Map<string, number>();
  private readonly startedAtMs = performance.now();

  addRead(spans: number): void {
    this.read += spans;
  }

  addAnswered(spans: number, isRepeat: boolean): void {
    this.requests += 1;
    if (isRepeat) this.alreadyThere += spans;
    else this.stored += spans;
  }

  addRejected(spans: number, reason: string): void {
    this.rejected += spans;
    count(this.reasons, reason, spans);
  }

  /** @param remark a sentence that a number of cases follows */
  addRemark(remark: string, cases = 1): void {
    count(this.remarks, remark, cases);
  }

  figures(): Figures {
    const { read, stored, alreadyThere, rejected, requests } = this;
    const seconds = (performance.now() - this.startedAtMs) / 1_000;
    return {
      read,
      stored,
      alreadyThere,
      rejected,
      reasons: Object.fromEntries(this.reasons),
      requests,
      remarks: Object.fromEntries(this.remarks),
      seconds: Math.round(seconds * 10) / 10,
      spansPerSecond: Math.round((stored + alreadyThere) / Math.max(seconds, 0.001)),
    };
  }
}

/** The figures in one line, for the progress. */
export function progressLine({ read, stored, alreadyThere, rejected, spansPerSecond }: Figures): string {
  return [
    `read ${grouped(read)}`,
    `stored ${grouped(stored)}`,
    `already there ${grouped(alreadyThere)}`,
    `rejected ${grouped(rejected)}`,
    `${grouped(spansPerSecond)} spans/s`,
  ].join(', ');
}

/** The figures as a table, with the reasons of rejected spans. */
export function figuresTable(figures: Figures): string {
  const lines: readonly (readonly [string, string])[] = [
    ['spans read', grouped(figures.read)],
    ['stored', grouped(figures.stored)],
    ['already there', grouped(figures.alreadyThere)],
    ['rejected', grouped(figures.rejected)],
    ...Object.entries(figures.reasons).map(([reason, spans]) => [`  ${grouped(spans)} × ${reason}`, ''] as const),
    ['requests', grouped(figures.requests)],
    ['seconds', String(figures.seconds)],
    ['spans/s', grouped(figures.spansPerSecond)],
    ...Object.entries(figures.remarks).map(([remark, cases]) => [`${remark}: ${grouped(cases)}`, ''] as const),
  ];
  return lines
    .map(([name, value]) => (value === '' ? `${name}\n` : `${name.padEnd(14)} ${value.padStart(14)}\n`))
    .join('');
}

function count(counts: Map<string, number>, text: string, cases: number): void {
  const short = text.slice(0, maxReasonLength);
  const key = counts.has(short) || counts.size < maxReasons ? short : 'other reasons';
  counts.set(key, (counts.get(key) ?? 0) + cases);
}

function grouped(number: number): string {
  return number.toLocaleString('en-US');
}
