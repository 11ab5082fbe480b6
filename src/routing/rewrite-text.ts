/** The texts of mod_rewrite, filled in for a request (`do_expand()`, `lookup_variable()`, `lookup_map()`). */
import type { RewriteFlags, RewriteMap, RewritePiece, RewriteText } from '../site/rewrite.ts';
import { escapeUri } from './escape.ts';
import { headerValue } from './headers.ts';
import type { RequestState } from './request-state.ts';
import { requestVariable } from './request-variable.ts';
import { lookUpVariable } from './wsgi-names.ts';

type Groups = readonly (string | undefined)[];

/** What texts are filled with. */
export type RewriteContext = {
  readonly state: RequestState;
  readonly maps: ReadonlyMap<string, RewriteMap>;
  /** Groups of the rule's pattern and of the last condition that matched. */
  ruleGroups: Groups;
  conditionGroups: Groups;
};

/** The text. */
export function fillText(context: RewriteContext, text: RewriteText): string {
  if (text.length === 1 && typeof text[0] === 'string') return text[0];
  return text.map((piece) => fillPiece(context, piece, undefined)).join('');
}

/** The text of a substitution, and whether its query begins in a piece that was filled in (CVE-2024-38474). */
export function fillSubstitution(
  context: RewriteContext,
  text: RewriteText,
  { escapeGroups, qsLast }: RewriteFlags,
): { readonly text: string; readonly isUnsafe: boolean } {
  const filled = text.map((piece) => fillPiece(context, piece, escapeGroups));
  const withMark = filled
    .map((part, index) => (part.includes('?') ? index : -1))
    .filter((index) => index !== -1);
  const deciding = qsLast ? withMark.at(-1) : withMark[0];
  return { text: filled.join(''), isUnsafe: deciding !== undefined && typeof text[deciding] !== 'string' };
}

function fillPiece(
  context: RewriteContext,
  piece: RewritePiece,
  escapes: RewriteFlags['escapeGroups'],
): string {
  if (typeof piece === 'string') return piece;
  if ('variable' in piece) return variableValue(context.state, piece.variable);
  if ('map' in piece) return lookUpMap(context, piece);
  if ('unknown' in piece) {
    context.state.unresolved ??= piece.unknown;
    return '';
  }
  const groups = 'rule' in piece ? context.ruleGroups : context.conditionGroups;
  const value = groups['rule' in piece ? piece.rule : piece.condition] ?? '';
  return escapes === undefined ? value : escapeGroup(value, escapes);
}

/** mod_rewrite `escape_backref()`. */
function escapeGroup(
  value: string,
  { only, except, noPlus }: NonNullable<RewriteFlags['escapeGroups']>,
): string {
  return Array.from(value, (char) => {
    const isMeant = (only === '' || only.includes(char)) && !except.includes(char);
    if (!isMeant || /[A-Za-z0-9_]/.test(char)) return char;
    if (char === ' ' && !noPlus) return '+';
    return `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  }).join('');
}

function variableValue(state: RequestState, name: string): string {
  if (name.startsWith('ENV:')) return lookUpVariable(state)(name.slice(4)) ?? '';
  if (name.startsWith('HTTP:')) return headerValue(state.input.rawHeaders, name.slice(5).toLowerCase()) ?? '';
  return requestVariable(state, name);
}

function lookUpMap(context: RewriteContext, piece: Extract<RewritePiece, { map: string }>): string {
  const map = context.maps.get(piece.map);
  const key = fillText(context, piece.key);
  if (map === undefined) return fillText(context, piece.fallback);
  if (map.kind === 'unknown') {
    context.state.unresolved ??= map.rule;
    return '';
  }
  switch (map.name) {
    case 'toupper':
      return key.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
    case 'tolower':
      return key.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    case 'escape':
      return escapeUri(key);
    case 'unescape':
      return key.replace(/%([0-9A-Fa-f]{2})/g, (_whole, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
  }
}
