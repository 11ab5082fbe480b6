/** What `explain` says about the names of a group: templates, where they stand, what they became, the key. */
import { displayName, type GroupIdentity } from './group-key.ts';
import type { RequestState } from './request-state.ts';
import type { ExpandedName, GroupNames } from './wsgi-names.ts';
import type { WsgiSettings } from './wsgi-settings.ts';

/** Both templates and what they expand to. */
export function traceNames(state: RequestState, settings: WsgiSettings, names: GroupNames): void {
  const { processGroup, applicationGroup } = settings;
  traceName(state, 'process group', processGroup?.position, names.processGroup);
  traceName(state, 'application group', applicationGroup?.position, names.applicationGroup);
  const isFolded = state.site.options.modWsgiVersion !== '6';
  if (isFolded && names.applicationGroup.template === '%{RESOURCE}' && /[A-Z]/.test(state.uri)) {
    state.trace?.({ step: 'expansion', text: 'Before mod_wsgi 6 the path of %{RESOURCE} is in lower case' });
  }
}

function traceName(
  state: RequestState,
  what: string,
  position: { readonly file: string; readonly line: number } | undefined,
  { template, name, isFromRequest }: ExpandedName,
): void {
  const origin = position === undefined ? 'the default' : 'set here';
  const step = { step: 'template', text: `The ${what} is "${displayName(template)}" (${origin})` };
  state.trace?.(position === undefined ? step : { ...step, position });
  if (template === name) return;
  const chosen = isFromRequest ? '; the client chooses it' : '';
  state.trace?.({ step: 'expansion', text: `"${template}" becomes "${displayName(name)}"${chosen}` });
}

/** The group in the end, and what parts it from others of its name. */
export function traceKey(state: RequestState, { processGroup, applicationGroup, part }: GroupIdentity): void {
  const names = `"${displayName(applicationGroup)}" of process group "${displayName(processGroup)}"`;
  const parted =
    part === undefined
      ? ''
      : `, parted by ${part.kind === 'mount' ? `mount "${part.mount}"` : `script "${part.script}"`}`;
  state.trace?.({ step: 'key', text: `The group is ${names}${parted}` });
}
