import { attributeText } from '@spandrel/console-api/attribute-text';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { LinkPattern } from '../../api/types.ts';
import { CopyButton } from '../../copy-button.tsx';
import { attributeCondition, quotedKey } from '../../search/attribute-condition.ts';
import { type AttributeEntry, groupAttributes } from './attribute-groups.ts';
import { AttributeValue } from './attribute-value.tsx';
import { type LinkContext, linkUrl } from './link-url.ts';

/** What the lists of attributes of a span have in common. */
export interface AttributeListOptions {
  /** Only attributes with this text are shown. */
  readonly search: string;
  readonly pinned: readonly string[];
  readonly togglePin: (key: string) => void;
  readonly patterns: readonly LinkPattern[];
  readonly linkContext: LinkContext;
}

/** Attributes, sorted and grouped by the first part of their keys. */
export function AttributeList(props: {
  readonly entries: readonly AttributeEntry[];
  readonly options: AttributeListOptions;
  /** Whether other spans with the value can be searched for. */
  readonly canSearch?: boolean;
}) {
  const { entries, options, canSearch = false } = props;
  const groups = groupAttributes(entries, options.search, attributeText);
  return groups.map(({ prefix, entries: own }) => (
    <div key={prefix} className="attribute-group">
      {prefix !== '' && (
        <h3>
          <bdi>{prefix}</bdi> <span className="quiet">{own.length}</span>
        </h3>
      )}
      <dl className="pairs">
        {own.map(([key, value]) => (
          <AttributePair key={key} name={key} value={value} options={options} canSearch={canSearch} />
        ))}
      </dl>
    </div>
  ));
}

function AttributePair(props: {
  readonly name: string;
  readonly value: unknown;
  readonly options: AttributeListOptions;
  readonly canSearch: boolean;
}) {
  const { name, value, options, canSearch } = props;
  const text = attributeText(value);
  const isPinned = options.pinned.includes(name);
  const shortName = name.slice(0, 100);
  const links = options.patterns.flatMap((pattern, n) => {
    const href = pattern.attribute === name ? linkUrl(pattern, options.linkContext, text) : undefined;
    return href === undefined
      ? []
      : [
          <a key={n} className="pattern-link" href={href} target="_blank" rel="noopener noreferrer">
            {pattern.title} ↗
          </a>,
        ];
  });
  return (
    <Pair
      name={name}
      actions={
        <>
          {canSearch && <SearchLink name={name} value={value} />}
          <CopyButton text={text} what={shortName} />
          <button
            type="button"
            className="pin"
            aria-pressed={isPinned}
            aria-label={`${isPinned ? 'Unpin' : 'Pin'} ${shortName}`}
            title={isPinned ? 'Unpin' : 'Pin: show this attribute first, for every span'}
            onClick={() => options.togglePin(name)}
          >
            {isPinned ? '★' : '☆'}
          </button>
        </>
      }
    >
      <AttributeValue name={name} value={text} />
      {links}
    </Pair>
  );
}

/** A name, its value, and buttons beside the value. */
export function Pair(props: { readonly name: string; readonly actions?: ReactNode; readonly children: ReactNode }) {
  return (
    <div>
      <dt>
        <bdi>{props.name}</bdi>
      </dt>
      <dd>
        <div className="pair-value">{props.children}</div>
        {props.actions !== undefined && <div className="pair-actions">{props.actions}</div>}
      </dd>
    </div>
  );
}

/** The most characters of an encoded condition in an address. A longer text is searched for by its start. */
const maxConditionLength = 8_000;
const startLength = 200;

function SearchLink({ name, value }: { readonly name: string; readonly value: unknown }) {
  const text = attributeText(value);
  const equal = attributeCondition(name, text);
  const isWhole = encodeURIComponent(equal.toWellFormed()).length <= maxConditionLength;
  // A regular expression matches texts only.
  if (!isWhole && typeof value !== 'string') return undefined;
  const condition = isWhole ? equal : `${quotedKey(name)}~${literalPattern(text.slice(0, startLength))}`;
  return (
    <Link
      className="search-value"
      href={`/search?${new URLSearchParams({ attribute: condition }).toString()}`}
      aria-label={`Search for spans with this ${name.slice(0, 100)}`}
      title={isWhole ? 'Search for spans with this value' : 'Search for spans with the start of this value'}
    >
      ⌕
    </Link>
  );
}

/** A regular expression for a text. */
function literalPattern(text: string): string {
  return text.toWellFormed().replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
