import { type ComponentType, useEffect, useState } from 'react';

/**
 * A component whose code is fetched when it is first drawn, or before that by `load`. React's own `lazy` would show that it
 * is waiting for at least 300 ms, even for what is there already.
 *
 * @param what is waited for, as a sentence: `The page is loading`
 * @param importComponent is tried again when it is drawn anew, should it fail; the failure is thrown where it is drawn
 */
export function loaded<Props extends object>(
  what: string,
  importComponent: () => Promise<ComponentType<Props>>,
): ComponentType<Props> & { load(): Promise<void> } {
  let Component: ComponentType<Props> | undefined;
  const load = async (): Promise<void> => {
    Component ??= await importComponent();
  };
  const Loaded = (props: Props) => {
    const [state, setState] = useState<{ readonly failure?: unknown }>();
    useEffect(() => {
      if (Component !== undefined) return;
      load().then(
        () => setState({}),
        (failure: unknown) => setState({ failure }),
      );
    }, []);
    if (state?.failure !== undefined) throw state.failure;
    if (Component === undefined) return <div className="skeleton" role="status" aria-label={what} />;
    return <Component {...props} />;
  };
  return Object.assign(Loaded, { load });
}
