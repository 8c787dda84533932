/** Keys with the same effect, and what they do. */
export interface Shortcut {
  /** As in `KeyboardEvent.key`, with `Shift+` before a key that has another effect without it. */
  readonly keys: readonly string[];
  /** Shortcuts with the same meaning are one row of the sheet of keys. */
  readonly meaning: string;
}

/** The shortcuts of a part of a page, by name. */
export type Shortcuts<Name extends string = string> = Readonly<Record<Name, Shortcut>>;

/** What a shortcut does. A handler that returns false leaves the key to the browser. */
export type ShortcutHandlers<Name extends string> = Readonly<Record<Name, () => boolean | void>>;

/** The properties of a KeyboardEvent that matter here. */
export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  getModifierState(modifier: 'AltGraph'): boolean;
}

/**
 * The name of the shortcut that a key press is; undefined for any other. Keys with Ctrl, Meta or Alt belong to the browser,
 * such as Alt+← for the previous page. AltGr types characters: `[` on many keyboards.
 */
export function shortcutOf<Name extends string>(shortcuts: Shortcuts<Name>, press: KeyPress): Name | undefined {
  if ((press.ctrlKey || press.metaKey || press.altKey) && !press.getModifierState('AltGraph')) return undefined;
  const named = Object.entries<Shortcut>(shortcuts) as [Name, Shortcut][];
  const nameOf = (key: string): Name | undefined => named.find(([, { keys }]) => keys.includes(key))?.[0];
  return (press.shiftKey ? nameOf(`Shift+${press.key}`) : undefined) ?? nameOf(press.key);
}

/**
 * Do what the shortcut of a key press does.
 *
 * @returns whether the key was handled; the browser must then ignore it
 */
export function runShortcut<Name extends string>(
  shortcuts: Shortcuts<Name>,
  press: KeyPress,
  handlers: ShortcutHandlers<Name>,
): boolean {
  const name = shortcutOf(shortcuts, press);
  return name !== undefined && handlers[name]() !== false;
}

const texts: ReadonlyMap<string, string> = new Map([
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
  ['Escape', 'Esc'],
  ['-', '−'],
]);

/** Keys as users know them: `↑`, `Esc`, `Shift+Enter`. */
export function keyTexts({ keys }: Shortcut): readonly string[] {
  return keys.map((key) => texts.get(key) ?? key);
}
