import { type FormEvent, useId, useState } from 'react';
import type { ResultColumn } from './result-table.tsx';
import { maxAttributes } from './use-columns.ts';

/**
 * A menu that chooses the columns of a list.
 *
 * @param columns all but the first one, which is always shown
 * @param attributes keys of attributes that are shown; undefined if the list cannot show attributes
 * @param keys suggestions for more of them
 */
export function ColumnsMenu(props: {
  readonly columns: readonly Pick<ResultColumn<never>, 'id' | 'title'>[];
  readonly shown: readonly string[];
  readonly onShown: (ids: readonly string[]) => void;
  readonly attributes?: readonly string[];
  readonly keys?: readonly string[];
  readonly onAttributes?: (keys: readonly string[]) => void;
  readonly onReset: () => void;
}) {
  const { columns, shown, onShown, attributes, keys = [], onAttributes, onReset } = props;
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const add = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const key = String(new FormData(form).get('key') ?? '').trim();
    if (key === '' || attributes === undefined || attributes.includes(key)) return;
    onAttributes?.([...attributes, key].slice(-maxAttributes));
    form.reset();
  };
  return (
    <details className="menu" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="button">Columns</summary>
      {isOpen && (
        <div className="menu-content">
          {columns.map((column) => (
            <label key={column.id} className="row">
              <input
                type="checkbox"
                checked={shown.includes(column.id)}
                onChange={({ target }) =>
                  onShown(target.checked ? [...shown, column.id] : shown.filter((each) => each !== column.id))
                }
              />
              {column.title}
            </label>
          ))}
          {attributes !== undefined && (
            <>
              <h2>Attributes</h2>
              {attributes.map((key) => (
                <span key={key} className="row spread">
                  <bdi>{key}</bdi>
                  <button
                    type="button"
                    aria-label={`Remove column ${key}`}
                    onClick={() => onAttributes?.(attributes.filter((each) => each !== key))}
                  >
                    Remove
                  </button>
                </span>
              ))}
              <form className="row" onSubmit={add}>
                <input
                  name="key"
                  list={`${id}-keys`}
                  aria-label="Attribute key"
                  placeholder="http.route"
                  autoComplete="off"
                />
                <button type="submit">Add</button>
                <datalist id={`${id}-keys`}>
                  {keys.slice(0, 200).map((key) => (
                    <option key={key} value={key} />
                  ))}
                </datalist>
              </form>
            </>
          )}
          <button type="button" onClick={onReset}>
            Reset columns
          </button>
        </div>
      )}
    </details>
  );
}
