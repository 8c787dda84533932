/** Queries of the whole grammar, at random. */

/** Random numbers; `SeededChance` of `@spandrel/testing` repeats them. */
export interface Chance {
  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number;
}

const attributeNames = ['http', 'n', 'f', 's', 'b', 'arr', 'ints', 'foo', 'zz', 'service.name', 'http.status_code'];
const quotedNames = ['"foo bar"', '"a\\"b c"', '"a\\\\b"', 'a."b c".d', '"3"', '""', 'a/b', 'a[0]', 'ünï', '"🙂 x"'];
const scopes = ['.', '.', 'span.', 'span.', 'resource.', 'event.', 'link.', 'instrumentation.'];
const numericIntrinsics = ['duration', 'span:duration', 'traceDuration', 'trace:duration', 'span:childCount'];
const nestedSet = ['nestedSetLeft', 'nestedSetRight', 'nestedSetParent', 'event:timeSinceStart'];
const textIntrinsics = ['name', 'span:name', 'statusMessage', 'span:statusMessage', 'rootName', 'trace:rootName'];
const idIntrinsics = ['rootServiceName', 'trace:rootService', 'trace:id', 'span:id', 'span:parentID', 'event:name'];
const moreIds = ['link:traceID', 'link:spanID', 'instrumentation:name', 'instrumentation:version'];
const texts = ['"a"', '"b"', '`a`', '"x"', '"R1"', '"404"', '""', '"\\x41\\u00fc\\n\\t\\""', '`\\d+`', '"back`tick"'];
const regexes = ['"a|z"', '".*"', '"R."', '"(?i)r1"', '`C\\d`', '"[a-f0-9]{8}"', '"^x$"', '""'];
const numbers = [
  '0',
  '1',
  '2',
  '5',
  '200',
  '500',
  '1.0',
  '0.5',
  '1e3',
  '5.',
  '.25',
  '1s',
  '100ms',
  '1h30m',
  '1.5h',
  '2d',
];
const moreNumbers = ['minInt', 'maxInt', '010', '9223372036854775807', '1.5e-7', '100ms5us'];
const statuses = ['error', 'ok', 'unset'];
const kinds = ['unspecified', 'internal', 'client', 'server', 'producer', 'consumer'];
const orders = ['=', '!=', '<', '<=', '>', '>='];
const relations = [
  '>',
  '<',
  '>>',
  '<<',
  '~',
  '!>',
  '!<',
  '!>>',
  '!<<',
  '!~',
  '&>',
  '&<',
  '&>>',
  '&<<',
  '&~',
  '&&',
  '||',
];
const functionsOfField = ['min_over_time', 'max_over_time', 'avg_over_time', 'sum_over_time', 'histogram_over_time'];

/** Makes queries that are valid, in the spellings that users have. */
export class RandomQuery {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** A query of a search or of metrics. */
  query(): string {
    const body = this.#oneIn(3) ? this.metrics() : this.#pipeline(3);
    return this.#oneIn(6)
      ? `${body} with(${this.#pick(['most_recent=true', 'sample=0.1,exemplars=5', 'a="x"'])})`
      : body;
  }

  /** A search without grouping, so that all operators may follow. */
  search(): string {
    return this.#pipeline(2);
  }

  /** `{ … }`. */
  filter(): string {
    return this.#oneIn(12) ? '{}' : this.#pick(['{', '{ ']) + this.#condition(3) + this.#pick(['}', ' }']);
  }

  #pipeline(depth: number): string {
    const first = this.#oneIn(10) ? this.#pick([`by(${this.#field()})`, this.#scalarFilter()]) : this.#spanset(depth);
    const stages = this.#times(2, () => this.#stage());
    return [first, ...stages].join(this.#pick(['|', ' | ']));
  }

  #stage(): string {
    switch (this.#chance.below(6)) {
      case 0:
        return `by(${this.#oneIn(2) ? this.#field() : `${this.#fieldNumber()} % ${this.#constant()}`})`;
      case 1:
        return 'coalesce()';
      case 2:
        return `select(${[this.#field(), ...this.#times(2, () => this.#field())].join(this.#pick([',', ', ']))})`;
      case 3:
        return this.filter();
      default:
        return this.#scalarFilter();
    }
  }

  #spanset(depth: number): string {
    if (depth === 0 || this.#oneIn(2)) return this.filter();
    const left = this.#spanset(depth - 1);
    const right = this.#spanset(depth - 1);
    const sides = this.#oneIn(2) ? [left, right] : [`(${left})`, `(${right})`];
    return sides.join(` ${this.#pick(relations)} `);
  }

  #scalarFilter(): string {
    const aggregate = this.#aggregate();
    switch (this.#chance.below(6)) {
      case 0:
        return `${this.#constant()} ${this.#pick(orders)} ${aggregate}`;
      case 1:
        return `${aggregate} ${this.#pick(orders)} ${this.#aggregate()} ${this.#pick(['+', '*', '-'])} 2`;
      default:
        return `${aggregate} ${this.#pick(orders)} ${this.#constant()}`;
    }
  }

  #aggregate(): string {
    const name = this.#pick(['count', 'min', 'max', 'avg', 'sum', 'count_distinct', 'quantile']);
    if (name === 'count') return 'count()';
    return name === 'quantile' ? `quantile(${this.#fieldNumber()}, 0.9)` : `${name}(${this.#fieldNumber()})`;
  }

  /** A query of metrics. */
  metrics(): string {
    const one = () => `${this.#pipeline(1)} | ${this.#function()}`;
    const body = this.#oneIn(3)
      ? `(${one()}) ${this.#pick(['+', '-', '*', '/'])} ${this.#oneIn(2) ? `(${one()})` : this.#pick(['2', '1.5', '(3 + 4)'])}`
      : one();
    const second = this.#times(2, () =>
      this.#oneIn(2)
        ? ` | ${this.#pick(['topk', 'bottomk'])}(3)`
        : ` ${this.#pick(orders)} ${this.#pick(['1', '0.5', '10s'])}`,
    );
    return body + second.join('');
  }

  #function(): string {
    const by = this.#oneIn(2) ? ` by(${[this.#field(), ...this.#times(2, () => this.#field())].join(', ')})` : '';
    switch (this.#chance.below(5)) {
      case 0:
        return `${this.#pick(functionsOfField)}(${this.#pick([this.#attribute(), 'duration', 'span:duration'])})${by}`;
      case 1:
        return `quantile_over_time(${this.#pick(['duration', this.#attribute()])}, .5, 0.99)${by}`;
      default:
        return `${this.#pick(['rate', 'count_over_time'])}()${by}`;
    }
  }

  #condition(depth: number): string {
    if (depth > 0 && this.#oneIn(2)) {
      const operator = this.#pick(['&&', '||', '=', '!=']);
      const inner = `${this.#operand(depth)} ${operator} ${this.#operand(depth)}`;
      return this.#oneIn(4) ? `!(${inner})` : inner;
    }
    switch (this.#chance.below(9)) {
      case 0:
        return this.#pick([`${this.#attribute()} != nil`, `span.${this.#pick(attributeNames)} = nil`, 'nil = .foo']);
      case 1:
        return `nil != ${this.#field()}`;
      case 2:
        return `${this.#pick(['status', 'span:status'])} ${this.#pick(['=', '!='])} ${this.#pick(statuses)}`;
      case 3:
        return `${this.#pick(['kind', 'span:kind'])} ${this.#pick(['=', '!='])} ${this.#pick(kinds)}`;
      case 4:
        return `${this.#text()} ${this.#pick(['=~', '!~'])} ${this.#pick(regexes)}`;
      case 5:
        return `${this.#text()} ${this.#pick(orders)} ${this.#pick(texts)}`;
      case 6:
        return this.#pick([
          'true',
          'false',
          this.#attribute(),
          `!${this.#attribute()}`,
          `${this.#attribute()} != false`,
        ]);
      case 7:
        return `${this.#attribute()} ${this.#pick(orders)} ${this.#pick([...texts, ...numbers, this.#attribute()])}`;
      default:
        return `${this.#number(2)} ${this.#pick(orders)} ${this.#number(2)}`;
    }
  }

  /** A condition in parentheses, because comparisons do not chain. */
  #operand(depth: number): string {
    return `(${this.#condition(depth - 1)})`;
  }

  #number(depth: number): string {
    if (depth === 0 || this.#oneIn(2)) return this.#oneIn(2) ? this.#constant() : this.#fieldNumber();
    const inner = `${this.#number(depth - 1)} ${this.#pick(['+', '-', '*', '/', '%', '^'])} ${this.#number(depth - 1)}`;
    return this.#pick([inner, `(${inner})`, `-${this.#number(depth - 1)}`]);
  }

  #fieldNumber(): string {
    return this.#pick([this.#attribute(), this.#pick(numericIntrinsics), this.#pick(nestedSet)]);
  }

  #constant(): string {
    return this.#pick(this.#oneIn(8) ? moreNumbers : numbers).replace(/^(minInt|maxInt)$/, '7');
  }

  #text(): string {
    return this.#pick([this.#attribute(), this.#pick(textIntrinsics), this.#pick(idIntrinsics), this.#pick(moreIds)]);
  }

  #field(): string {
    return this.#pick([this.#fieldNumber(), this.#text(), 'status', 'kind']);
  }

  #attribute(): string {
    const parent = this.#oneIn(12) ? this.#pick(['parent.', 'parent.span.', 'parent.resource.']) : undefined;
    return (parent ?? this.#pick(scopes)) + this.#pick(this.#oneIn(6) ? quotedNames : attributeNames);
  }

  #times(bound: number, make: () => string): string[] {
    return Array.from({ length: this.#chance.below(bound + 1) }, make);
  }

  #oneIn(bound: number): boolean {
    return this.#chance.below(bound) === 0;
  }

  #pick(choices: readonly string[]): string {
    return choices[this.#chance.below(choices.length)] as string;
  }
}

/** Damages a query: characters and words are removed, doubled, exchanged and inserted. */
export function mutateQuery(query: string, chance: Chance): string {
  const parts = query.split(/(\s+|\b)/);
  for (let count = 1 + chance.below(3); count > 0; count -= 1) {
    const at = chance.below(parts.length + 1);
    const other = parts[chance.below(parts.length)] ?? '';
    const inserted = strangeParts[chance.below(strangeParts.length)] ?? '';
    const replacement = [[], [parts[at] ?? '', parts[at] ?? ''], [other], [inserted]][chance.below(4)] ?? [];
    parts.splice(at, 1, ...replacement);
  }
  return parts.join('');
}

const strangeParts = [
  ...'{ } ( ) " ` \\ | & ! ~ = . : , - /* // >> &>> IN [ ] # % ^ (?=a) "(" "\\xff" 1e999 0x1F 1s1s'.split(' '),
  ...'nil span. parent. trace: with( by( $end topk(0) count() compare({}) 🙂'.split(' '),
  '\n',
  '\r',
  '\0',
  '\ud800',
  '\u2028',
  '9'.repeat(30),
];
