import { useEffect, useState } from 'react';
import { formatNumber } from '../../format/number.ts';
import { formatJson } from './json-format.ts';
import { maxFormattedLength, type Token } from './token.ts';

/** Longer values are collapsed at first. */
const maxTextLength = 2_000;
const maxUrlLength = 2_000;
/** Formatted code with more lines scrolls. @see lineLength, about the characters of a line in a narrow panel */
const maxLines = 16;
const lineLength = 40;

const sqlKeys: ReadonlySet<string> = new Set(['db.query.text', 'db.statement', 'db.query.summary', 'sql']);
const sqlStart =
  /^\s*(?:\/\*.*?\*\/\s*)?(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|CREATE|ALTER|DROP|TRUNCATE|CALL)\s/is;

/** The value of an attribute: SQL and JSON are formatted, an http or https address is a link, other values are text. */
export function AttributeValue({ name, value }: { readonly name: string; readonly value: string }) {
  if (isUrl(value)) {
    return (
      <a href={value} target="_blank" rel="noopener noreferrer">
        <bdi>{value}</bdi>
      </a>
    );
  }
  if (sqlKeys.has(name) && value.length <= maxFormattedLength && sqlStart.test(value)) return <Sql value={value} />;
  const json = formatJson(value);
  if (json !== undefined) return <Formatted tokens={json} />;
  return <LongText value={value} />;
}

/** A text that is collapsed if it is long. */
export function LongText({ value }: { readonly value: string }) {
  if (value === '') return <i className="quiet">(empty)</i>;
  if (value.length <= maxTextLength) return <bdi>{value}</bdi>;
  return (
    <details className="long-text">
      <summary>
        <bdi>{value.slice(0, 200)}</bdi>… {formatNumber(value.length)} characters
      </summary>
      <bdi>{value}</bdi>
    </details>
  );
}

let formatSql: ((text: string) => readonly Token[]) | undefined;

function Sql({ value }: { readonly value: string }) {
  const [tokens, setTokens] = useState(() => formatSql?.(value));
  useEffect(() => {
    if (tokens !== undefined) return;
    // The parser is large. Without it the statement is plain text.
    import('./sql-format.ts').then(
      (module) => {
        formatSql = module.formatSql;
        setTokens(formatSql(value));
      },
      () => undefined,
    );
  }, [tokens, value]);
  return <Formatted tokens={tokens ?? [{ text: value, kind: 'plain' }]} />;
}

function Formatted({ tokens }: { readonly tokens: readonly Token[] }) {
  const lines = tokens.reduce((sum, { text }) => sum + text.split('\n').length - 1 + text.length / lineLength, 0);
  return (
    // Focusable if it scrolls, so that the keyboard can scroll it.
    <code className={lines > maxLines ? 'formatted tall' : 'formatted'} tabIndex={lines > maxLines ? 0 : undefined}>
      {tokens.map(({ text, kind }, n) =>
        kind === 'plain' ? (
          text
        ) : (
          <span key={n} className={`code-${kind}`}>
            {text}
          </span>
        ),
      )}
    </code>
  );
}

function isUrl(value: string): boolean {
  return value.length <= maxUrlLength && /^https?:\/\/\S+$/i.test(value) && URL.canParse(value);
}
