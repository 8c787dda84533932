import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, toggleComment } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef } from 'react';
import type { CatalogueResponse, WrongSqlPosition } from '../api/types.ts';
import { catalogueSource, keywordOf, namespaceOf } from './catalogue-completion.ts';

/** The methods of the editor for its page. */
export interface SqlEditorHandle {
  readonly focus: () => void;
  /** Replaces the whole text. */
  readonly replace: (text: string) => void;
  /** The selected text with the position of its start, 1-based and in characters; undefined without a selection. */
  readonly selection: () => { readonly text: string; readonly start: WrongSqlPosition } | undefined;
  /** Inserts a text at the cursor. */
  readonly insert: (text: string) => void;
}

/** An error to mark in the text. */
export interface SqlError {
  readonly message: string;
  readonly position: WrongSqlPosition;
}

/**
 * An SQL editor.
 *
 * It runs in a shadow root, where CodeMirror adopts its style sheets as objects. In the document it would insert style
 * elements, which the Content Security Policy blocks.
 */
export function SqlEditor(props: {
  /** The text at first. Later changes of this property have no effect. */
  readonly initialText: string;
  readonly sqlError: SqlError | undefined;
  readonly catalogue: CatalogueResponse | undefined;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  /** Called when a text is selected, or no longer. */
  readonly onSelect: (hasSelection: boolean) => void;
  readonly handle: Ref<SqlEditorHandle>;
}) {
  const { initialText, sqlError, catalogue } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const language = useRef(new Compartment());
  const changed = useEffectEvent(props.onChange);
  const run = useEffectEvent(props.onRun);
  const select = useEffectEvent(props.onSelect);

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open', delegatesFocus: true });
    const editor = new EditorView({
      root,
      parent: root,
      doc: initialText,
      extensions: [
        Prec.highest(
          keymap.of([
            {
              key: 'Mod-Enter',
              run: () => {
                run();
                return true;
              },
            },
          ]),
        ),
        basics,
        language.current.of(sql({ dialect: PostgreSQL, upperCaseKeywords: true, keywordCompletion: keywordOf })),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
          if (update.selectionSet || update.docChanged) select(!update.state.selection.main.empty);
        }),
      ],
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = undefined;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the editor is created once
  }, []);

  useEffect(() => {
    if (catalogue === undefined) return;
    view.current?.dispatch({
      effects: language.current.reconfigure([
        sql({
          dialect: PostgreSQL,
          schema: namespaceOf(catalogue),
          defaultSchema: 'ps_trace',
          upperCaseKeywords: true,
          keywordCompletion: keywordOf,
        }),
        PostgreSQL.language.data.of({ autocomplete: catalogueSource(catalogue) }),
      ]),
    });
  }, [catalogue]);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined) return;
    const at = sqlError === undefined ? undefined : rangeOf(editor.state, sqlError.position);
    const diagnostics =
      sqlError === undefined || at === undefined
        ? []
        : [{ ...at, severity: 'error' as const, message: sqlError.message }];
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
    if (at !== undefined) editor.dispatch({ selection: { anchor: at.from }, scrollIntoView: true });
  }, [sqlError]);

  useImperativeHandle(
    props.handle,
    () => ({
      focus: () => view.current?.focus(),
      replace: (text) => {
        const editor = view.current;
        if (editor === undefined || editor.state.doc.toString() === text) return;
        editor.dispatch({
          changes: { from: 0, to: editor.state.doc.length, insert: text },
          selection: { anchor: text.length },
        });
      },
      selection: () => {
        const state = view.current?.state;
        if (state === undefined || state.selection.main.empty) return undefined;
        const { from, to } = state.selection.main;
        const line = state.doc.lineAt(from);
        // The server counts Unicode characters, JavaScript UTF-16 units.
        const column = Array.from(state.sliceDoc(line.from, from)).length + 1;
        return { text: state.sliceDoc(from, to), start: { line: line.number, column } };
      },
      insert: (inserted) => {
        const editor = view.current;
        if (editor === undefined) return;
        editor.dispatch(editor.state.replaceSelection(inserted));
        editor.focus();
      },
    }),
    [],
  );

  return <div ref={host} className="sql-editor" />;
}

/** The range of the word at the position of an error. */
function rangeOf({ doc }: EditorState, { line, column }: WrongSqlPosition) {
  if (line > doc.lines) return { from: Math.max(doc.length - 1, 0), to: doc.length };
  const { from, text } = doc.line(line);
  // The server counts Unicode characters, JavaScript UTF-16 units.
  const before = Array.from(text)
    .slice(0, column - 1)
    .join('').length;
  const word = /^(?:[\w$]+|.)?/su.exec(text.slice(before))?.[0] ?? '';
  return { from: from + before, to: from + before + word.length };
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--sql-keyword)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--sql-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--sql-number)' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--sql-type)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--quiet)', fontStyle: 'italic' },
]);

const appearance = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--ground)', color: 'var(--text)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, monospace', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--raised)', color: 'var(--quiet)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--raised) 60%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--raised)', color: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--select)',
  },
  '.cm-selectionMatch, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--found)' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--ground)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    boxShadow: '0 4px 16px rgb(0 0 0 / 20%)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'ui-monospace, monospace', maxHeight: '16em' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--select)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--quiet)', fontStyle: 'normal', marginLeft: '1em' },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', maxWidth: '28em', fontFamily: 'system-ui, sans-serif' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-textfield, .cm-button': {
    backgroundColor: 'var(--ground)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid var(--line)',
  },
});

/**
 * Replace the selection when the user types. The browser's own replacement adds a style attribute, which the Content Security
 * Policy blocks.
 */
const typeOverSelection = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { from, to, empty } = view.state.selection.main;
    const typed = event.data;
    if (event.inputType !== 'insertText' || typed === null || empty || view.composing) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(typed), { userEvent: 'input.type' });
    // Let other extensions handle the input first, such as brackets around the selection.
    const isHandled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, typed, insert));
    if (!isHandled) view.dispatch(insert());
    return true;
  },
});

const basics = [
  typeOverSelection,
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  autocompletion({ icons: false }),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': 'SQL' }),
  placeholder('SELECT …'),
  // Tab moves the focus, so that keyboard users can leave the editor.
  keymap.of([
    { key: 'Mod-/', run: toggleComment },
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...completionKeymap,
    ...lintKeymap,
  ]),
  syntaxHighlighting(colours),
  appearance,
];
