/** Whether a request may come in (mod_authz_core `apply_authz_sections()`, mod_access_compat `check_dir_access()`). */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { AccessRules, HostRule, MethodLimit, Requirement, RequirementEntry } from '../site/access.ts';
import { blockHolds, parseAddress } from '../site/address-block.ts';
import type { RequestState } from './request-state.ts';
import type { Access } from './route.ts';
import { getVariable } from './variable-table.ts';

type Verdict =
  | { readonly kind: 'granted' | 'neutral' }
  | { readonly kind: 'denied' | 'front'; readonly rule: Diagnostic };

const granted = { kind: 'granted' } as const;
const neutral: Verdict = { kind: 'neutral' };

/** What the rules of the place say about the request. Doubt is never in the client's favour. */
export function checkAccess(state: RequestState): Access {
  const rules = state.scope.access;
  if (rules === undefined) return granted;
  if (rules.front !== undefined) {
    const [shut] = rules.front.values();
    if (shut !== undefined) return { kind: 'front-only', rule: shut };
  }
  const byHosts = checkHosts(state, rules);
  const byRequirement = checkRequirements(state, rules);
  if (rules.hosts?.satisfy !== 'any') return stricter(byHosts, byRequirement);
  if (byHosts.kind === 'granted') return byHosts;
  return byHosts.kind === 'front-only' ? byHosts : byRequirement;
}

/** The rule that lets no request of this method in (mod_allowmethods `am_check_access()`, before all others). */
export function findMethodRule({ scope, method }: RequestState): Diagnostic | undefined {
  const allowed = scope.access?.allowed;
  if (allowed === undefined || allowed.methods.size === 0) return undefined;
  return allowed.methods.has(method === 'HEAD' ? 'GET' : method) ? undefined : allowed.rule;
}

function stricter(first: Access, second: Access): Access {
  if (first.kind === 'denied' || second.kind === 'granted') return first;
  return second.kind === 'denied' || first.kind === 'granted' ? second : first;
}

function checkRequirements(state: RequestState, { requirement, authType }: AccessRules): Access {
  if (requirement === undefined) return authType === undefined ? granted : { kind: 'denied', rule: authType };
  if (!isMeant(state, requirement)) return granted;
  const verdict = judgeEntry(state, requirement);
  if (verdict.kind === 'granted') return granted;
  if (verdict.kind === 'front') return { kind: 'front-only', rule: verdict.rule };
  return { kind: 'denied', rule: verdict.kind === 'denied' ? verdict.rule : requirement.requirement.rule };
}

function isLimitedAway(state: RequestState, limit: MethodLimit | undefined): boolean {
  if (limit === undefined) return false;
  const method = state.method === 'HEAD' ? 'GET' : state.method;
  return limit.methods.has(method) === limit.except;
}

/** Whether a requirement, or any inside it, is for the request's method. */
function isMeant(state: RequestState, { requirement, methods }: RequirementEntry): boolean {
  if (isLimitedAway(state, methods)) return false;
  return requirement.kind !== 'group' || requirement.children.some((child) => isMeant(state, child));
}

function judgeEntry(state: RequestState, entry: RequirementEntry): Verdict {
  const verdict = judge(state, entry.requirement);
  if (!entry.negated) return verdict;
  if (verdict.kind === 'granted') return { kind: 'denied', rule: entry.requirement.rule };
  return verdict.kind === 'denied' ? neutral : verdict;
}

function judge(state: RequestState, requirement: Requirement): Verdict {
  switch (requirement.kind) {
    case 'all':
      return decide(requirement, requirement.granted);
    case 'front':
      return { kind: 'front', rule: requirement.rule };
    case 'local':
      return decide(requirement, isLocal(state));
    case 'methods':
      return decide(
        requirement,
        requirement.methods.includes(state.method === 'HEAD' ? 'GET' : state.method),
      );
    case 'addresses': {
      const address = parseAddress(state.input.remoteAddress);
      return decide(
        requirement,
        address !== undefined && requirement.blocks.some((block) => blockHolds(block, address)),
      );
    }
    case 'group':
      return judgeGroup(state, requirement);
  }
}

function decide({ rule }: Requirement, isFine: boolean): Verdict {
  return isFine ? granted : { kind: 'denied', rule };
}

/** mod_authz_host `local_check_authorization()`: loopback, or the client's address is the server's. */
function isLocal(state: RequestState): boolean {
  const { remoteAddress, localAddress } = state.input;
  const bytes = parseAddress(remoteAddress);
  if (bytes === undefined) return false;
  const isLoopback =
    bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return isLoopback || parseAddress(localAddress)?.join() === bytes.join();
}

function judgeGroup(state: RequestState, group: Extract<Requirement, { kind: 'group' }>): Verdict {
  const [only] = group.children;
  if (only !== undefined && group.children.length === 1 && isMeant(state, only))
    return judgeEntry(state, only);
  const verdicts: Verdict[] = [];
  for (const child of group.children) {
    // Limited to other methods: granted inside RequireAll, without meaning elsewhere.
    if (!isMeant(state, child)) verdicts.push(group.operator === 'and' ? granted : neutral);
    else verdicts.push(judgeEntry(state, child));
  }
  const first = (kind: Verdict['kind']): Verdict | undefined =>
    verdicts.find((verdict) => verdict.kind === kind);
  const order =
    group.operator === 'and'
      ? (['denied', 'front', 'granted'] as const)
      : (['granted', 'front', 'denied'] as const);
  return first(order[0]) ?? first(order[1]) ?? first(order[2]) ?? neutral;
}

function checkHosts(state: RequestState, { hosts }: AccessRules): Access {
  if (hosts === undefined) return granted;
  const allowed = findRule(state, hosts.allow);
  const denied = findRule(state, hosts.deny);
  const unsure = [allowed, denied].find(
    (found): found is Extract<FoundRule, { kind: 'found' | 'front' }> => found.kind === 'front',
  );
  const isFine =
    hosts.order === 'deny,allow'
      ? allowed.kind === 'found' || denied.kind === 'none'
      : allowed.kind === 'found' && denied.kind === 'none';
  if (isFine) return granted;
  if (unsure !== undefined) return { kind: 'front-only', rule: unsure.rule };
  const rule = denied.rule ?? hosts.deny[0]?.rule ?? hosts.allow[0]?.rule;
  return { kind: 'denied', rule: rule ?? noHostRule };
}

const noHostRule: Diagnostic = {
  severity: 'error',
  id: 'mount-access-control',
  message: 'Access is protected by "Order allow,deny" without an "Allow"',
};

type FoundRule =
  | { readonly kind: 'none'; readonly rule?: undefined }
  | { readonly kind: 'found' | 'front'; readonly rule: Diagnostic };

function findRule(state: RequestState, rules: readonly HostRule[]): FoundRule {
  let unsure: FoundRule = { kind: 'none' };
  for (const { from, rule, methods } of rules) {
    if (isLimitedAway(state, methods)) continue;
    if (from.kind === 'front') unsure = { kind: 'front', rule };
    else if (comesFrom(state, from)) return { kind: 'found', rule };
  }
  return unsure;
}

function comesFrom(state: RequestState, from: Exclude<HostRule['from'], { kind: 'front' }>): boolean {
  if (from.kind === 'all') return true;
  if (from.kind === 'variable')
    return (getVariable(state.variables, from.name) !== undefined) !== from.negated;
  const address = parseAddress(state.input.remoteAddress);
  return address !== undefined && blockHolds(from.block, address);
}
