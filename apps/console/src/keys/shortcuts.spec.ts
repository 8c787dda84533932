import { describe, expect, it, vi } from 'vitest';
import { type KeyPress, keyTexts, runShortcut, shortcutOf } from './shortcuts.ts';

const shortcuts = {
  next: { keys: ['Enter'], meaning: 'Next' },
  previous: { keys: ['Shift+Enter'], meaning: 'Previous' },
  zoomIn: { keys: ['+', '='], meaning: 'Zoom in' },
  back: { keys: ['['], meaning: 'Back' },
  left: { keys: ['ArrowLeft'], meaning: 'Left' },
} as const;

function press(key: string, modifiers: Partial<KeyPress> = {}): KeyPress {
  const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, getModifierState: () => false };
  return { key, ...none, ...modifiers };
}

describe('the shortcut of a key press', () => {
  it.each([
    ['Enter', {}, 'next'],
    ['Enter', { shiftKey: true }, 'previous'],
    ['+', { shiftKey: true }, 'zoomIn'],
    ['=', {}, 'zoomIn'],
    ['x', {}, undefined],
    ['ArrowLeft', { altKey: true }, undefined],
    ['ArrowLeft', { ctrlKey: true }, undefined],
    ['ArrowLeft', { metaKey: true }, undefined],
    // The right Alt key of a German keyboard, on Windows.
    ['[', { ctrlKey: true, altKey: true, getModifierState: () => true }, 'back'],
  ])('of %s with %o is %s', (key, modifiers, name) => {
    expect(shortcutOf(shortcuts, press(key, modifiers))).toBe(name);
  });

  it('calls its handler, which may leave the key to the browser', () => {
    const next = vi.fn<() => void>();
    const handlers = { next, previous: () => false, zoomIn: next, back: next, left: next };
    expect(runShortcut(shortcuts, press('Enter'), handlers)).toBe(true);
    expect(next).toHaveBeenCalledTimes(1);
    expect(runShortcut(shortcuts, press('Enter', { shiftKey: true }), handlers)).toBe(false);
    expect(runShortcut(shortcuts, press('x'), handlers)).toBe(false);
  });

  it('is shown as on a keyboard', () => {
    expect(keyTexts({ keys: ['ArrowLeft', 'Escape', '-', 'n'], meaning: '' })).toEqual(['←', 'Esc', '−', 'n']);
  });
});
