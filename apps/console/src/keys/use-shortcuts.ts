import { useEffect, useEffectEvent } from 'react';
import { runShortcut, type ShortcutHandlers, type Shortcuts } from './shortcuts.ts';

/** Shortcuts of a page. They do not apply while the user types, nor in an open dialog, which has its own keys. */
export function useShortcuts<Name extends string>(shortcuts: Shortcuts<Name>, handlers: ShortcutHandlers<Name>): void {
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping =
      target instanceof HTMLInputElement ||
      target instanceof HTMLSelectElement ||
      target instanceof HTMLTextAreaElement;
    if (isTyping || document.querySelector('dialog[open]') !== null) return;
    if (runShortcut(shortcuts, event, handlers)) event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}
