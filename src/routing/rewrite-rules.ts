/** A list of `RewriteRule`s applied to a request (mod_rewrite `apply_rewrite_list()`, `apply_rewrite_rule()`). */
import { nameWildcard } from '../site/address-index.ts';
import type { VirtualHost } from '../site/model.ts';
import { matchPattern } from '../site/regex.ts';
import type { RewriteRule, RewriteRules } from '../site/rewrite.ts';
import { ownUrl } from './redirect.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { conditionsHold } from './rewrite-condition.ts';
import { fillSubstitution, fillText, type RewriteContext } from './rewrite-text.ts';
import { setVariable, unsetVariable } from './variable-table.ts';

/** What a list did. The file name and the query of the state are the result. */
export type RewriteOutcome =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'stop'; readonly stop: Stop }
  | {
      readonly kind: 'changed';
      readonly isNoEscape: boolean;
      readonly isPassThrough: boolean;
      /** Status of a redirect, where a rule forces one. */
      readonly redirect: number | undefined;
      /** `[P]`: Apache forwards the request itself. */
      readonly isProxied: boolean;
      readonly lastRule: RewriteRule | undefined;
    };

type Run = {
  readonly state: RequestState;
  readonly context: RewriteContext;
  /** The folder of the place, or undefined outside sections. */
  readonly directory: string | undefined;
  redirect: number | undefined;
  isChanged: boolean;
  isNoEscape: boolean;
  lastRule: RewriteRule | undefined;
};

/** Applies the rules in order; `[N]` starts again, `[S]` and `[C]` skip. */
export function applyRules(
  state: RequestState,
  rules: RewriteRules,
  directory: string | undefined,
): RewriteOutcome {
  const context: RewriteContext = { state, maps: rules.maps, ruleGroups: [], conditionGroups: [] };
  const run: Run = {
    state,
    context,
    directory,
    redirect: undefined,
    isChanged: false,
    isNoEscape: false,
    lastRule: undefined,
  };
  let rounds = 0;
  for (let at = 0; at < rules.rules.length; at += 1) {
    const rule = rules.rules[at] as RewriteRule;
    if (state.isSubrequest && rule.flags.noSubrequest) continue;
    const result = applyRule(run, rule);
    // What Apache does from here on is not known.
    if (state.unresolved !== undefined) return { kind: 'unchanged' };
    if (result === 'no-match') {
      while (at < rules.rules.length && rules.rules[at]?.flags.chain === true) at += 1;
      continue;
    }
    if (result !== 'matched') return { kind: 'stop', stop: result };
    const { flags } = rule;
    if (flags.status !== undefined) return { kind: 'stop', stop: statusStop(rule, flags.status) };
    if (flags.passThrough) return outcome({ ...run, isChanged: true }, { isPassThrough: true });
    if (flags.end) state.rewriteEnded = true;
    if (flags.proxy && rule.substitution !== undefined) return outcome(run, { isProxied: true });
    if (flags.end || flags.proxy || flags.last) break;
    if (flags.next) {
      rounds += 1;
      if (rounds >= flags.maxRounds)
        return { kind: 'stop', stop: stop(500, 'redirect_loop', 'RewriteRule [N] without end') };
      at = -1;
    } else at += flags.skip;
  }
  return outcome(run, {});
}

function outcome(
  run: Run,
  special: { readonly isPassThrough?: boolean; readonly isProxied?: boolean },
): RewriteOutcome {
  if (!run.isChanged) return { kind: 'unchanged' };
  const { isNoEscape, redirect, lastRule } = run;
  return {
    kind: 'changed',
    isNoEscape,
    redirect,
    lastRule,
    isPassThrough: false,
    isProxied: false,
    ...special,
  };
}

function statusStop({ position }: RewriteRule, status: number): Stop {
  return stop(
    status,
    status === 403 ? 'forbidden' : 'redirect',
    `RewriteRule at line ${position.line} answers ${status}`,
  );
}

function applyRule(run: Run, rule: RewriteRule): 'matched' | 'no-match' | Stop {
  const { context, state } = run;
  if (rule.pattern === undefined) return giveUp(state, rule);
  const found = matchPattern(rule.pattern, ruleInput(run));
  if ((found === undefined) !== rule.negated) return 'no-match';
  context.conditionGroups = [];
  context.ruleGroups = found?.groups ?? [];
  if (!conditionsHold(context, rule.conditions)) return 'no-match';
  if (rule.unknown !== undefined) return giveUp(state, rule);
  const filled = rule.substitution && fillSubstitution(context, rule.substitution, rule.flags);
  if (filled?.isUnsafe === true && !rule.flags.allowQuestionMark) {
    return stop(
      403,
      'forbidden',
      'RewriteRule would make a query of a question mark that the client sent encoded',
    );
  }
  setEnvironment(run, rule);
  if (filled === undefined) forceHandler(run, rule);
  else substitute(run, rule, filled.text);
  traceRule(run, rule);
  return 'matched';
}

function giveUp(state: RequestState, { unknown }: RewriteRule): 'no-match' {
  state.unresolved ??= unknown;
  return 'no-match';
}

/** What patterns are tried on: in a place the file name behind its folder, with the path info. */
function ruleInput({ state, directory }: Run): string {
  const name = state.filename ?? '';
  if (directory === undefined) return name;
  const whole = name + state.pathInfo;
  return whole.startsWith(directory) ? whole.slice(directory.length) : whole;
}

function setEnvironment({ state, context }: Run, { flags }: RewriteRule): void {
  for (const text of flags.environment) {
    const filled = fillText(context, text);
    if (filled.startsWith('!')) {
      state.variables = unsetVariable(state.variables, filled.slice(1));
      continue;
    }
    const colon = filled.indexOf(':');
    const name = colon === -1 ? filled : filled.slice(0, colon);
    const value = colon === -1 ? '' : filled.slice(colon + 1);
    const fromRequest = text.some((piece) => typeof piece !== 'string');
    state.variables = setVariable(state.variables, { name, value, fromRequest });
  }
}

/** mod_rewrite `force_type_handler()`: kept for the phase of types. */
function forceHandler({ state, context }: Run, { flags }: RewriteRule): void {
  const type = flags.type === undefined ? undefined : fillText(context, flags.type).toLowerCase();
  const handler = flags.handler === undefined ? undefined : fillText(context, flags.handler).toLowerCase();
  if (type === undefined && handler === undefined) return;
  state.forced = {
    type: type ?? state.forced?.type,
    handler: handler ?? state.forced?.handler,
    mount: flags.handlerMount ?? state.forced?.mount,
  };
}

const absoluteUri =
  /^(?:https?|wss?|ftps?|ldaps?|news|mailto|gopher|nntp|ajp|balancer|fcgi|scgi|unix|h2c?|fetch):/i;

/** Whether mod_rewrite takes a text for a URL of its own (`is_absolute_uri()`). */
export function isAbsoluteUri(text: string): boolean {
  return absoluteUri.test(text);
}

function substitute(run: Run, rule: RewriteRule, text: string): void {
  const { state, directory } = run;
  const { flags } = rule;
  let name = text;
  const wantsPrefix = !name.startsWith('/') && !isAbsoluteUri(name);
  const prefix = directory ?? (flags.proxy || flags.redirect !== undefined ? '' : '/');
  if (wantsPrefix) name = prefix + name;
  state.filename = name;
  if (directory !== undefined && flags.discardPathInfo) state.pathInfo = '';
  splitQuery(state, rule);
  run.isChanged = true;
  run.isNoEscape = flags.noEscape;
  run.lastRule = rule;
  if (flags.proxy) return;
  if (flags.redirect !== undefined) {
    const path = state.filename;
    if (!isAbsoluteUri(path)) state.filename = ownUrl(state, path.startsWith('/') ? path : `/${path}`);
    run.redirect = flags.redirect;
    return;
  }
  reduceOwnUrl(state);
  if (isAbsoluteUri(state.filename)) {
    run.redirect = 302;
    return;
  }
  const first = rule.substitution?.[0];
  const isLiteral = typeof first === 'string' && first.startsWith('//');
  if (!isLiteral && !flags.keepSlashes && !(wantsPrefix && prefix !== ''))
    state.filename = state.filename.replace(/^\/{2,}/, '/');
  forceHandler(run, rule);
}

/** mod_rewrite `splitout_queryargs()`. */
function splitQuery(state: RequestState, { flags }: RewriteRule): void {
  const name = state.filename ?? '';
  if (flags.qsNone) {
    state.args = undefined;
    return;
  }
  if (flags.qsDiscard) state.args = undefined;
  const mark = flags.qsLast ? name.lastIndexOf('?') : name.indexOf('?');
  if (mark === -1) return;
  state.filename = name.slice(0, mark);
  const query = name.slice(mark + 1);
  if (!flags.qsAppend) state.args = query;
  else if (query !== '') state.args = `${query}&${state.args ?? ''}`;
  if (state.args === '') state.args = undefined;
  else if (state.args?.endsWith('&') === true) state.args = state.args.slice(0, -1);
}

/** mod_rewrite `reduce_uri()`: a URL of this very server is a path. */
function reduceOwnUrl(state: RequestState): void {
  const match = /^(https?):\/\/([^/:]*)(?::(\d+))?(\/.*)?$/is.exec(state.filename ?? '');
  if (match === null || match[1]?.toLowerCase() !== state.host.scheme) return;
  const port = Number(match[3] ?? (state.host.scheme === 'https' ? 443 : 80));
  if (isOwnName(state.host, (match[2] ?? '').toLowerCase(), port)) state.filename = match[4] ?? '/';
}

/** httpd `ap_matches_request_vhost()`: the port counts as configured, whatever port the client names. */
function isOwnName(host: VirtualHost, name: string, port: number): boolean {
  const isOwnAddress = host.addresses.some(
    (address) => (address.port === 0 || address.port === port) && address.text.toLowerCase() === name,
  );
  if (isOwnAddress || port !== host.port) return isOwnAddress;
  return host.lowerName === name || host.aliases.some((alias) => nameWildcard(alias).test(name));
}

function traceRule({ state }: Run, rule: RewriteRule): void {
  if (state.trace === undefined) return;
  const result = rule.substitution === undefined ? 'changes no path' : `makes it "${state.filename}"`;
  state.trace({
    step: 'rewrite',
    text: `RewriteRule "${rule.pattern?.source}" matches and ${result}`,
    position: rule.position,
  });
}
