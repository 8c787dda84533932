import { type ComponentType, useEffect, useState } from 'react';
import { PageCodeError } from './connection/page-unavailable.tsx';

/**
 * Create a component whose code is fetched when it is first rendered, or earlier by `load`. React's own `lazy` shows its
 * fallback for at least 300 ms, even if the code is already there.
 *
 * @param label the activity, for screen readers: `Loading page`
 * @param importComponent called again on the next mount if it failed; a PageCodeError is then thrown during rendering
 */
export function lazyComponent<Props extends object>(
  label: string,
  importComponent: () => Promise<ComponentType<Props>>,
): ComponentType<Props> & { load(): Promise<void> } {
  let Component: ComponentType<Props> | undefined;
  const load = async (): Promise<void> => {
    Component ??= await importComponent();
  };
  const Lazy = (props: Props) => {
    const [state, setState] = useState<{ readonly error?: unknown }>();
    useEffect(() => {
      if (Component !== undefined) return;
      load().then(
        () => setState({}),
        (error: unknown) => setState({ error: new PageCodeError('The code could not be loaded', { cause: error }) }),
      );
    }, []);
    if (state?.error !== undefined) throw state.error;
    if (Component === undefined) return <div className="skeleton" role="status" aria-label={label} />;
    return <Component {...props} />;
  };
  return Object.assign(Lazy, { load });
}
