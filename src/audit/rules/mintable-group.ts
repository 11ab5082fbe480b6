/** Groups that a client can make by what it sends (MODWSGI: "Name-driven denial of service"). */

import type { SourcePosition } from '../../apache/directive.ts';
import { environmentVariable } from '../../routing/group-name.ts';
import type { SetEnvIfRule } from '../../site/set-env-if.ts';
import type { Census } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import type { Placement } from '../placement.ts';
import { consumesVariableText } from './variable-text.ts';

type Cause = 'port' | 'host' | 'url' | 'variable';

type Minted = { readonly placement: Placement; readonly cause: Cause; readonly position: SourcePosition };

const TEXT: Readonly<
  Record<Cause, { readonly what: string; readonly why: string; readonly advice: string }>
> = {
  port: {
    what: 'take the port of the Host header into their group',
    why: 'Each of 65,535 ports that a client writes into Host makes an interpreter that is never given back',
    advice:
      'Write "UseCanonicalName On" for the virtual host, or name the group by a literal; the sidecar folds unknown ports (unknownPort)',
  },
  host: {
    what: 'take the Host header into their group, in a virtual host that any name reaches',
    why: 'Each name that a client invents makes an interpreter that is never given back',
    advice:
      'Write %{SERVER} instead of %{HOST}, or put a virtual host before it that takes unknown names; the sidecar admits declared names alone',
  },
  url: {
    what: 'take text of the URL into their group',
    why: 'Each URL that a client invents makes an interpreter that is never given back',
    advice:
      'Name the group by application-group= with a literal, or let the pattern end where the variable part begins',
  },
  variable: {
    what: 'take a variable that a request sets into their group',
    why: 'A client chooses the group, %{GLOBAL} among them (values are expanded again), and makes as many as it likes',
    advice: 'Set the variable to literals for the values that are meant, and to a default for all others',
  },
};

export const mintableGroup: Rule = {
  id: 'mintable-group',
  title: 'Groups that a client can make',
  find: (census) => {
    if (census.layout === 'sidecar') return [];
    const placements = census.processes
      .flatMap(({ interpreters }) => interpreters)
      .flatMap((one) => one.placements);
    const minted = [...new Set(placements)].flatMap((placement) => causesOf(census, placement));
    return groupByHost(minted).map(describe);
  },
};

function causesOf(census: Census, placement: Placement): Minted[] {
  const { processTemplate, applicationTemplate, scope, host, mount, position } = placement;
  const templates = [processTemplate, applicationTemplate];
  const found: Minted[] = [];
  const add = (cause: Cause, where: SourcePosition): void => {
    found.push({ placement, cause, position: where });
  };
  const hasPort = ['%{SERVER}', '%{RESOURCE}', '%{HOST}'].includes(applicationTemplate);
  if (hasPort && scope.useCanonicalName !== 'on') add('port', host.position);
  if (templates.includes('%{HOST}') && takesAnyName(census, placement)) add('host', position);
  if (applicationTemplate === '%{RESOURCE}') {
    const isOpen =
      mount.kind === 'handler-script' ||
      (mount.kind === 'alias-match' && consumesVariableText(mount.mountPoint));
    if (isOpen) add('url', mount.position);
  }
  for (const template of templates) {
    const variable = environmentVariable(template);
    if (variable !== undefined && isFromRequest(placement, variable)) add('variable', position);
  }
  return found;
}

/** The first virtual host of an address takes every name that no other has, and a wildcard all that it matches. */
function takesAnyName({ site }: Census, { host }: Placement): boolean {
  if (host.isMain || host.aliases.some((alias) => /[*?]/.test(alias))) return true;
  return host.addresses.some((address) => {
    const first = site.virtualHosts.find(({ addresses }) =>
      addresses.some((other) => other.address === address.address && other.port === address.port),
    );
    return first === host;
  });
}

/** Whether a rule puts text of the request into a variable. */
function isFromRequest({ host, scope }: Placement, name: string): boolean {
  const rules = [...host.setEnvIf, ...(scope.setEnvIf ?? [])];
  const rewrites = [...(host.rewrite?.rules ?? []), ...(scope.rewrite?.rules ?? [])];
  return (
    rules.some((rule) => copiesRequest(rule, name)) ||
    rewrites.some(({ flags }) =>
      flags.environment.some((text) => {
        const [first] = text;
        const isIt = typeof first === 'string' && first.toLowerCase().startsWith(`${name.toLowerCase()}:`);
        return isIt && text.some((piece) => typeof piece !== 'string');
      }),
    )
  );
}

function copiesRequest({ variables }: SetEnvIfRule, name: string): boolean {
  return variables.some(
    (variable) => variable.name.toLowerCase() === name.toLowerCase() && /\$\d/.test(variable.value ?? ''),
  );
}

/** One finding for each cause and virtual host: what mends it stands in one place. */
function groupByHost(minted: readonly Minted[]): readonly (readonly Minted[])[] {
  const groups = new Map<string, Minted[]>();
  for (const one of minted) {
    gather(groups, `${one.cause} ${one.placement.host.id}`, one);
  }
  return [...groups.values()];
}

function describe(group: readonly Minted[]): Finding {
  const [first] = group;
  const cause = first?.cause ?? 'url';
  const { what, why, advice } = TEXT[cause];
  const mounts = [...new Set(group.map(({ placement }) => placement.mount.id))];
  return {
    id: 'mintable-group',
    severity: 'warning',
    ...(first === undefined ? {} : { position: first.position }),
    related: group.slice(1, 5).map(({ position, placement }) => ({
      position,
      message: `"${placement.mount.id}" as well`,
    })),
    message: `Requests for ${listNames(mounts)} ${what}`,
    why,
    advice,
    subject: `${cause} ${first?.placement.host.id}`,
  };
}
