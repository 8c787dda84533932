import { type FormEvent, useRef, useState } from 'react';
import { Link } from 'wouter';
import {
  changeStoredSearches,
  describeSearch,
  useStoredSearches,
  withoutRecent,
  withoutSaved,
  withSaved,
} from './stored-searches.ts';

/** A menu of saved and recent searches, with a form that saves the current one. @param query the query string of the page */
export function SavedSearches({ query }: { readonly query: string }) {
  const { saved, recent } = useStoredSearches();
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLDetailsElement>(null);
  const close = (): void => menu.current?.removeAttribute('open');
  const save = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    if (name === '') return;
    changeStoredSearches((before) => withSaved(before, { name, query }));
    form.reset();
  };
  return (
    <details
      ref={menu}
      className="menu"
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        close();
        menu.current?.querySelector('summary')?.focus();
      }}
    >
      <summary className="button">Saved searches</summary>
      {isOpen && (
        <div className="menu-content">
          <form className="row" onSubmit={save}>
            <input
              name="name"
              aria-label="Name of this search"
              placeholder="Name of this search"
              maxLength={100}
              required
            />
            <button type="submit">Save</button>
          </form>
          <h2>Saved</h2>
          {saved.length === 0 && <p className="quiet">None. Saved searches stay in this browser.</p>}
          <ul aria-label="Saved searches">
            {saved.map((each) => (
              <li key={each.name} className="row spread">
                <Link href={`/search?${each.query}`} title={describeSearch(each.query)} onClick={close}>
                  <bdi>{each.name}</bdi>
                </Link>
                <button
                  type="button"
                  aria-label={`Delete ${each.name}`}
                  onClick={() => changeStoredSearches((before) => withoutSaved(before, each.name))}
                >
                  Delete
                </button>
              </li>
            ))}
          </ul>
          <div className="row spread">
            <h2>Recent</h2>
            {recent.length > 0 && (
              <button type="button" className="plain quiet" onClick={() => changeStoredSearches(withoutRecent)}>
                Clear
              </button>
            )}
          </div>
          {recent.length === 0 && <p className="quiet">None</p>}
          <ul aria-label="Recent searches">
            {recent.map((each) => (
              <li key={each}>
                <Link href={`/search?${each}`} onClick={close}>
                  <bdi>{describeSearch(each)}</bdi>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
    </details>
  );
}
