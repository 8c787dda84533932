import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { runShortcut } from '../keys/shortcuts.ts';
import { separatorKeys } from './trace-keys.ts';

const stepPercent = 2;

/**
 * A separator that resizes a column: by dragging, by the arrow keys, Home and End. A double click restores the default.
 *
 * @param props.percent the width of the column, as a share of the separator's parent element
 * @param props.side the side of the parent element at which the column is
 */
export function Separator(props: {
  readonly label: string;
  readonly side: 'start' | 'end';
  readonly percent: number;
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly onChange: (percent: number) => void;
}) {
  const { label, side, percent, min, max, fallback, onChange } = props;
  const [isDragging, setDragging] = useState(false);
  const change = (next: number): void => onChange(Math.max(min, Math.min(max, Math.round(next * 10) / 10)));
  const onMove = (event: PointerEvent): void => {
    const parent = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!isDragging || parent === undefined || parent.width === 0) return;
    const px = side === 'start' ? event.clientX - parent.left : parent.right - event.clientX;
    change((px / parent.width) * 100);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // The arrow keys move the line.
    const step = side === 'start' ? stepPercent : -stepPercent;
    const isHandled = runShortcut(separatorKeys, event, {
      left: () => change(percent - step),
      right: () => change(percent + step),
      narrowest: () => change(min),
      widest: () => change(max),
    });
    if (!isHandled) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className={`separator ${isDragging ? 'dragging' : ''}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={Math.round(percent)}
      aria-valuemin={min}
      aria-valuemax={max}
      title="Drag to resize, double-click to reset"
      style={side === 'start' ? { left: `${percent}%` } : { right: `${percent}%` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging(true);
        event.preventDefault();
        event.currentTarget.focus();
      }}
      onPointerMove={onMove}
      onPointerUp={() => setDragging(false)}
      onPointerCancel={() => setDragging(false)}
      onDoubleClick={() => change(fallback)}
      onKeyDown={onKeyDown}
    />
  );
}

/** Read a remembered width in percent. */
export function percentOf(saved: unknown, min: number, max: number, fallback: number): number {
  return typeof saved === 'number' && saved >= min && saved <= max ? saved : fallback;
}
